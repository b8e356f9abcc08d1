"""What goes wrong, and when: the same for the same seed."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from demo.story.frame import Story
from demo.valkey import valkey

VICTIMS = ("web", "worker-work", "worker-call", "worker-bulk", "clock")
EVERY_SECONDS = (3.0, 5.5)
FIRST_SECONDS = 2.0
# Valkey is gone for a sixth of the time, from two fifths on.
BELL_LOST_AT, BELL_LOST_FOR = 0.4, 1 / 6
HEALTHY_SECONDS = 120.0
KNOBS: tuple[dict[str, object], ...] = (
    {"on": "push:*", "action": "duplicate", "n": 1, "spacing": 0.3, "probability": 0.2},
    {"on": "push:*", "action": "drop_after", "probability": 0.1},
    {"on": "push:*", "action": "delay", "seconds": 1.5, "probability": 0.15},
    {"on": "notice:*", "action": "duplicate", "n": 2, "spacing": 0.2, "probability": 0.3},
    {"on": "notice:*", "action": "bad_signature", "probability": 0.1},
    {"on": "notice:*", "action": "delay", "seconds": 2.0, "probability": 0.2},
    {"on": "/cgi-bin/message/template/send", "action": "event_first", "probability": 0.3},
    {"on": "/cgi-bin/message/template/send", "action": "drop_after", "probability": 0.1},
    {"on": "/v3/pay/*", "action": "fail_before", "status": 500, "code": "SYSTEM_ERROR",
     "probability": 0.1},
)  # fmt: skip
# Repeats fit a minute: pushes every 3 s for a minute, notices after 3, 3, 6, 36 s ...
IN_TROUBLE = {"time_scale": 0.2, "push_pause": 15.0, "push_tries": 20}
IN_PEACE = {"time_scale": 1.0, "push_pause": 1.0, "push_tries": 4}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that goes wrong, or right again, so many seconds after the start."""

    at: float
    what: str
    name: str


def schedule(seed: int, seconds: float) -> list[Event]:
    """Kills every few seconds, all programs in turn, and one loss of the bell."""
    lost_at = seconds * BELL_LOST_AT
    events = [
        Event(lost_at, "lose", "valkey"),
        Event(lost_at + seconds * BELL_LOST_FOR, "return", "valkey"),
        *_kills(Random(seed), seconds),  # noqa: S311 - a schedule that can be repeated
    ]
    return sorted(events, key=lambda event: event.at)


def stir(story: Story) -> None:
    """Turn the pretend WeChat's knobs."""
    story.pretend.put("settings", **IN_TROUBLE)
    story.pretend.put("accounts", story.appid, markfail_after=0)
    for knob in KNOBS:
        story.pretend.post("chaos", times=-1, **knob)


def kills(events: Iterable[Event]) -> Counter[str]:
    """How often each program is killed."""
    return Counter(event.name for event in events if event.what == "kill")


def restarts(story: Story) -> Counter[str]:
    """How often each program was started again so far."""
    supervisor = story.stack.supervisor
    return Counter({name: supervisor.restarts(name) for name in supervisor.names()})


def play(story: Story, events: list[Event], tell: Callable[[Event], None]) -> int:
    """Do what is scheduled, at its time; how many processes were killed."""
    started, killed = time.monotonic(), 0
    for event in events:
        time.sleep(max(0.0, started + event.at - time.monotonic()))
        tell(event)
        killed += _happen(story, event)
    return killed


def heal(story: Story) -> None:
    """No more trouble: the knobs are turned back, every process is well."""
    story.pretend.delete("chaos")
    for name in story.stack.supervisor.names():
        story.stack.supervisor.wait_healthy(name, HEALTHY_SECONDS)


def calm(story: Story) -> None:
    """The pretend WeChat repeats at its own pace again."""
    story.pretend.put("settings", **IN_PEACE)


def _kills(random: Random, seconds: float) -> Iterator[Event]:
    at, turn = FIRST_SECONDS, list(VICTIMS)
    random.shuffle(turn)
    while at < seconds:
        yield Event(at, "kill", turn[0])
        turn = [*turn[1:], turn[0]]
        at += random.uniform(*EVERY_SECONDS)


def _happen(story: Story, event: Event) -> int:
    supervisor = story.stack.supervisor
    if event.what == "lose":
        supervisor.stop(event.name)
    elif event.what == "return":
        supervisor.start(valkey(story.stack.places))
    else:
        supervisor.kill(event.name)
        return 1
    return 0
