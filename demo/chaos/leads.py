"""What brings people, and what they buy: reps with posters in two cities, goods with product numbers."""

import os
import re
import subprocess
import sys
import tempfile
from typing import Final

from demo.chaos.crowd import Lead, Offer
from demo.processes import ROOT, environment
from demo.story import mall
from demo.story.arriving import become_rep, invitations, posted, welcomed
from demo.story.browser import first
from demo.story.frame import Contradiction, Story
from demo.story.proving import KEY, desk

PLAN: Final = ("plan", "畅享 99")
BUNDLE: Final = ("bundle", "青鸟 S2 + 畅享 59")
WARES: Final = (
    *(PLAN, BUNDLE, ("accessory", "数据线"), ("accessory", "钢化膜"), ("phone", "青鸟 S")),
)
UNITS: Final = 100_000
NUMBERS: Final = {"CT01": range(14010000000, 14010005000), "CT02": range(14020000000, 14020005000)}
SHELVED: Final = (
    "SELECT sku.number FROM sku JOIN product ON product.id = sku.product_id"
    " WHERE product.name IN ('青鸟 S', '青鸟 S2', '数据线', '钢化膜') ORDER BY sku.number"
)
FAR_REP: Final = (
    "SELECT rep.number FROM rep JOIN org_path ON org_path.descendant_id = rep.outlet_id"
    " JOIN org_node ON org_node.id = org_path.ancestor_id"
    " WHERE org_node.code = 'CT02' ORDER BY rep.id LIMIT 1"
)
_CODE = re.compile(r'class="code[^"]*">([^<]+)<')


def leads(story: Story) -> list[Lead]:
    """Two reps with posters, in two cities; whoever has none yet gets one."""
    found = []
    numbers = (invitations(story)[1][2], str(story.value(FAR_REP)))
    for rep, scanner, number in zip(("Grace", "Ivan"), ("Heidi", "Judy"), numbers, strict=True):
        name = str(story.value("SELECT name FROM rep WHERE number = :number", number=number))
        for person, real_name in ((rep, name), (scanner, "")):
            story.meet(person, "13700000000", real_name)  # from 2,000 yuan on the name is compared
        become_rep(story, rep, number, _code(story, number))
        welcome = welcomed(story, scanner, posted(story, rep))
        found.append(_lead(story, rep, number, welcome))
    return found


def _code(story: Story, number: str) -> str:
    """A new invitation code from the console: after a month the seeded ones have run out."""
    page = desk(story, "province").submit(f"/console/reps/{number}/invite")
    return first(_CODE, page.text)


def _lead(story: Story, person: str, number: str, link: str) -> Lead:
    row = story.rows(
        "SELECT rep.id, code.ticket FROM rep JOIN share ON share.rep_id = rep.id"
        " JOIN code_target ON code_target.share_id = share.id"
        " JOIN code ON code.id = code_target.code_id WHERE rep.number = :number",
        number=number,
    )[0]
    return Lead(person, number, row["id"], row["ticket"], link)


def stock_up(story: Story) -> None:
    """More in the central store of all that is bought than any run sells."""
    keeper = desk(story, "province")
    for row in story.rows(SHELVED):
        path = f"/console/stock/{row['number']}/_central"
        key = first(KEY, keeper.get(path).text)
        keeper.submit(f"{path}/received", key=key, quantity=str(UNITS))
    for city, numbers in NUMBERS.items():
        _bring_in(story, city, numbers)


def _bring_in(story: Story, city: str, numbers: range) -> None:
    """Phone numbers by the operator's command: ten minutes sell more than the demo has."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write("\n".join(["号码", *map(str, numbers)]))
        file.flush()
        command = (sys.executable, "-m", "wx_backend.cli", "import-numbers", file.name)
        done = subprocess.run(
            (*command, "--node", city),
            cwd=ROOT,
            env={**os.environ, **environment(story.stack.places)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Contradiction(f"numbers for {city}: {done.stderr}")


def offers(story: Story) -> list[Offer]:
    """What is bought, with its product number."""
    browser = story.browser("Judy")
    shelves = {shelf: mall.products(browser, "/", shelf) for shelf, _ in WARES}
    return [
        Offer(
            name,
            shelves[shelf][name],
            has_user=(shelf, name) in (PLAN, BUNDLE),
            has_number=(shelf, name) == BUNDLE,
        )
        for shelf, name in WARES
    ]
