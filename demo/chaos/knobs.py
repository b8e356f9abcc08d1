"""The pretend WeChat's own trouble: what it does wrong while a run lasts."""

from typing import Final

from demo.story.frame import Story

KNOBS: Final[tuple[dict[str, object], ...]] = (
    {"on": "push:*", "action": "duplicate", "n": 1, "spacing": 0.3, "probability": 0.2},
    {"on": "push:*", "action": "drop_after", "probability": 0.1},
    {"on": "push:*", "action": "delay", "seconds": 1.5, "probability": 0.15},
    {"on": "notice:*", "action": "duplicate", "n": 2, "spacing": 0.2, "probability": 0.3},
    {"on": "notice:*", "action": "bad_signature", "probability": 0.1},
    {"on": "notice:*", "action": "signtest", "probability": 0.05},
    {"on": "notice:*", "action": "delay", "seconds": 2.0, "probability": 0.2},
    {"on": "/cgi-bin/message/template/send", "action": "event_first", "probability": 0.3},
    {"on": "/cgi-bin/message/template/send", "action": "drop_after", "probability": 0.1},
    {"on": "/cgi-bin/*", "action": "html", "probability": 0.02},
    {"on": "/cgi-bin/*", "action": "fail_before", "errcode": -1, "probability": 0.03},
    {"on": "/cgi-bin/*", "action": "delay", "seconds": 30.0, "probability": 0.01},
    {"on": "/v3/pay/*", "action": "fail_before", "status": 500, "code": "SYSTEM_ERROR",
     "probability": 0.1},
    {"on": "/v3/refund/*", "action": "drop_after", "probability": 0.1},
    {"on": "/v3/*", "action": "cut_body", "probability": 0.03},
    {"on": "/v3/*", "action": "delay", "seconds": 30.0, "probability": 0.01},
    {"on": "/v3/*", "action": "bad_signature", "probability": 0.03},
    {"on": "/billing/*", "action": "drop_after", "probability": 0.1},
)  # fmt: skip
# Repeats fit a minute: notices after 3, 3, 6, 36 s, and pushes every 3 s for five minutes. WeChat itself gives a push up
# after three tries; here all of them have to come, also where a door that was killed twice takes a minute to be back.
IN_TROUBLE: Final = {"time_scale": 0.2, "push_pause": 15.0, "push_tries": 100}
IN_PEACE: Final = {"time_scale": 1.0, "push_pause": 1.0, "push_tries": 4}


def stir(story: Story) -> None:
    """Turn the pretend WeChat's knobs."""
    story.pretend.put("settings", **IN_TROUBLE)
    story.pretend.put("accounts", story.appid, markfail_after=0)
    for knob in KNOBS:
        story.pretend.post("chaos", times=-1, **knob)


def calm(story: Story) -> None:
    """The pretend WeChat repeats at its own pace again."""
    story.pretend.put("settings", **IN_PEACE)
