"""Bob's paid lines and the reps who may earn by them: the smallest world commission needs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

from ledger.models import AccountKind
from ledger.operations import post
from ledger.queries import balance, trial_balance, unbalanced_postings
from ledger.values import credit, debit, of_company, of_rep
from members.models import Identity, Member
from orders.models import OrderLine, SalesOrder
from org.models import OrgNode, Rep, Tier
from settlement.accruals import accrue, start_vesting, vest
from settlement.models import Milestone, ShareRole
from settlement.queries import due_accruals
from settlement.rates import add_rate
from settlement.refunds import take_back
from settlement.rules import ANYTHING, LineFacts, Scope, Share
from tests.catalog.shelf import put_on_shelf
from wx_backend.db import db, transaction

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon in Shanghai
DAY = timedelta(days=1)
_numbers = count(1)

COMMISSION = 6_656  # 3.33 % of 1,999.00 yuan
ALICE, CAROL = 4_660, 1_996  # 70 % and 30 % of it


class World:
    """A phone and a plan on the shelf, Alice and Carol at an outlet, Bob who buys."""

    def __init__(self) -> None:
        wares = put_on_shelf()
        self.product_id, self.plan_id = wares.phone_id, wares.plan_id
        self.category_id = wares.category_id
        with transaction():
            outlet = OrgNode(tier=Tier.OUTLET, code="O1", name="人民路营业厅")
            db.session.add(outlet)
            db.session.flush()
            self.outlet_id = outlet.id
            self.alice, self.carol = add_rep("Alice", outlet.id), add_rep("Carol", outlet.id)
            self.member_id, self.identity_id = _add_buyer()

    def line(self, paid_fen: int = 199_900, *, kind: str = "goods") -> LineFacts:
        """A line Bob has paid at noon."""
        number = next(_numbers)
        with transaction():
            order = SalesOrder(
                number=f"OD{number}",
                member_id=self.member_id,
                identity_id=self.identity_id,
                client_key=str(number),
                content=b"c" * 16,
                total_fen=paid_fen or 1,
                discount_fen=0,
                payable_fen=paid_fen or 1,
                delivery="none",
                placed_at=NOON,
                expires_at=NOON,
            )
            db.session.add(order)
            db.session.flush()
            line = OrderLine(
                order_id=order.id,
                position=1,
                sku_id=self.product_id,
                product_id=self.product_id,
                category_id=self.category_id,
                product_kind=kind,
                name="星河手机",
                quantity=1,
                unit_price_fen=paid_fen,
                list_fen=paid_fen,
                discount_fen=0,
                paid_fen=paid_fen,
            )
            db.session.add(line)
            db.session.flush()
            return LineFacts(
                order_line_id=line.id,
                product_id=self.product_id,
                category_id=self.category_id,
                channel_class="own_hall",
                paid_fen=paid_fen,
                product_kind=kind,
                paid_at=NOON,
            )

    def rate(self, rate_bp: int = 333, *, scope: Scope = ANYTHING) -> int:
        """A rate valid since the start of 2026."""
        with transaction():
            return add_rate(valid_from=date(2026, 1, 1), rate_bp=rate_bp, scope=scope).id

    def both(self) -> list[Share]:
        """Alice brought Bob, Carol served him: 70 to 30."""
        return [
            Share(self.alice, ShareRole.DEVELOPER, 7_000),
            Share(self.carol, ShareRole.ACCEPTOR, 3_000),
        ]

    def alone(self) -> list[Share]:
        """Alice brought Bob, nobody served him."""
        return [Share(self.alice, ShareRole.DEVELOPER, 10_000)]

    def accrued(self, paid_fen: int = 199_900, *, kind: str = "goods") -> LineFacts:
        """A paid line with commission for both."""
        line = self.line(paid_fen, kind=kind)
        with transaction():
            assert accrue(line=line, shares=self.both(), now=NOON)
        return line


def receive(line: LineFacts) -> None:
    """Bob has the goods."""
    with transaction():
        start_vesting(
            order_line_id=line.order_line_id, milestone=Milestone.RECEIVED, reached_at=NOON
        )


def vest_all(line: LineFacts) -> None:
    """Bob keeps the goods: the commission becomes free."""
    receive(line)
    with transaction():
        for accrual_id in due_accruals(now=NOON + 7 * DAY, limit=10):
            assert vest(accrual_id=accrual_id, now=NOON + 7 * DAY)


def refund(line: LineFacts, fen: int, key: str = "RF1") -> int:
    """Bob gets money back for a line; the commission this took."""
    with transaction():
        return take_back(
            order_line_id=line.order_line_id, refunded_fen=fen, refund_key=key, now=NOON + DAY
        )


def pay_out(rep_id: int, fen: int) -> None:
    """What a pay-out does to the books."""
    payable, transit = AccountKind.COMMISSION_PAYABLE, AccountKind.PAYOUT_TRANSIT
    legs = [debit(of_rep(payable, rep_id), fen), credit(of_rep(transit, rep_id), fen)]
    with transaction():
        post(kind="payout", key=f"payout:{rep_id}", legs=legs, now=NOON + 8 * DAY)


def held(rep_id: int) -> int:
    """What a rep has earned and cannot have yet, in fen."""
    return -balance(of_rep(AccountKind.COMMISSION_HELD, rep_id))


def free(rep_id: int) -> int:
    """What a rep may be paid, in fen; below zero when he owes."""
    return -balance(of_rep(AccountKind.COMMISSION_PAYABLE, rep_id))


def company(kind: AccountKind) -> int:
    """A balance of the company's own, debit positive, in fen."""
    return balance(of_company(kind))


def assert_books_balance() -> None:
    """Every posting and all accounts together come to zero."""
    assert unbalanced_postings() == []
    assert sum(line.balance_fen for line in trial_balance()) == 0


def paid_on(line: LineFacts, moment: datetime) -> LineFacts:
    """The same line, paid at another time."""
    return replace(line, paid_at=moment)


def add_rep(name: str, outlet_id: int) -> int:
    """A rep of an outlet; his id."""
    rep = Rep(
        number=f"RP{name}",
        name=name,
        outlet_id=outlet_id,
        channel_class="own_hall",
        joined_on=date(2026, 1, 1),
    )
    db.session.add(rep)
    db.session.flush()
    return rep.id


def _add_buyer() -> tuple[int, int]:
    member = Member(number="MB1", name="Bob", created_at=NOON)
    db.session.add(member)
    db.session.flush()
    identity = Identity(
        appid="wx1", openid="oBob", member_id=member.id, seen_at=NOON, created_at=NOON
    )
    db.session.add(identity)
    db.session.flush()
    return member.id, identity.id
