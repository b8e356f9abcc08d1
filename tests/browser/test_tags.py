"""A marketer makes a tag, gives it to Bob and a menu of its own; Bob's phone shows it, Carol's does not."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.queries import identity_of
from org.models import OrgNode, Role
from tests.browser.office import faults_of, fits, hire_staff, open_page, sign_in
from tests.browser.test_phone import choose
from tests.flows.tags.tagging import follows
from tests.org.cast import plant
from tests.simulator.stage import Stage
from wx_backend.config import Config
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
RunJobs = Callable[[], None]
ADDRESS = {"type": "text", "name": "地址", "value": "天河路 1 号"}


@pytest.fixture
def openids(served: str, wechat: Stage, config: Config) -> dict[str, str]:
    """Bob and Carol follow an account that has a menu; mina is a marketer of its province."""
    assert served
    tree = plant()
    with transaction():
        db.session.get_one(OrgNode, tree.hall).code = "O1"
    hire_staff("mina", "米娜", Role.MARKETER, tree.south)
    appid = config.accounts[0].appid
    wechat.control("PUT", f"/accounts/{appid}/console", menu=[ADDRESS])
    return {who: follows(wechat, who) for who in ("Bob", "Carol")}


def test_a_tag_with_a_menu_of_its_own(
    served: str,
    openids: dict[str, str],
    desktop: Page,
    phone: Page,
    wechat: Stage,
    run_jobs: RunJobs,
    config: Config,
) -> None:
    run_jobs()  # the follows are worked off
    assert identity_of(config.accounts[0].appid, openids["Bob"])
    faults = faults_of(desktop)
    sign_in(desktop, served, "mina")
    open_page(desktop, "营销", "标签")
    desktop.get_by_role("link", name="城市营业厅").click()
    expect(desktop.get_by_text("还没有标签")).to_be_visible()
    desktop.get_by_label("名称").fill("老客户")
    desktop.get_by_role("button", name="建立标签").click()
    expect(desktop.get_by_text("还没有人有这个标签")).to_be_visible()
    desktop.get_by_label("名单", exact=True).fill(f"{openids['Bob']}\n13800138000")
    desktop.get_by_role("button", name="给这些人").click()
    expect(desktop.get_by_text("已给 1 人；没有这个手机号的会员 1 行")).to_be_visible()
    assert fits(desktop)

    open_page(desktop, "营销", "公众号菜单")
    desktop.get_by_role("link", name="城市营业厅").click()
    desktop.get_by_role("button", name="读取并接管").click()
    run_jobs()
    desktop.get_by_role("button", name="从已发布的菜单开始").click()
    desktop.get_by_label("标签", exact=True).fill("老客户")
    desktop.get_by_role("button", name="添加").click()
    desktop.get_by_role("link", name="老客户").click()
    step = desktop.locator("details.step").first
    step.locator("summary").click()
    step.get_by_label("名称").fill("会员日")
    step.get_by_role("button", name="保存").click()
    desktop.get_by_role("button", name="与微信核对并发布").click()
    run_jobs()
    desktop.get_by_role("button", name="发布到微信").click()
    run_jobs()
    expect(desktop.get_by_text("已发布第 2 版")).to_be_visible()
    open_page(desktop, "营销", "标签")
    desktop.get_by_role("link", name="城市营业厅").click()
    expect(desktop.get_by_text("已同步")).to_be_visible()
    desktop.get_by_role("link", name="老客户").click()
    expect(desktop.get_by_text("告知 1 人")).to_be_visible()
    assert fits(desktop)

    for who, shown in (("Bob", "会员日"), ("Carol", "地址")):
        choose(phone, wechat, who)
        phone.get_by_role("link", name="城市营业厅").click()
        expect(phone.get_by_role("button", name=shown)).to_be_visible()
    assert faults() == []


def test_a_page_that_looks_again_waits_for_who_is_in_the_middle_of_something(
    served: str, openids: dict[str, str], desktop: Page, run_jobs: RunJobs
) -> None:
    assert openids
    desktop.clock.install()
    sign_in(desktop, served, "mina")
    open_page(desktop, "营销", "标签")
    desktop.get_by_role("link", name="城市营业厅").click()
    desktop.get_by_label("名称").fill("买过手机")
    desktop.locator("[name=ordered]").select_option("paid")
    desktop.get_by_role("button", name="建立标签").click()
    expect(desktop.get_by_text("正在核对全部粉丝")).to_be_visible()

    desktop.locator("summary", has_text="删除标签").click()
    desktop.clock.fast_forward(10_000)
    expect(desktop.get_by_role("button", name="确认删除")).to_be_visible()
    desktop.locator("summary", has_text="删除标签").click()
    desktop.locator("summary", has_text="修改名称和规则").click()
    desktop.get_by_label("名称").fill("还没写完")
    desktop.locator("summary", has_text="修改名称和规则").click()
    desktop.clock.fast_forward(10_000)
    expect(desktop.locator("[name=name]")).to_have_value("还没写完")

    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("正在核对全部粉丝")).to_have_count(0)


def test_a_moving_page_comes_to_its_end_by_itself(
    served: str, openids: dict[str, str], desktop: Page, run_jobs: RunJobs
) -> None:
    assert openids
    desktop.clock.install()
    sign_in(desktop, served, "mina")
    desktop.goto(f"{served}/console/tags/city")
    desktop.get_by_label("名称").fill("买过手机")
    desktop.locator("[name=ordered]").select_option("paid")
    desktop.get_by_role("button", name="建立标签").click()
    expect(desktop.get_by_text("正在核对全部粉丝")).to_be_visible()
    run_jobs()
    desktop.clock.fast_forward(4_000)
    expect(desktop.get_by_text("正在核对全部粉丝")).to_have_count(0)
    expect(desktop.get_by_text("上次核对")).to_be_visible()
