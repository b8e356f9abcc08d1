"""The receipt proves one attribution: complete, readable, re-decidable, chained."""

import json
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from referral.policy import Policy
from referral.receipt import GENESIS, bare, explain, receipt_digest
from referral.replay import is_consistent, replay, spoken
from referral.rules import decide
from referral.sentences import LEARNT, REASONS, ROLES, VERDICTS, Names
from referral.values import (
    Certainty,
    Heir,
    Hop,
    OrderFacts,
    Reason,
    Role,
    Touch,
    TouchKind,
    VerdictReason,
)
from tests.referral.cast import (
    ALICE,
    CAROL,
    DAVE,
    ERIN,
    HOME,
    NORTH,
    POLICY,
    SOUTH,
    TOWN,
    at,
    follows,
    is_pushed,
    opens,
    order,
    touch,
)

NAMES = Names(
    reps={ALICE: "李爱丽", DAVE: "戴维", ERIN: "艾琳", CAROL: "卡罗"},
    outlets={NORTH: "北门营业厅", SOUTH: "南街营业厅", TOWN: "镇上营业厅", HOME: "城区营业厅"},
)
FORWARDED = (
    Hop(share_id=1, rep_id=ALICE, place="moments"),
    Hop(share_id=2, rep_id=None, place="chat"),
)
STORY = [
    opens(1, DAVE, at(-20), certainty=Certainty.LEGACY),
    follows(2, ALICE, at(1), path=FORWARDED, share_id=2, known_at=at(1, minutes=40)),
    touch(3, DAVE, TouchKind.SCAN, at(3)),
    opens(4, None, at(4), outlet_id=TOWN),
    is_pushed(5, ERIN, at(9)),
    opens(6, ERIN, at(10), certainty=Certainty.INFERRED),
    touch(7, DAVE, TouchKind.SCAN, at(30)),
]


def receipt(
    *touches: Touch, facts: OrderFacts | None = None, names: Names = NAMES
) -> dict[str, Any]:
    facts = facts or order(at(20))
    return explain(decide(touches, facts, POLICY), touches, facts, POLICY, names)


def test_every_touch_is_there_with_its_verdict_in_order() -> None:
    body = receipt(*reversed(STORY))
    assert [(each["id"], each["verdict"]["reason"]) for each in body["touches"]] == [
        (1, "outside_window"),
        (2, "won"),
        (3, "inside_colleagues_protection"),
        (4, "no_employee_on_path"),
        (5, "push_to_a_colleagues_customer"),
        (6, "inferred"),
        (7, "after_order"),
    ]


def test_the_sentences_can_be_read_by_a_rep() -> None:
    body = receipt(*STORY)
    assert body["result"]["sentence"] == (
        "下单前最后一次有效接触来自该销售人员的分享。发展人李爱丽（北门营业厅）100%。"
    )
    winner, seen = body["touches"][1], body["touches"][2]
    assert winner["path_sentence"] == "李爱丽 → 客户转发"
    assert winner["learnt"] == "微信平台推送，签名已验证，事后2400秒得知"
    assert winner["verdict"]["sentence"] == "是30天有效期内最后一次有效接触，本单归李爱丽。"
    assert seen["verdict"]["sentence"] == (
        "当时客户在李爱丽的保护期内（至2026年3月9日22:00:00），只作记录，以后也不会因此获得归属。"
    )


def test_the_receipt_says_what_would_be_without_each_touch() -> None:
    without = {each["touch_id"]: each for each in receipt(*STORY)["without"]}
    assert [number for number, each in without.items() if each["changes"]] == [2]
    assert without[2]["portions"][0]["rep_id"] == DAVE
    assert without[2]["sentence"].startswith("没有这次接触，结果会不同：下单前最后一次")
    assert without[3]["sentence"] == "没有这次接触，结果不变。"


def test_the_receipt_names_rule_and_numbers() -> None:
    policy = Policy.from_mapping(
        {"version": 7, "overrides": [{"product_category": "plan", "window_days": 90}]}
    )
    facts = order(at(20), product_category="plan")
    body = explain(decide(STORY, facts, policy), STORY, facts, policy)
    assert body["policy"]["version"] == 7
    assert body["policy"]["terms"]["window_days"] == 90
    assert body["touches"][1]["root_rep"] == "销售人员1号"
    assert is_consistent(body)


FACTS = [
    order(at(20)),
    order(at(20), acceptor_rep_id=CAROL, own_rep_ids=frozenset({CAROL})),
    order(at(7), acceptor_rep_id=CAROL),
    order(at(20), heirs={ALICE: Heir(rep_id=DAVE), DAVE: Heir(rep_id=ERIN), 55: Heir(rep_id=1)}),
    order(at(7), heirs={ALICE: Heir(outlet_id=NORTH)}),
    order(at(20), acceptor_rep_id=ERIN, pickup_outlet_id=TOWN),
    order(at(20), hold_at=at(4), own_rep_ids=frozenset({ALICE})),
    order(at(90)),
]


@pytest.mark.parametrize("facts", FACTS)
def test_a_receipt_can_be_decided_again_from_itself(facts: OrderFacts) -> None:
    body = receipt(*STORY, facts=facts)
    assert is_consistent(json.loads(json.dumps(body)))


def test_a_receipt_that_was_touched_up_gives_itself_away() -> None:
    body = receipt(*STORY)
    forged = deepcopy(body)
    forged["result"]["developer_rep_id"] = DAVE
    assert not is_consistent(forged)
    forged = deepcopy(body)
    forged["touches"][1]["event_at"] = "2026-01-01T00:00:00Z"
    assert not is_consistent(forged)
    assert body["order"]["is_renewal"] is False
    forged = deepcopy(body)
    forged["order"] |= {"is_renewal": True, "account_manager_rep_id": DAVE}
    assert not is_consistent(forged)


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("with_pushes", [True, False])
def test_the_short_cut_for_touches_without_effect_is_right(
    facts: OrderFacts, with_pushes: bool
) -> None:
    touches = [each for each in STORY if with_pushes or not each.is_push]
    full = decide(touches, facts, POLICY)
    for said in receipt(*touches, facts=facts)["without"]:
        rest = [each for each in touches if each.id != said["touch_id"]]
        other = decide(rest, facts, POLICY)
        assert said["reason"] == other.reason.value
        assert [part["rep_id"] for part in said["portions"]] == [p.rep_id for p in other.portions]
        assert said["changes"] == ((other.portions, other.reason) != (full.portions, full.reason))


def test_without_an_event_means_without_any_record_of_it() -> None:
    first = follows(1, ALICE, at(1))
    again = replace(first, id=2, kind=TouchKind.IMPORTED, known_at=at(3))
    without = {each["touch_id"]: each["changes"] for each in receipt(first, again)["without"]}
    assert without == {1: True, 2: False}


def test_a_customer_who_follows_five_hundred_times_costs_fifty_decisions() -> None:
    farmed = [follows(i, ALICE, at(1, minutes=i)) for i in range(500)]
    seen = [opens(i, DAVE, at(2, minutes=i)) for i in range(500, 520)]
    body = receipt(*farmed, *seen)
    assert len(body["touches"]) == 520
    assert [each["touch_id"] for each in body["without"]] == list(range(450, 520))
    assert body["without_left_out"] == 450


def test_an_heir_and_an_outlet_code_are_explained() -> None:
    facts = order(at(20), heirs={ALICE: Heir(rep_id=DAVE)})
    verdict = receipt(opens(1, ALICE, at(1)), facts=facts)["touches"][0]["verdict"]
    assert verdict["sentence"].endswith("本单归李爱丽。李爱丽已离职，由戴维承接。")
    body = receipt(opens(1, None, at(1), outlet_id=TOWN))
    assert "镇上营业厅的码" in body["touches"][0]["verdict"]["sentence"]
    assert body["result"]["sentence"] == (
        "没有销售人员，归所扫码的网点，不计个人酬金。发展人部分100%计入镇上营业厅。"
    )


def test_a_decision_is_only_explained_by_its_own_touches() -> None:
    decision = decide(STORY, order(at(20)), POLICY)
    with pytest.raises(ValueError, match="does not follow"):
        explain(decision, STORY[:2], order(at(20)), POLICY)


def test_every_code_has_a_sentence() -> None:
    assert set(VERDICTS) == set(VerdictReason)
    assert set(REASONS) == set(Reason)
    assert set(LEARNT) == set(Certainty)
    assert set(ROLES) == set(Role)


def test_receipts_are_chained() -> None:
    bodies = [receipt(*STORY[:n]) for n in (1, 2, 3)]
    chain = [GENESIS]
    for body in bodies:
        chain.append(receipt_digest(body, chain[-1]))
    assert len({*chain}) == 4
    assert receipt_digest(bodies[1], chain[1]) == chain[2]
    assert receipt_digest(bodies[1], chain[0]) != chain[2]
    assert receipt_digest(json.loads(json.dumps(bodies[2])), chain[2]) == chain[3]


def test_any_change_to_a_receipt_changes_its_digest() -> None:
    body = receipt(*STORY)
    forged = deepcopy(body)
    forged["touches"][2]["verdict"]["is_won"] = True
    assert receipt_digest(forged, GENESIS) != receipt_digest(body, GENESIS)


def test_the_digest_is_over_canonical_json() -> None:
    text = '{"a":"爱丽丝","b":[1,null,true]}'
    expected = sha256(GENESIS + text.encode()).digest()
    assert receipt_digest({"b": [1, None, True], "a": "爱丽丝"}, GENESIS) == expected


def test_the_words_of_a_receipt_may_be_left_out() -> None:
    spoken = receipt(*STORY)
    silent = bare(spoken)
    assert is_consistent(silent)
    assert silent == bare(receipt(*STORY, names=Names()))
    assert "爱丽" not in json.dumps(silent, ensure_ascii=False)
    assert silent["touches"][1]["verdict"]["reason"] == "won"


def test_a_silent_receipt_can_be_made_to_speak() -> None:
    body = receipt(*STORY)
    assert spoken(bare(body), NAMES) == body
    forged = deepcopy(bare(body))
    forged["result"]["outlet_id"] = SOUTH
    with pytest.raises(ValueError, match="contradicts"):
        spoken(forged, NAMES)


def test_a_receipt_gives_back_the_decision_it_proves() -> None:
    facts = order(at(7), acceptor_rep_id=CAROL)
    decision = decide(STORY, facts, POLICY)
    assert replay(receipt(*STORY, facts=facts)).decision == decision


def test_a_digest_has_thirty_two_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        receipt_digest({}, b"")
