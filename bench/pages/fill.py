"""A year of an operator, written by the database itself: places, reps, orders, touches, figures."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from werkzeug.security import generate_password_hash

from flows.figures.counting import compare_day
from insights.operations import begin_counting
from members.joining import join_member
from members.operations import ensure_identity
from org.models import ChannelClass, Role, Staff, Tier
from org.operations import create_node
from org.reps import hire_rep
from tests.catalog.shelf import Wares, put_on_shelf
from wx_backend import clock
from wx_backend.app import create_app
from wx_backend.clock import business_on
from wx_backend.config import Config, Database
from wx_backend.db import db, retried, transaction

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests" / "config.toml"
PASSWORD = "a long enough password"  # noqa: S105 - of a database that is gone afterwards
DAYS = 365
PROVINCES, CITIES, OUTLETS, REPS = 2, 5, 5, 4  # of each above: 50 outlets, 200 reps
TOUCHES_PER_ORDER = 5


@dataclass(frozen=True, slots=True)
class Filled:
    """What the pages ask for: one city, one of its reps and his member, an order, goods."""

    city_id: int
    rep_number: str
    rep_identity: int
    order_number: str
    wares: Wares


def configured(url: str, folder: Path) -> Config:
    """Our configuration on this database, with limits that no bench meets."""
    config = Config.load(SAMPLE)
    service = replace(config.service, data_dir=folder)
    return replace(config, database=Database(url=url), service=service)


def written_config(url: str, folder: Path) -> Path:
    """The same as a file, for the server."""
    path = folder / "config.toml"
    plain = SAMPLE.read_text("utf-8")
    path.write_text(
        plain.replace("sqlite:///replaced-by-the-fixture", url).replace(
            'data_dir = "var"', f'data_dir = "{folder}"'
        ),
        "utf-8",
    )
    return path


def fill(config: Config, *, orders: int) -> Filled:
    """Write it all; minutes for a million orders."""
    with create_app(config).app_context():
        filled = _people(config.accounts[0].appid)
        for statement in _BULK:
            with transaction() as session:
                session.execute(text("SET LOCAL session_replication_role = replica"))
                session.execute(text("SET LOCAL statement_timeout = 0"))
                session.execute(text(statement), _sizes(config, filled, orders))
        with transaction() as session:
            session.execute(text("ANALYZE"))
        now = clock.now()
        retried(lambda: begin_counting(now=now))
        for back in range(DAYS + 1):
            compare_day(on=business_on(now) - timedelta(days=back), mend=True, now=now)
        with transaction() as session:
            number = session.execute(
                text("SELECT number FROM sales_order ORDER BY id LIMIT 1")
            ).scalar_one()
        return replace(filled, order_number=number)


def _people(appid: str) -> Filled:
    now = clock.now()
    with transaction():
        group = create_node(tier=Tier.GROUP, code="GR", name="集团")
        reps: list[int] = []
        city = 0
        for p in range(PROVINCES):
            province = create_node(tier=Tier.PROVINCE, code=f"P{p}", name=f"省{p}", parent_id=group)
            for c in range(CITIES):
                city = create_node(
                    tier=Tier.CITY, code=f"P{p}C{c}", name=f"市{p}{c}", parent_id=province
                )
                for o in range(OUTLETS):
                    code = "O1" if not reps else f"P{p}C{c}O{o}"
                    outlet = create_node(
                        tier=Tier.OUTLET, code=code, name=f"厅{p}{c}{o}", parent_id=city
                    )
                    reps += [_rep(outlet, n, now) for n in range(REPS)]
        _staff("root", Role.ADMINISTRATOR, group)
        _staff("city", Role.MANAGER, city)
        identity_id = ensure_identity(appid=appid, openid="oBench", now=now)
        member_id = join_member(identity_id=identity_id, now=now)
        db.session.execute(
            text("INSERT INTO rep_binding (rep_id, member_id, bound_at) VALUES (:r, :m, :at)"),
            {"r": reps[-1], "m": member_id, "at": now},
        )
        number = db.session.execute(
            text("SELECT number FROM rep WHERE id = :id"), {"id": reps[-1]}
        ).scalar_one()
    return Filled(city, number, identity_id, "", put_on_shelf(units=1_000))


def _rep(outlet_id: int, n: int, now: datetime) -> int:
    return hire_rep(
        name=f"员工{outlet_id}{n}",
        outlet_id=outlet_id,
        channel_class=ChannelClass.OWN_HALL,
        now=now,
    )


def _staff(login: str, role: Role, node_id: int) -> None:
    hashed = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")
    db.session.add(Staff(login=login, name=login, password_hash=hashed, role=role, node_id=node_id))


def _sizes(config: Config, filled: Filled, orders: int) -> dict[str, object]:
    began = clock.now() - timedelta(days=DAYS)
    return {
        "appid": config.accounts[0].appid,
        "orders": orders,
        "members": max(1, orders // 5),
        "touches": orders * TOUCHES_PER_ORDER,
        "began": began,
        "order_step": timedelta(days=DAYS) / orders,
        "touch_step": timedelta(days=DAYS) / (orders * TOUCHES_PER_ORDER),
        "sku": filled.wares.phone_id,
        "category": filled.wares.category_id,
        "reps": PROVINCES * CITIES * OUTLETS * REPS,
    }


# Customers, reps and goods follow from a row's number; triggers and references are left out.
_BULK = (
    """INSERT INTO member (number, name, created_at)
       SELECT 'MBX' || n, '', :began FROM generate_series(1, :members) n""",
    """INSERT INTO identity (appid, openid, member_id, is_followed, seen_at, created_at)
       SELECT :appid, 'oX' || n, m.id, true, :began, :began
       FROM generate_series(1, :members) n JOIN member m ON m.number = 'MBX' || n""",
    """INSERT INTO share (parent_key, sharer_key, rep_id, root_rep_id, subject, subject_key, place,
                          depth, created_at)
       SELECT 0, 'rep:' || id, id, id, 'showroom', '', 'poster', 0, :began FROM rep""",
    """INSERT INTO touch (key, identity_id, share_id, kind, certainty, event_at, known_at)
       SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), i.first + n % :members, s.first + n % :reps,
              (ARRAY['link_opened', 'scan', 'link_opened', 'subscribe'])[n % 4 + 1], 'signed',
              :began + n * CAST(:touch_step AS interval), :began + n * CAST(:touch_step AS interval)
       FROM generate_series(1, :touches) n, (SELECT min(id) AS first FROM share) s,
            (SELECT min(id) AS first FROM identity WHERE openid LIKE 'oX%') i""",
    """INSERT INTO sales_order (number, member_id, identity_id, client_key, content, status, moves,
                                total_fen, discount_fen, payable_fen, delivery, placed_at, expires_at,
                                paid_at)
       SELECT 'OD26' || lpad(n::text, 17, '0'), i.member_id, i.id, 'k' || n, '\\x00',
              CASE WHEN n % 5 = 0 THEN 'closed' ELSE 'paid' END, 2, 199900, 0, 199900, 'none',
              :began + n * CAST(:order_step AS interval), :began + n * CAST(:order_step AS interval),
              CASE WHEN n % 5 <> 0 THEN :began + n * CAST(:order_step AS interval) END
       FROM generate_series(1, :orders) n JOIN identity i ON i.openid = 'oX' || (n % :members + 1)""",
    """INSERT INTO order_line (order_id, position, sku_id, product_id, category_id, product_kind, name,
                               quantity, unit_price_fen, list_fen, discount_fen, paid_fen,
                               collected_fen, refund_reserved_fen, refunded_fen, fulfilment,
                               outlet_id, developer_rep_id, real_name_state)
       SELECT o.id, 1, :sku, k.product_id, :category, 'goods', '星河手机', 1, 199900, 199900, 0, 199900,
              0, 0, 0, 'waiting', r.outlet_id, r.id, 'not_needed'
       FROM sales_order o JOIN sku k ON k.id = :sku
       JOIN (SELECT id, outlet_id, row_number() OVER (ORDER BY id) - 1 AS n FROM rep) r
         ON r.n = o.id % :reps""",
    """INSERT INTO order_transition (order_id, position, from_status, to_status, actor, cause, moved_at)
       SELECT id, 1, NULL, 'placed', 'system', 'bench', placed_at FROM sales_order
       UNION ALL SELECT id, 2, 'placed', status, 'system', 'bench', placed_at FROM sales_order""",
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT k.kind, l.id, l.id, o.placed_at, (o.placed_at AT TIME ZONE 'Asia/Shanghai')::date,
              l.outlet_id, l.developer_rep_id, l.product_id, 'own_hall', l.paid_fen, 1
       FROM order_line l JOIN sales_order o ON o.id = l.order_id
       JOIN (VALUES ('placed'), ('paid')) k(kind) ON k.kind = 'placed' OR o.paid_at IS NOT NULL""",
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT CASE t.kind WHEN 'scan' THEN 'scan' WHEN 'subscribe' THEN 'follow' ELSE 'visit' END,
              t.id, t.id, t.event_at, (t.event_at AT TIME ZONE 'Asia/Shanghai')::date, r.outlet_id,
              r.id, NULL, 'own_hall', 0, 0
       FROM touch t JOIN share s ON s.id = t.share_id JOIN rep r ON r.id = s.root_rep_id""",
)
