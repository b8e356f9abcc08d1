import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from referral.poster import content_key, template_from_folder, template_named
from tests.referral.poster.samples import PLAIN_TOML, alice, photo, template_folder


@pytest.mark.parametrize(
    "changes",
    [
        {"link": "https://shop.example.com/s/other"},
        {"name": "鲍勃"},
        {"title": "店长"},
        {"outlet": "人民路营业厅"},
        {"product": "手机"},
        {"slogan": "换机立减"},
        {"price_fen": 19_800},
        {"expires_on": date(2027, 1, 1)},
        {"expires_on": None},
        {"avatar": photo()},
        {"picture": photo()},
    ],
)
def test_whatever_one_sees_changes_the_key(changes: dict[str, object]) -> None:
    template = template_named("product")
    assert content_key(template, alice()) == content_key(template, alice())
    assert content_key(template, alice(**changes)) != content_key(template, alice())


def test_a_new_price_leaves_posters_without_a_price_alone() -> None:
    template = template_named("personal")
    assert content_key(template, alice(price_fen=1)) == content_key(template, alice())


def test_every_template_has_keys_of_its_own() -> None:
    personal, product = template_named("personal"), template_named("product")
    assert content_key(personal, alice()) != content_key(product, alice())


def test_a_changed_template_or_background_renews_its_posters(tmp_path: Path) -> None:
    before = content_key(template_from_folder(template_folder(tmp_path / "t")), alice())
    moved = PLAIN_TOML.replace("[20, 20, 360, 60]", "[20, 30, 360, 60]")
    after = content_key(template_from_folder(template_folder(tmp_path / "t", moved)), alice())
    template_folder(tmp_path / "t")
    (tmp_path / "t" / "background.png").write_bytes(photo("PNG", (400, 600)))
    repainted = content_key(template_from_folder(tmp_path / "t"), alice())

    assert len({before, after, repainted}) == 3


def test_a_template_without_words_ignores_the_name(tmp_path: Path) -> None:
    wordless = PLAIN_TOML.split("[[text]]", maxsplit=1)[0]
    template = template_from_folder(template_folder(tmp_path / "wordless", wordless))
    assert content_key(template, alice(name="鲍勃")) == content_key(template, alice())


def test_a_name_no_encoding_takes_has_a_key_too() -> None:
    assert len(content_key(template_named("personal"), alice(name="\ud800"))) == 32


def test_a_page_that_asks_for_a_poster_loads_no_picture_library() -> None:
    program = (
        "import sys, referral.poster as p;"
        "p.content_key(p.template_named('personal'), p.PosterValues(link='https://a.cn/'));"
        "sys.exit(any(name in sys.modules for name in ('PIL', 'zxingcpp', 'sqlalchemy', 'flask')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
