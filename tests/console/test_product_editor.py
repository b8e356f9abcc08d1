"""Products made and edited at the console: nothing typed is lost, nothing is made twice."""

import re
from contextvars import Context
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from catalog.models import Category, Product, Sku
from catalog.plans import Plan
from catalog.showing import Showing
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_products import is_listed, tick_all
from tests.console.world import World
from wx_backend.db import db, transaction

KEY = "a" * 32
EDITOR = "/products/new"


@pytest.fixture
def typed(world: World) -> dict[str, str]:
    """A phone as a marketer types it."""
    return {
        "key": KEY,
        "kind": "goods",
        "category_id": str(world.wares.category_id),
        "name": "星河平板 Pro",
        "subtitle": "12 英寸",
        "description": "第一行\n第二行",
        "gifts": "钢化膜*1=29.00\n充电器",
        "promises": "七天无理由退换",
    }


@pytest.fixture
def product(desk_of: Desks, typed: dict[str, str]) -> str:
    """That phone's number, once it is made."""
    answer = desk_of("marketer").post(EDITOR, **typed)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def row_of(number: str) -> Product:
    db.session.rollback()
    return db.session.scalars(select(Product).where(Product.number == number)).one()


def skus_of(number: str) -> list[Sku]:
    product_id = row_of(number).id
    return list(db.session.scalars(select(Sku).where(Sku.product_id == product_id)))


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def picture(size: tuple[int, int] = (40, 30), colour: str = "red", kind: str = "PNG") -> BytesIO:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    out.seek(0)
    return out


def hung(number: str) -> list[str]:
    return [each.path for each in Showing.from_json(row_of(number).showing).album]


def test_a_product_is_made_unlisted_and_on_record(desk_of: Desks, product: str) -> None:
    row = row_of(product)
    assert (row.name, row.description, row.is_listed) == ("星河平板 Pro", "第一行\n第二行", False)
    showing = Showing.from_json(row.showing)
    assert [(g.name, g.quantity, g.worth_fen) for g in showing.gifts] == [
        ("钢化膜", 1, 2_900),
        ("充电器", 1, None),
    ]
    page = desk_of("marketer").get(f"/products/{product}").text
    assert "新建商品" in page
    assert "还没有规格" in page


def test_a_form_sent_twice_makes_one(desk_of: Desks, typed: dict[str, str], product: str) -> None:
    desk, before = desk_of("marketer"), count(Product)
    assert desk.post(EDITOR, **typed).headers["Location"].endswith(product)
    assert desk.post(EDITOR, **{**typed, "name": "别的"}).status_code == 409
    assert desk.post(EDITOR, **{**typed, "key": ""}).status_code == 400
    assert count(Product) == before


def test_what_is_refused_comes_back_as_typed(desk_of: Desks, typed: dict[str, str]) -> None:
    desk, before = desk_of("marketer"), count(Product)
    wrong = {**typed, "name": "", "gifts": "膜*x", "position": "-1", "category_id": "999"}
    answer = desk.post(EDITOR, **wrong)
    assert answer.status_code == 400
    for said in ("必填", "应为 名称*数量=价值", "应为 0 至 9999 的整数", "请选择分类"):
        assert said in answer.text
    for kept in ("12 英寸", "第一行\n第二行", "膜*x", "七天无理由退换", KEY):
        assert kept in answer.text
    assert desk.post(EDITOR, **{**typed, "kind": "boat"}).status_code == 400
    assert desk.post(EDITOR, **{**typed, "name": "长" * 81}).status_code == 400
    assert count(Product) == before


def test_a_plan_says_what_it_is(desk_of: Desks, typed: dict[str, str]) -> None:
    desk = desk_of("marketer")
    plan = {**typed, "kind": "plan", "key": "b" * 32, "takes_number": "1", "age_from": "60"}
    plan["gifts"] = ""
    answer = desk.post(EDITOR, **plan, age_to="16", monthly_fee_fen="59")
    assert answer.status_code == 400
    assert "不能小于最小年龄" in answer.text
    assert desk.post(EDITOR, **plan).status_code == 400
    terms = {
        "monthly_fee_fen": "59.00",
        "data_gb": "30",
        "regions": "滨江市\n云州市",
        "one_per_person": "1",
    }
    answer = desk.post(EDITOR, **plan, **terms)
    assert answer.status_code == 302, answer.text
    row = row_of(answer.headers["Location"].rpartition("/")[2])
    made = Plan.from_json(row.plan)
    assert (made.monthly_fee_fen, made.data_gb, made.eligibility.age_from) == (5_900, 30, 60)
    assert made.eligibility.regions == ("滨江市", "云州市")
    assert made.eligibility.one_per_person
    assert row.takes_number


def test_gifts_come_with_what_is_packed_alone(desk_of: Desks, typed: dict[str, str]) -> None:
    desk, before = desk_of("marketer"), count(Product)
    plan = {**typed, "kind": "plan", "key": "b" * 32, "monthly_fee_fen": "59.00"}
    answer = desk.post(EDITOR, **plan)
    assert answer.status_code == 400
    assert re.search(
        r"<textarea[^>]* name=\"gifts\".*?套餐没有实物可打包，不能附赠品", answer.text, re.DOTALL
    )
    assert "钢化膜*1=29.00\n充电器" in answer.text
    assert count(Product) == before
    made = desk.post(EDITOR, **{**plan, "gifts": ""}).headers["Location"].rpartition("/")[2]
    path = f"/products/{made}/edit"
    seen = seen_in(desk.get(path).text)
    assert desk.post(path, **plan, seen=seen).status_code == 400
    assert Showing.from_json(row_of(made).showing).gifts == ()
    for number, kind in enumerate(("sim", "bundle")):
        form = {**typed, "kind": kind, "key": str(number) * 32}
        assert desk.post(EDITOR, **form).status_code == 302, kind


def test_an_edit_over_a_colleagues_edit_is_refused_once(
    desk_of: Desks, typed: dict[str, str], product: str
) -> None:
    first, second, path = desk_of("marketer"), desk_of("manager"), f"/products/{product}/edit"
    seen = seen_in(first.get(path).text)
    assert second.post(path, **{**typed, "name": "经理的名字", "seen": seen}).status_code == 302
    answer = first.post(path, **{**typed, "name": "我的名字", "seen": seen})
    assert answer.status_code == 409
    assert "我的名字" in answer.text
    assert row_of(product).name == "经理的名字"
    again = first.post(path, **{**typed, "name": "我的名字", "seen": seen_in(answer.text)})
    assert again.status_code == 302
    assert row_of(product).name == "我的名字"


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def test_variants_get_prices_that_can_be(desk_of: Desks, product: str) -> None:
    desk, path = desk_of("marketer"), f"/products/{product}/skus/new"
    variant = {"name": "灰色", "options": "颜色=灰\n容量=256GB", "price": "1,999.00"}
    answer = desk.post(path, **variant, prepaid="3000", market_price="10")
    assert answer.status_code == 400
    assert "预存话费不能高于售价" in answer.text
    assert "市场价不能低于售价" in answer.text
    assert "颜色=灰" in answer.text
    assert desk.post(path, **{**variant, "price": "viel"}).status_code == 400
    assert desk.post(path, **{**variant, "options": "颜色"}).status_code == 400
    assert skus_of(product) == []
    assert desk.post(path, **variant, market_price="2199").status_code == 302
    assert desk.post(path, **variant).status_code == 409  # twice is once
    [sku] = skus_of(product)
    assert (sku.price_fen, sku.market_price_fen, sku.options) == (
        199_900,
        219_900,
        {"颜色": "灰", "容量": "256GB"},
    )


def test_a_variant_is_renamed_stopped_and_offered_again(desk_of: Desks, product: str) -> None:
    desk = desk_of("marketer")
    desk.post(f"/products/{product}/skus/new", name="灰色", price="1999")
    desk.post(f"/products/{product}/skus/new", name="黑色", price="1999")
    path = f"/products/{product}/skus/{skus_of(product)[0].number}"
    assert desk.post(f"{path}/edit", name="黑色").status_code == 409
    assert (
        desk.post(f"{path}/edit", name="银色", options="颜色=银", position="3").status_code == 302
    )
    assert skus_of(product)[0].name == "银色"
    assert skus_of(product)[0].price_fen == 199_900
    assert desk.post(f"{path}/stopped").status_code == 302
    assert not skus_of(product)[0].is_active
    assert desk.post(f"{path}/offered").status_code == 302
    assert skus_of(product)[0].is_active
    assert desk.post(f"/products/{product}/skus/SK0/stopped").status_code == 404


def test_a_refused_price_comes_back_as_typed(desk_of: Desks, world: World) -> None:
    with transaction():
        number = db.session.get_one(Product, 1).number
    path = f"/products/{number}/skus/{world.wares.phone}/price"
    answer = desk_of("manager").post(path, price="18.88", prepaid="20")
    assert answer.status_code == 400
    assert 'value="18.88"' in answer.text
    assert "黑色 256G" in answer.text


def test_a_bundle_is_made_of_what_is_sold(
    desk_of: Desks, world: World, typed: dict[str, str]
) -> None:
    desk = desk_of("marketer")
    answer = desk.post(EDITOR, **{**typed, "kind": "bundle", "key": "c" * 32})
    number = answer.headers["Location"].rpartition("/")[2]
    path = f"/products/{number}/skus/new"
    parts = {"part-1": world.wares.phone, "part-2": world.wares.plan}
    bundle = {"name": "套餐机", "price": "1999.00"}
    answer = desk.post(path, **bundle, **{"part-1": "SK0"})
    assert answer.status_code == 400
    assert "没有这个规格" in answer.text
    assert desk.post(path, **{**bundle, "price": "9999"}, **parts).status_code == 400
    assert desk.post(path, **bundle, **parts).status_code == 302
    assert skus_of(number)[0].price_fen == 199_900


def test_nothing_is_changed_while_somebody_decides(
    desk_of: Desks, typed: dict[str, str], product: str
) -> None:
    marketer, manager, path = desk_of("marketer"), desk_of("manager"), f"/products/{product}"
    marketer.post(f"{path}/skus/new", name="灰色", price="1999")
    tick_all(marketer, product)
    assert marketer.post(f"{path}/approval", on_sale_from="2026-11-20").status_code == 302
    seen = seen_in(marketer.get(f"{path}/edit").text)
    assert marketer.post(f"{path}/edit", **typed, seen=seen).status_code == 409
    assert marketer.post(f"{path}/skus/new", name="一元", price="1").status_code == 409
    assert marketer.upload(f"{path}/album", picture(), "a.png").status_code == 409
    first = f"{path}/skus/{skus_of(product)[0].number}"
    assert manager.post(f"{first}/price", price="1", prepaid="0").status_code == 409
    assert skus_of(product)[0].price_fen == 199_900
    assert manager.post(f"{path}/approval/approved", note="好").status_code == 302
    assert is_listed(product)
    assert marketer.post(f"{path}/skus/new", name="一元", price="1").status_code == 403
    assert manager.post(f"{path}/skus/new", name="银色", price="1999").status_code == 302
    assert len(skus_of(product)) == 2


def test_who_added_a_variant_does_not_let_it_go_on_sale(desk_of: Desks, product: str) -> None:
    marketer, manager, path = desk_of("marketer"), desk_of("manager"), f"/products/{product}"
    assert manager.post(f"{path}/skus/new", name="灰色", price="1").status_code == 302
    tick_all(marketer, product)
    assert marketer.post(f"{path}/approval", on_sale_from="2026-11-20").status_code == 302
    refused = manager.post(f"{path}/approval/approved", note="好")
    assert (refused.status_code, "不能审批自己定的价格" in refused.text) == (403, True)
    assert not is_listed(product)
    assert desk_of("south").post(f"{path}/approval/approved", note="好").status_code == 302
    assert is_listed(product)


def test_a_variant_added_on_the_shelves_is_offered_by_a_colleague(
    desk_of: Desks, product: str
) -> None:
    """Its first price is seen by a second person too; after that whoever may edit stops and offers it."""
    marketer, manager, path = desk_of("marketer"), desk_of("manager"), f"/products/{product}"
    marketer.post(f"{path}/skus/new", name="灰色", price="1999")
    tick_all(marketer, product)
    marketer.post(f"{path}/approval", on_sale_from="2026-11-20")
    assert manager.post(f"{path}/approval/approved", note="好").status_code == 302

    assert manager.post(f"{path}/skus/new", name="一元", price="1").status_code == 302
    assert "须由另一位同事" in manager.get(path).text
    number = next(sku.number for sku in skus_of(product) if sku.name == "一元")

    def is_offered() -> bool:
        return next(sku.is_active for sku in skus_of(product) if sku.number == number)

    assert not is_offered()
    offer = f"{path}/skus/{number}/offered"
    assert manager.post(offer).status_code == 403
    assert not is_offered()
    south = desk_of("south")
    south.post(f"{path}/skus/{number}/price", price="1.10", prepaid="0")
    assert south.post(offer).status_code == 403  # nobody else has seen what it costs now
    assert manager.post(offer).status_code == 302
    assert is_offered()
    manager.post(f"{path}/skus/new", name="两元", price="2")
    second = next(sku for sku in skus_of(product) if sku.name == "两元")
    assert desk_of("root").post(f"{path}/skus/{second.number}/offered").status_code == 302
    manager.post(f"{path}/skus/{number}/stopped")
    assert manager.post(offer).status_code == 302
    assert is_offered()


def test_pictures_are_drawn_anew_and_served_to_everybody(desk_of: Desks, product: str) -> None:
    desk, path = desk_of("marketer"), f"/products/{product}/album"
    assert desk.upload(path, picture((2_000, 1_000)), "../../evil.html").status_code == 302
    assert desk.upload(path, picture((2_000, 1_000)), "again.png").status_code == 302
    assert desk.upload(path, picture(colour="blue", kind="WEBP"), "b.webp").status_code == 302
    first, second = hung(product)
    assert row_of(product).picture == first.replace(".jpg", "-cover.jpg")
    answer = desk.browser.get(first)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    drawn = Image.open(BytesIO(answer.data))
    assert (drawn.format, drawn.size) == ("JPEG", (1_280, 640))
    cover = Image.open(BytesIO(desk.browser.get(row_of(product).picture or "").data))
    assert cover.size == (480, 240)
    again = desk.browser.get(first, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert desk.browser.get("/pictures/nothing.jpg").status_code == 404
    assert desk.browser.get("/pictures/..%2F..%2Fwx.jpg").status_code == 404
    assert desk.post(f"{path}/first", picture=second).status_code == 302
    assert hung(product) == [second, first]
    assert desk.post(f"{path}/first", picture="/pictures/none.jpg").status_code == 404
    for _ in range(2):
        assert desk.post(f"{path}/removed", picture=second).status_code == 302
    assert hung(product) == [first]
    desk.post(f"{path}/removed", picture=first)
    assert row_of(product).picture is None


def test_of_several_pictures_the_good_ones_hang(desk_of: Desks, product: str) -> None:
    desk, path = desk_of("marketer"), f"/products/{product}/album"
    svg = BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    sent = {"csrf_token": desk.token(), "file": [(picture(), "good.png"), (svg, "bad.jpg")]}
    assert Context().run(desk.browser.post, f"/console{path}", data=sent).status_code == 302
    page = desk.get(f"/products/{product}").text
    assert "bad.jpg：图片无法识别" in page
    assert "已添加 1 张图片" in page
    assert len(hung(product)) == 1
    assert desk.post(path).status_code == 302
    assert "请选择图片" in desk.get(f"/products/{product}").text


def test_of_too_many_pictures_none_is_read(
    desk_of: Desks, product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, path = desk_of("marketer"), f"/products/{product}/album"
    monkeypatch.setattr("console.albums.keep_picture", lambda _data: pytest.fail("was read"))
    files = [(picture(), f"{number}.png") for number in range(10)]
    sent = {"csrf_token": desk.token(), "file": files}
    Context().run(desk.browser.post, f"/console{path}", data=sent)
    assert "您选择了 10 张" in desk.get(f"/products/{product}").text


def test_nothing_is_kept_for_a_product_one_may_not_edit(
    desk_of: Desks, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    number = db.session.get_one(Product, 1).number
    db.session.rollback()
    monkeypatch.setattr("console.albums.keep_picture", lambda _data: pytest.fail("was kept"))
    desk = desk_of("marketer")
    assert desk.upload(f"/products/{number}/album", picture(), "a.png").status_code == 403
    assert desk.upload("/products/PD0/album", picture(), "a.png").status_code == 404


def test_an_album_has_nine_pictures_at_most(desk_of: Desks, product: str) -> None:
    desk, path = desk_of("marketer"), f"/products/{product}/album"
    for number in range(10):
        desk.upload(path, picture((10 + number, 10)), "a.png")
    assert len(hung(product)) == 9
    assert "最多 9 张" in desk.get(f"/products/{product}").text


def test_shelves_are_added_once_and_renamed(desk_of: Desks, world: World) -> None:
    assert world
    desk, manager = desk_of("marketer"), desk_of("manager")
    assert desk.post("/shelves", slug="tablet", name="平板", position="2").status_code == 302
    answer = desk.post("/shelves", slug="tablet", name="又一个")
    assert answer.status_code == 409
    assert "又一个" in answer.text
    assert desk.post("/shelves", slug="Tablet 2", name="平板").status_code == 400
    assert desk.post("/shelves", slug="x", name="平板", parent_id="999").status_code == 400
    assert manager.post("/shelves/tablet", name="平板电脑", position="1").status_code == 302
    assert manager.post("/shelves/none", name="平板电脑").status_code == 404
    db.session.rollback()
    [made] = db.session.scalars(select(Category).where(Category.slug == "tablet"))
    assert (made.name, made.position) == ("平板电脑", 1)


def test_who_sells_at_an_outlet_edits_nothing(desk_of: Desks, typed: dict[str, str]) -> None:
    desk: Desk = desk_of("head")
    assert desk.get(EDITOR).status_code == 403
    assert desk.post(EDITOR, **typed).status_code == 403
    assert desk.get("/shelves").status_code == 403
