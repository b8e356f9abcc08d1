"""Planted bugs of the stop buttons: what is held goes out all the same, or never again."""

from tools.planted.bug import Bug

PLACES = "tests/payouts/test_places.py"
CALLS, BATCHES = "flows/payout/calls.py", "flows/payout/batches.py"
WAIT_AND_GO = f"{PLACES}::test_transfers_of_a_stopped_place_wait_and_go_once"
WHOLE = f"{PLACES}::test_a_batch_of_the_place_alone_waits_whole"
FILE = f"{PLACES}::test_a_pay_file_leaves_them_out_and_the_next_one_has_them"
DOWNLOAD = f"{PLACES}::test_a_pay_file_nobody_has_downloaded_waits"

BUGS = (
    Bug(
        name="stops: a transfer is asked for although its place is stopped",
        path=CALLS,
        right="    if waits(receiver_by_id(payout.receiver_id)):\n        return\n",
        wrong="",
        caught_by=(WAIT_AND_GO,),
    ),
    Bug(
        name="stops: a batch is released although its place is stopped",
        path=BATCHES,
        right="    if is_place_held(batch.node_id):\n        return\n",
        wrong="",
        caught_by=(WHOLE,),
    ),
    Bug(
        name="stops: a lifted place stays forgotten until the chase",
        path="flows/payout/places.py",
        right="    defer(go_on, node_id=node_id)\n",
        wrong="",
        caught_by=(WHOLE,),
    ),
    Bug(
        name="stops: finance's file has those whose place is stopped",
        path="flows/payout/receivers.py",
        right="    if rail is Rail.FILE and is_held(receiver):\n        return STOPPED\n",
        wrong="",
        caught_by=(FILE,),
    ),
    Bug(
        name="stops: a province's stop does not reach its cities",
        path="flows/payout/receivers.py",
        right="isdisjoint(ancestors(node_id).values())",
        wrong="isdisjoint({node_id})",
        caught_by=(WAIT_AND_GO, FILE),
    ),
    Bug(
        name="stops: a released pay file is handed out although its place is stopped",
        path="flows/payout/places.py",
        right="    held = [node_id for node_id in stopped_places() if _is_paid_there(batch_id, node_id)]\n",
        wrong="    held: list[int] = []\n",
        caught_by=(DOWNLOAD,),
    ),
    Bug(
        name="stops: a pay file finance has is refused for ever",
        path="flows/payout/places.py",
        right="    if was_downloaded(batch_id):\n        return []\n",
        wrong="",
        caught_by=(DOWNLOAD,),
    ),
)
