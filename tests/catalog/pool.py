"""A pool of phone numbers and two members who want them."""

from dataclasses import dataclass

from sqlalchemy import select

from catalog.number_models import PhoneNumber
from catalog.numbers import NumberData, import_numbers
from org.models import OrgNode, OrgPath, Tier
from tests.catalog.shelf import NOON
from wx_backend.db import db, transaction

FIRST, SECOND = "14000000001", "14000000888"


@dataclass(frozen=True, slots=True)
class Row:
    """A number as committed."""

    state: str
    member_id: int | None
    key: str | None


def fill_pool(*numbers: str, code: str = "POOL", node_id: int | None = None) -> int:
    """Bring numbers in; the id of the outlet they belong to."""
    with transaction():
        if node_id is None:
            node = OrgNode(tier=Tier.OUTLET, code=code, name="号池")
            db.session.add(node)
            db.session.flush()
            db.session.add(OrgPath(ancestor_id=node.id, descendant_id=node.id, depth=0))
            node_id = node.id
        wanted = [NumberData(each) for each in numbers or (FIRST, SECOND)]
        import_numbers(node_id=node_id, numbers=wanted, now=NOON)
    return node_id


def number_row(msisdn: str) -> Row:
    """Where a number stands."""
    db.session.rollback()
    row = db.session.scalars(select(PhoneNumber).where(PhoneNumber.msisdn == msisdn)).one()
    return Row(row.state, row.member_id, row.key)
