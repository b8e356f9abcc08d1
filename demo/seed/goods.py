"""The demo's catalogue: products with variants, stock, plans, bundles, and what they earn."""

from datetime import datetime
from random import Random

from catalog.bundles import PartData, add_bundle
from catalog.models import Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData, add_category, add_product, add_sku
from catalog.plans import Eligibility, Plan
from catalog.showing import Gift, Showing
from catalog.stock_by_hand import receive_stock
from demo.seed import launching
from settlement.models import Milestone
from settlement.rates import add_rate, set_vesting
from settlement.rules import Scope
from wx_backend.clock import business_on

SHELVES = (
    ("phone", "手机"),
    ("plan", "套餐"),
    ("sim", "号卡"),
    ("accessory", "配件"),
    ("bundle", "套装"),
)
COLOURS = ("曜石黑", "雪域白", "远峰蓝")
SIZES = ((128, 0), (256, 40_000), (512, 110_000))
PHONES = (
    ("星河 X1", 199_900),
    ("星河 X1 Pro", 299_900),
    ("远航 20", 149_900),
    ("远航 20 Plus", 219_900),
    ("青鸟 S", 99_900),
    ("青鸟 S2", 129_900),
    ("蓝鲸 5G", 179_900),
    ("蓝鲸 Max", 339_900),
    ("北斗 一号", 499_900),
    ("北斗 一号 典藏版", 699_900),
    ("玉兔 轻薄版", 159_900),
    ("玉兔 长续航", 119_900),
    ("竹影 8", 89_900),
    ("竹影 8 学生版", 79_900),
)
PLANS = (
    ("畅享 59", 5_900, 20, 200),
    ("畅享 99", 9_900, 60, 500),
    ("畅享 129", 12_900, 100, 800),
    ("畅享 199", 19_900, 200, 1_500),
    ("家庭 融合 169", 16_900, 120, 1_000),
    ("家庭 融合 239", 23_900, 260, 2_000),
    ("校园 39", 3_900, 40, 100),
    ("银发 29", 2_900, 10, 300),
    ("政企 共享 299", 29_900, 500, 3_000),
    ("流量王 79", 7_900, 120, 100),
)
# Who may buy a plan; the others are everybody's.
ELIGIBLE = {
    "校园 39": Eligibility(age_from=16, age_to=28, one_per_person=True),
    "银发 29": Eligibility(age_from=60),
    "流量王 79": Eligibility(new_customers=True, one_per_person=True),
    "政企 共享 299": Eligibility(with_phone=True),
    "家庭 融合 239": Eligibility(regions=("滨江市", "云州市")),
}
# These come with a new number; the others go on with the number the customer has.
NEW_NUMBER = frozenset({"畅享 59", "畅享 129", "校园 39", "银发 29", "流量王 79"})
# A phone (its first variant), a plan, and how much less both cost together.
BUNDLES = (
    ("星河 X1 + 畅享 129", "星河 X1", "畅享 129", 30_000),
    ("青鸟 S2 + 畅享 59", "青鸟 S2", "畅享 59", 20_000),
    ("北斗 一号 + 畅享 99", "北斗 一号", "畅享 99", 80_000),
)
SIMS = (("普通号卡", 0), ("靓号卡 AAA", 30_000), ("物联网卡", 1_000), ("副卡", 1_000))
ACCESSORIES = (
    ("快充头 67W", 9_900),
    ("无线耳机", 19_900),
    ("磁吸充电宝", 14_900),
    ("钢化膜", 2_900),
    ("保护壳", 3_900),
    ("智能手环", 24_900),
    ("路由器 Wi-Fi 7", 29_900),
    ("平板支架", 5_900),
    ("车载充电器", 6_900),
    ("数据线", 2_500),
    ("存储卡 256G", 11_900),
    ("智能音箱", 19_900),
)
STOCK = 200


def build(*, now: datetime) -> int:
    """Fill the shelves; the number of products."""
    shelves = {
        slug: add_category(slug=slug, name=name, position=position).id
        for position, (slug, name) in enumerate(SHELVES)
    }
    _rates(shelves, now)
    random = Random(7)  # noqa: S311 - invented stock, no secret
    parts: dict[str, Sku] = {}
    for position, (name, price_fen) in enumerate(PHONES):
        parts[name] = _phone(shelves["phone"], name, price_fen, position, random, now)
    for position, plan in enumerate(PLANS):
        parts[plan[0]] = _plan(shelves["plan"], plan, position, now)
    for position, (name, price_fen) in enumerate(SIMS):
        _simple(ProductKind.SIM, shelves["sim"], name, max(price_fen, 100), position, now)
    for position, (name, price_fen) in enumerate(ACCESSORIES):
        _simple(ProductKind.GOODS, shelves["accessory"], name, price_fen, position, now)
    for position, bundle in enumerate(BUNDLES):
        _bundle(shelves["bundle"], bundle, parts, position, now)
    return len(PHONES) + len(PLANS) + len(SIMS) + len(ACCESSORIES) + len(BUNDLES)


def _rates(shelves: dict[str, int], now: datetime) -> None:
    """Phones 5 %, accessories 10 %, plans and cards by the piece; free after the return window."""
    on = business_on(now)
    add_rate(valid_from=on, scope=Scope(category_id=shelves["phone"]), rate_bp=500)
    add_rate(valid_from=on, scope=Scope(category_id=shelves["accessory"]), rate_bp=1_000)
    add_rate(valid_from=on, scope=Scope(category_id=shelves["plan"]), piece_fen=3_000)
    add_rate(valid_from=on, scope=Scope(category_id=shelves["sim"]), piece_fen=1_000)
    for kind, milestone in (
        (ProductKind.GOODS, Milestone.RECEIVED),
        (ProductKind.PLAN, Milestone.ACTIVATED),
        (ProductKind.SIM, Milestone.ACTIVATED),
    ):
        set_vesting(product_kind=kind, milestone=milestone, hold_days=7, valid_from=on)


def _phone(
    shelf: int, name: str, price_fen: int, position: int, random: Random, now: datetime
) -> Sku:
    """A phone in three sizes; the first one."""
    product = add_product(
        data=ProductData(
            kind=ProductKind.GOODS,
            category_id=shelf,
            name=name,
            subtitle="全网通 5G · 三年质保 · 到店自提或当日送达",
            description="支持双卡双待。购机赠送钢化膜与保护壳各一。七天无理由退换。",
            showing=Showing(
                gifts=(Gift("钢化膜", worth_fen=2_900), Gift("保护壳", worth_fen=3_900)),
                promises=("七天无理由退换", "全国联保三年", "假一赔十"),
            ),
            position=position,
        ),
        now=now,
    )
    skus = [
        _size(product, number, price_fen, COLOURS[(position + number) % len(COLOURS)], now)
        for number in range(len(SIZES))
    ]
    for sku in skus:
        quantity = random.randrange(STOCK // 4, STOCK)
        receive_stock(sku_id=sku.id, quantity=quantity, actor="demo", now=now)
    launching.launch(product, now=now)
    return skus[0]


def _size(product: Product, number: int, price_fen: int, colour: str, now: datetime) -> Sku:
    size, more_fen = SIZES[number]
    return add_sku(
        product_id=product.id,
        data=SkuData(
            name=f"5G · {size}GB · {colour}",
            price_fen=price_fen + more_fen,
            market_price_fen=price_fen + more_fen + 20_000,
            options={"制式": "5G", "容量": f"{size}GB", "颜色": colour},
            position=number,
        ),
        now=now,
    )


def _plan(shelf: int, plan: tuple[str, int, int, int], position: int, now: datetime) -> Sku:
    name, monthly_fen, gigabytes, minutes = plan
    product = add_product(
        data=ProductData(
            kind=ProductKind.PLAN,
            category_id=shelf,
            name=name,
            subtitle=f"每月 {gigabytes}GB 流量 · {minutes} 分钟通话",
            description="首月按天折算，合约期十二个月，实名认证后激活。",
            plan=Plan(
                monthly_fee_fen=monthly_fen,
                contract_months=12,
                data_gb=gigabytes,
                voice_minutes=minutes,
                sms=100,
                eligibility=ELIGIBLE.get(name, Eligibility()),
            ),
            takes_number=name in NEW_NUMBER,
            position=position,
        ),
        now=now,
    )
    data = SkuData(name="预存首月", price_fen=monthly_fen, prepaid_fen=monthly_fen)
    sku = add_sku(product_id=product.id, data=data, now=now)
    launching.launch(product, now=now)
    return sku


def _bundle(
    shelf: int,
    bundle: tuple[str, str, str, int],
    parts: dict[str, Sku],
    position: int,
    now: datetime,
) -> None:
    """A phone with a plan, cheaper than both."""
    name, phone_name, plan_name, saved_fen = bundle
    phone, plan = parts[phone_name], parts[plan_name]
    product = add_product(
        data=ProductData(
            kind=ProductKind.BUNDLE,
            category_id=shelf,
            name=name,
            subtitle=f"{phone_name} 搭配 {plan_name}，一次办好",
            description="手机与套餐一同购买更优惠。套餐由使用人实名认证后开通，认证未通过自动退款。",
            position=position,
        ),
        now=now,
    )
    price_fen = phone.price_fen + plan.price_fen - saved_fen
    add_bundle(
        product_id=product.id,
        data=SkuData(name=phone.name, price_fen=price_fen),
        parts=[PartData(phone.id), PartData(plan.id)],
        now=now,
    )
    launching.launch(product, now=now)


def _simple(
    kind: ProductKind, shelf: int, name: str, price_fen: int, position: int, now: datetime
) -> None:
    data = ProductData(kind=kind, category_id=shelf, name=name, position=position)
    product = add_product(data=data, now=now)
    sku = add_sku(product_id=product.id, data=SkuData(name="标准", price_fen=price_fen), now=now)
    receive_stock(sku_id=sku.id, quantity=STOCK, actor="demo", now=now)
    launching.launch(product, now=now)
