"""How a rep presents himself: the few words that welcomes, pages and posters need."""

from dataclasses import dataclass

from sqlalchemy import select

from org.models import OrgNode, Rep
from wx_backend.db import db
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class RepCard:
    """A rep as customers see him."""

    rep_id: int
    number: str
    name: str
    title: str
    greeting: str
    outlet_id: int
    outlet_name: str
    outlet_address: str


def rep_card(rep_id: int) -> RepCard:
    """The card of a rep; NotFound when there is no such rep."""
    row = db.session.execute(
        select(Rep, OrgNode).join(OrgNode, OrgNode.id == Rep.outlet_id).where(Rep.id == rep_id)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这位销售人员")
    rep, outlet = row
    return RepCard(
        rep_id=rep.id,
        number=rep.number,
        name=rep.name,
        title=rep.title,
        greeting=rep.greeting,
        outlet_id=outlet.id,
        outlet_name=outlet.name,
        outlet_address=outlet.address or "",
    )
