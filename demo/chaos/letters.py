"""What a campaign did inside the trouble, compared: its rows with who truly got something."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from demo.chaos.marketing import SILENT, UNWILLING, WILLING, Marketing, delivered, facts
from demo.story.frame import Story, eventually, expect
from demo.story.kept import openids
from demo.story.proving import desk

ROWS: Final = (
    "SELECT identity.openid, campaign_recipient.status, campaign_recipient.reason,"
    " campaign_recipient.error, message.status AS message FROM campaign_recipient"
    " JOIN campaign ON campaign.id = campaign_recipient.campaign_id"
    " JOIN identity ON identity.id = campaign_recipient.identity_id"
    " LEFT JOIN message ON message.id = campaign_recipient.message_id"
    " WHERE campaign.number = :number"
)
STATE: Final = (
    "SELECT status, ended_at, submitted_by, approved_by FROM campaign WHERE number = :number"
)
STEPS: Final = (
    "SELECT campaign_event.kind, campaign_event.staff_id FROM campaign_event"
    " JOIN campaign ON campaign.id = campaign_event.campaign_id WHERE campaign.number = :number"
    " ORDER BY campaign_event.id"
)
COUNTED_SECONDS: Final = 60.0
_FIGURE = re.compile(r'class="figure"[^>]*><span>([^<]+)</span><b>([\d,]+)</b>')
_COUNT = re.compile(r"共 (\d+) 条")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Letters:
    """The facts of one campaign, each a comparison by itself."""

    marketing: Marketing

    def nobody_was_written_to_twice(self, story: Story) -> str:
        """18: each got the campaign once at most, and whoever is marked as written to got it."""
        received = Counter(delivered(story))
        expect("people written to twice", [who for who, n in received.items() if n > 1], [])
        rows = self._rows(story)
        marked = {who for who, row in rows.items() if row["status"] == "sent"}
        expect("marked as sent, never received", marked - received.keys(), set())
        expect("received, not of the audience", received.keys() - rows.keys(), set())
        return f"{len(received)} people, once each; {self.marketing.letters} in the trouble"

    def whoever_got_nothing_is_listed(self, story: Story) -> str:
        """19: of everybody it is said whether he got it, that nobody knows, or why he did not."""
        received, rows = set(delivered(story)), self._rows(story)
        missed = {who: _why(row) for who, row in rows.items() if who not in received}
        expect("missed without a word", [who for who, why in missed.items() if not why], [])
        claimed = {rows[who]["status"] for who in received}
        expect("how those stand who got it", claimed <= {"sent", "unknown"}, True)
        for group, reason in self._excluded(story):
            expect(f"all who are {reason}", {missed.get(who) for who in group}, {reason})
        willing = self._named(story, SILENT, WILLING)
        expect("who said yes, in the audience", willing <= rows.keys(), True)
        return ", ".join(f"{why} {n}" for why, n in Counter(missed.values()).most_common())

    def the_campaign_ended_by_itself(self, story: Story) -> str:
        """20: agreed to by a second person, over with nobody's help, and nothing went after that."""
        (state,) = story.rows(STATE, number=self.marketing.number)
        expect("the campaign", (state["status"], state["ended_at"] is None), ("done", False))
        expect("agreed to by its writer", state["approved_by"] == state["submitted_by"], False)
        steps = [
            (row["kind"], row["staff_id"])
            for row in story.rows(STEPS, number=self.marketing.number)
        ]
        expect("how it ended", steps[-1], ("done", None))
        expect("went after its end", len(delivered(story)) - self.marketing.at_end, 0)
        late = left_after(facts(story), _seconds(state["ended_at"]), self.marketing.peace_at)
        expect("went after its end by the clock", late, [])
        open_ = [who for who, row in self._rows(story).items() if row["status"] in _OPEN]
        expect("people who still wait", open_, [])
        kinds = Counter(kind for kind, _ in steps)
        return f"{self.marketing.deaths} deaths of its sender, paused {kinds['paused']} times"

    def its_report_says_what_its_rows_say(self, story: Story) -> str:
        """The figures of the console's pages are those of the rows."""
        rows = [*self._rows(story).values()]
        stands = Counter(row["status"] for row in rows)
        told = Counter(row["message"] for row in rows)
        written = stands["sent"] + stands["unknown"]
        expected = {"名单": len(rows), "已发送": written, "已送达": told["delivered"]}
        expected |= {"不发送": stands["left_out"], "对照组": stands["control"]}
        expected |= {"结果未知": stands["unknown"], "微信拒绝": stands["failed"]}

        def shown() -> dict[str, int | None]:
            figures = self._figures(story, "/report") | self._figures(story, "")
            return {name: figures.get(name) for name in expected}

        eventually("figures, once a job has counted them", shown, expected, COUNTED_SECONDS)
        for status, count in stands.items():
            page = self._page(story, f"/people?status={status}")
            expect(f"people listed as {status}", int(_COUNT.findall(page)[0]), count)
        return ", ".join(f"{status} {count}" for status, count in stands.most_common())

    def _rows(self, story: Story) -> dict[str, Row]:
        rows = story.rows(ROWS, number=self.marketing.number)
        found = {row["openid"]: row for row in rows}
        expect("people once in the audience", len(found), len(rows))
        return found

    def _excluded(self, story: Story) -> list[tuple[set[str], str]]:
        return [
            (self._named(story, 0, SILENT), "no_consent"),
            (self._named(story, SILENT + WILLING, UNWILLING), "opted_out"),
        ]

    def _named(self, story: Story, first: int, count: int) -> set[str]:
        people = openids(story)
        return {people[f"Q{number}"] for number in range(first, first + count)}

    def _figures(self, story: Story, page: str) -> dict[str, int]:
        found = _FIGURE.findall(self._page(story, page))
        return {name: int(count.replace(",", "")) for name, count in found}

    def _page(self, story: Story, page: str) -> str:
        return desk(story, "marketer").get(f"/console/campaigns/{self.marketing.number}{page}").text


_OPEN: Final = ("waiting", "sending")
CLOCKS_DIFFER: Final = 1.0


def left_after(facts: Sequence[Row], ended_at: float, peace_at: float) -> list[str]:
    """Who got a letter after the end; of an end inside the trouble, where the clock leaps, none is told."""
    if ended_at < peace_at:
        return []
    return [fact["openid"] for fact in facts if fact["at"] > ended_at + CLOCKS_DIFFER]


def _seconds(instant: Any) -> float:
    """An instant as either database keeps it, since 1970."""
    return instant / 1_000_000 if isinstance(instant, int) else float(instant.timestamp())


def _why(row: Row) -> str:
    """Why somebody got nothing, by his row; empty where it does not say."""
    if row["status"] in {"unknown", "control"}:
        return str(row["status"])
    return str(row["reason" if row["status"] == "left_out" else "error"] or "")
