"""Chapter: people follow the account, pushes come twice, and processes die meanwhile."""

from demo.story.frame import Story, eventually, expect

OPEN_ROWS = "SELECT count(*) FROM push WHERE status <> 'done'"
FOLLOWS = "SELECT is_followed FROM identity WHERE appid = :appid AND openid = :openid"


def follow(story: Story) -> str:
    """Bob follows: he is welcomed within WeChat's five seconds, and known."""
    before = len(story.chat("Bob"))
    done = story.act("Bob", "follow")
    welcome = story.chat("Bob")[before:]
    expect("kinds of answer in Bob's chat", [line["kind"] for line in welcome], ["passive"])
    eventually("open pushes", lambda: story.value(OPEN_ROWS), 0)
    _expect_known(story, done["openid"])
    return f"Bob was welcomed after {done['seconds']:.2f} s"


def repeat(story: Story) -> str:
    """WeChat sends Carol's follow three times: it is stored once and answered alike."""
    stored = story.value("SELECT count(*) FROM push")
    story.pretend.post("chaos", on="push:subscribe", action="duplicate", n=2, spacing=0.2)
    openid = story.act("Carol", "follow")["openid"]
    story.pretend.post("settle", timeout=20)
    eventually("open pushes", lambda: story.value(OPEN_ROWS), 0)
    expect("pushes stored", story.value("SELECT count(*) FROM push"), stored + 1)
    _expect_known(story, openid)
    return "sent three times, stored once"


def lose_the_bell(story: Story) -> str:
    """Valkey is killed, then Alice follows: the work is done whether or not a bell was heard."""
    story.stack.supervisor.kill("valkey")
    openid = story.act("Alice", "follow")["openid"]
    eventually("open pushes", lambda: story.value(OPEN_ROWS), 0)
    _expect_known(story, openid)
    story.stack.supervisor.wait_healthy("valkey")
    return "done all the same"


def lose_the_web(story: Story) -> str:
    """The web server is killed, then Bob leaves: WeChat tries again until it is back."""
    # Starting again may take this machine longer than WeChat's patience: the pauses are stretched.
    story.pretend.put("settings", push_pause=15.0)
    story.stack.supervisor.kill("web")
    openid = story.act("Bob", "unfollow", wait=False)["openid"]
    story.stack.supervisor.wait_healthy("web", 60)
    eventually("Bob follows", lambda: _follows(story, openid), False, 90)
    story.pretend.put("settings", push_pause=1.0)
    return f"web was started again {story.stack.supervisor.restarts('web')} time(s)"


def compare(story: Story) -> str:
    """Every push that WeChat delivered is in the inbox exactly once, and nothing is left open."""
    sent = story.witness("push.sent")
    delivered = {fact["task"] for fact in sent if fact["status"] == 200}
    expect("pushes given up", {fact["task"] for fact in sent} - delivered, set())
    expect("open pushes", story.value(OPEN_ROWS), 0)
    expect("dead jobs", story.value("SELECT count(*) FROM job WHERE status = 'dead'"), 0)
    stored = story.value("SELECT count(*) FROM push")
    return f"{len(sent)} deliveries witnessed, {stored} pushes stored"


def _expect_known(story: Story, openid: str) -> None:
    expect("follows", _follows(story, openid), True)


def _follows(story: Story, openid: str) -> bool | None:
    """Whether the service knows the person as a follower; None for a stranger."""
    found = story.value(FOLLOWS, appid=story.appid, openid=openid)
    return None if found is None else bool(found)


CHAPTERS = {
    "follow": follow,
    "repeat": repeat,
    "lose bell": lose_the_bell,
    "lose web": lose_the_web,
    "compare": compare,
}
