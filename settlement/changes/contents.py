"""What a proposal says, as values: checked when it is made, applied when it is approved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from org.models import Tier
from org.queries import node_of, rep_card
from settlement.changes.models import Bearer, BearerRule, OutletManager, Subject
from settlement.milestones import steps_from_json
from settlement.models import RateRule, Receiver, VolumeOf
from settlement.rates import Tiers, check_rate, check_terms, end_rate, replace_rate, set_terms
from settlement.rules import Rate, Scope
from wx_backend.db import db, upsert
from wx_backend.errors import BadInput, NotFound

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RateWish:
    """A rate somebody wants."""

    scope: Scope
    rate_bp: int | None = None
    piece_fen: int | None = None
    tiers: Tiers | None = None
    valid_until: date | None = None

    def as_json(self) -> dict[str, Any]:
        """The form `from_json` reads."""
        return {
            "product_id": self.scope.product_id,
            "category_id": self.scope.category_id,
            "channel_class": self.scope.channel_class,
            "receiver": self.scope.receiver,
            "rate_bp": self.rate_bp,
            "piece_fen": self.piece_fen,
            "volume_of": self.tiers.volume_of if self.tiers else None,
            "tiers": [list(step) for step in self.tiers.steps] if self.tiers else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }

    @classmethod
    def from_json(cls, said: Content) -> "RateWish":
        """What was proposed."""
        until = said["valid_until"]
        return cls(
            scope=Scope(
                said["product_id"],
                said["category_id"],
                said["channel_class"],
                Receiver(said["receiver"]),
            ),
            rate_bp=said["rate_bp"],
            piece_fen=said["piece_fen"],
            tiers=_tiers(said),
            valid_until=date.fromisoformat(until) if until else None,
        )

    def as_rate(self, valid_from: date) -> Rate:
        """The rate as if it held since a day, without an end; no rule has its id."""
        return Rate(
            id=0,
            scope=self.scope,
            rate_bp=self.rate_bp,
            piece_fen=self.piece_fen,
            valid_from=valid_from,
            valid_until=None,
            volume_of=self.tiers.volume_of if self.tiers else None,
            tiers=self.tiers.steps if self.tiers else (),
        )


def check(subject: Subject, content: Content, valid_from: date) -> None:
    """Raise BadInput or NotFound for what could never be applied."""
    _CHECKS[subject](content, valid_from)


def apply(subject: Subject, content: Content, effective_on: date) -> None:
    """Let it be so from a day on; Conflict where something is in the way."""
    _APPLIED[subject](content, effective_on)


def _tiers(said: Content) -> Tiers | None:
    if said["tiers"] is None:
        return None
    return Tiers(
        VolumeOf(said["volume_of"]), tuple((start, value) for start, value in said["tiers"])
    )


def _check_rate(content: Content, valid_from: date) -> None:
    wish = RateWish.from_json(content)
    check_rate(
        RateRule(
            **{
                name: content[name]
                for name in ("product_id", "category_id", "rate_bp", "piece_fen")
            },
            tiers=[list(step) for step in wish.tiers.steps] if wish.tiers else None,
            valid_from=valid_from,
            valid_until=wish.valid_until,
        )
    )


def _check_end(content: Content, valid_from: date) -> None:
    rule = db.session.get(RateRule, content["rate_rule_id"])
    if rule is None:
        raise NotFound("规则不存在")
    if rule.valid_until is not None and rule.valid_until <= valid_from:
        raise BadInput("规则在此之前已经结束", fields=["valid_from"])


def _check_vesting(content: Content, _valid_from: date) -> None:
    check_terms(steps_from_json(content["steps"]), content["term_months"])


def _check_manager(content: Content, _valid_from: date) -> None:
    outlet = node_of(content["outlet_id"])
    if outlet.tier != Tier.OUTLET:
        raise BadInput("只有网点有店长", fields=["outlet_id"])
    rep_id = content["rep_id"]
    if rep_id is not None and rep_card(rep_id).outlet_id != outlet.id:
        raise BadInput("店长须是本网点员工", fields=["rep_id"])


def _check_bearer(content: Content, _valid_from: date) -> None:
    if content["bearer"] not in set(Bearer):
        raise BadInput("没有这个选项", fields=["bearer"])


def _apply_rate(content: Content, effective_on: date) -> None:
    wish = RateWish.from_json(content)
    replace_rate(
        valid_from=effective_on,
        valid_until=wish.valid_until,
        scope=wish.scope,
        rate_bp=wish.rate_bp,
        piece_fen=wish.piece_fen,
        tiers=wish.tiers,
    )


def _apply_end(content: Content, effective_on: date) -> None:
    end_rate(rate_rule_id=content["rate_rule_id"], valid_until=effective_on)


def _apply_vesting(content: Content, effective_on: date) -> None:
    set_terms(
        product_kind=content["product_kind"],
        steps=steps_from_json(content["steps"]),
        valid_from=effective_on,
        term_months=content["term_months"],
    )


def _apply_manager(content: Content, effective_on: date) -> None:
    values = {**content, "valid_from": effective_on}
    upsert(OutletManager, values, key=("outlet_id", "valid_from"), update=("rep_id",))


def _apply_bearer(content: Content, effective_on: date) -> None:
    values = {**content, "valid_from": effective_on}
    upsert(BearerRule, values, key=("valid_from",), update=("bearer",))


_CHECKS: Final[Mapping[Subject, Callable[[Content, date], None]]] = {
    Subject.RATE: _check_rate,
    Subject.RATE_END: _check_end,
    Subject.VESTING: _check_vesting,
    Subject.MANAGER: _check_manager,
    Subject.BEARER: _check_bearer,
}
_APPLIED: Final[Mapping[Subject, Callable[[Content, date], None]]] = {
    Subject.RATE: _apply_rate,
    Subject.RATE_END: _apply_end,
    Subject.VESTING: _apply_vesting,
    Subject.MANAGER: _apply_manager,
    Subject.BEARER: _apply_bearer,
}
