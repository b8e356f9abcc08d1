"""What a real account had is taken over before anything of it is changed."""

import pytest
from click.testing import CliRunner
from flask import Flask

from flows.menus.adopting import adopt_account
from flows.menus.publishing import begin_with, publish_soon
from flows.menus.reading import read_menus
from menus.converging import shown_menu
from menus.defaults import WELCOME_BY_REP
from menus.editions import start_draft
from menus.looks import AlreadyAdopted, NotAdopted
from menus.queries import adoption_of, own_rules, published_edition, reply_rules
from menus.rules import ReplyKind, Trigger
from menus.tree import Button
from menus.whole import AccountMenu
from tests.flows.menus.conftest import CITY, OLD_MENU, OLD_REPLIES
from tests.simulator.stage import Stage
from wx_backend import cli, clock
from wx_backend.config import Config
from wx_backend.db import transaction
from wx_backend.outbox import done_here
from wx_backend.platform import client


@pytest.mark.usefixtures("used")
def test_a_menu_made_by_hand_is_taken_over_and_stays_as_it_is() -> None:
    taken = done_here(adopt_account(appid=CITY))

    address, look = taken.menu.default
    assert (address.name, address.type) == ("地址", "click")
    assert [each.type for each in look.below] == ["view", "click", "video"]
    assert look.below[2].kept == {"type": "video", "name": "宣传片", "value": "http://v.example/1"}
    assert any("宣传片" in note and "视频" in note for note in taken.notes)
    by_key = {rule.match: rule for rule in taken.rules if rule.trigger is Trigger.CLICK}
    assert by_key[address.key].content == {"text": "天河路 1 号"}
    assert by_key[look.below[1].key].kind is ReplyKind.NEWS

    edition = published_edition(CITY)
    assert edition
    assert AccountMenu.from_json(edition.content) == taken.menu
    shown = client(CITY).current_menu()["selfmenu_info"]["button"]
    assert [(each["name"], each.get("type")) for each in shown] == [
        ("地址", "text"),
        ("看看", None),
    ]


@pytest.mark.usefixtures("used")
def test_replies_are_taken_over_with_their_switches() -> None:
    taken = done_here(adopt_account(appid=CITY))

    rules = {(row.trigger, row.match): row for row in own_rules(CITY)}
    welcome = rules["follow", ""]
    assert welcome.is_active
    assert welcome.content == {"text": "欢迎来到营业厅", "text_by_rep": WELCOME_BY_REP}
    assert ("default", "") not in rules
    assert rules["contains", "资费"].content == {"text": "资费请见网厅"}
    assert not rules["exact", "套餐"].is_active
    assert not any(rule.match == "资费" for rule in reply_rules(CITY))
    assert any("默认回复的图片" in note for note in taken.notes)
    assert any("“资费”原有2条回复" in note for note in taken.notes)
    kept = adoption_of(CITY)
    assert kept
    assert kept.told["replies"]["keyword_autoreply_info"] == OLD_REPLIES["keyword_autoreply_info"]
    assert len(kept.told["menu"]["selfmenu_info"]["button"]) == len(OLD_MENU)


@pytest.mark.usefixtures("account")
def test_an_account_is_adopted_once_and_before_anything_is_published() -> None:
    now = clock.now()
    with transaction():
        start_draft(appid=CITY, menu=AccountMenu(), staff_id=None, now=now)
    with pytest.raises(NotAdopted), transaction():
        publish_soon(appid=CITY, revision=1, staff_id=None, now=now)
    taken = done_here(adopt_account(appid=CITY))
    with pytest.raises(AlreadyAdopted):
        done_here(adopt_account(appid=CITY))

    assert taken.menu == AccountMenu()
    assert published_edition(CITY) is None


@pytest.mark.usefixtures("account")
def test_menus_made_by_api_are_taken_over_with_their_tags() -> None:
    mini = {
        "type": "miniprogram",
        "name": "商城",
        "url": "https://x",
        "appid": "wx5ad0c1ee0a2b3f4e",
        "pagepath": "pages/index",
    }
    api = client(CITY)
    api.create_menu([mini])
    tag_id = api.create_tag("老员工")
    for rule in ({"tag_id": str(tag_id)}, {"client_platform_type": "1"}):
        api.add_personal_menu([{"type": "click", "name": "业绩", "key": "mine"}], rule)

    menu = done_here(adopt_account(appid=CITY)).menu
    assert menu.default[0].as_json() == mini
    assert [(each.tag, dict(each.rule)) for each in menu.personal] == [
        ("", {"client_platform_type": "1"}),
        ("老员工", {}),
    ]
    assert AccountMenu.from_json(menu.as_json()) == menu


@pytest.mark.usefixtures("account")
def test_a_fresh_account_gets_its_first_menu_at_once() -> None:
    shop = Button(name="商城", type="view", url="https://shop.example/")
    begin_with(appid=CITY, menu=AccountMenu((shop,)))

    assert shown_menu(done_here(read_menus(CITY))).default == (shop,)
    edition = published_edition(CITY)
    assert edition
    assert edition.number == 1


def test_the_command_says_what_it_took_over_and_what_it_could_not(
    app: Flask, used: Stage, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used
    monkeypatch.setattr(cli, "_config", lambda: config)
    monkeypatch.setattr("wx_backend.app.create_app", lambda _config: app)
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)
    first, second, wrong = (
        CliRunner().invoke(cli.main, ["adopt-account", name]) for name in ("city", "city", "x")
    )

    assert first.output.startswith("4 buttons, 5 reply rules\n! ")
    assert "宣传片" in first.output
    assert second.exit_code
    assert "已经接管过" in second.output
    assert wrong.exit_code
