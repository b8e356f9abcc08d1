"""What a plan is: fee, contents, contract, and who may buy it; read and written strictly."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from wx_backend.errors import AppError

FEE_MAX_FEN: Final = 1_000_000
REGION_LENGTH: Final = 20
_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "monthly_fee_fen": (0, FEE_MAX_FEN),
    "data_gb": (0, 100_000),
    "voice_minutes": (0, 100_000),
    "sms": (0, 100_000),
    "contract_months": (0, 60),
}
_AGES: Final = (0, 120)


class BadPlan(AppError):
    """A plan that cannot be: `details` names the fields."""

    code, message = "bad_plan", "套餐资料填写有误"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Who may buy a plan; everybody, unless something is said.

    The ages are told to the buyer and checked by the real-name service: we never learn one.
    `with_phone` sells the plan only beside goods of the same order.
    """

    new_customers: bool = False
    one_per_person: bool = False
    with_phone: bool = False
    regions: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None

    @classmethod
    def from_json(cls, said: Any) -> "Eligibility":
        """Raises BadPlan for anything but what `as_json` writes."""
        content = _mapping(said, "eligibility", set(cls.__dataclass_fields__))
        faults = [
            name
            for name in ("new_customers", "one_per_person", "with_phone")
            if type(content.get(name, False)) is not bool
        ]
        regions = content.get("regions", [])
        if not isinstance(regions, list | tuple) or not all(map(_is_region, regions)):
            faults.append("regions")
        ages = [content.get("age_from"), content.get("age_to")]
        if not all(age is None or _is_within(age, _AGES) for age in ages) or _is_reversed(*ages):
            faults += ["age_from", "age_to"]
        if faults:
            raise BadPlan(fields=faults)
        return cls(**{**content, "regions": tuple(regions)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tariff: what it costs a month and what that contains; `contract_months` 0 binds nobody.

    What is paid beforehand is a variant's `prepaid_fen`.
    """

    monthly_fee_fen: int
    data_gb: int = 0
    voice_minutes: int = 0
    sms: int = 0
    contract_months: int = 0
    eligibility: Eligibility = field(default_factory=Eligibility)

    def __post_init__(self) -> None:
        faults = [
            name for name, span in _LIMITS.items() if not _is_within(getattr(self, name), span)
        ]
        if faults:
            raise BadPlan(fields=faults)

    @classmethod
    def from_json(cls, said: Any) -> "Plan":
        """Raises BadPlan for anything but what `as_json` writes: unknown, missing or odd fields."""
        content = _mapping(said, "plan", set(cls.__dataclass_fields__))
        if "monthly_fee_fen" not in content:
            raise BadPlan(fields=["monthly_fee_fen"])
        terms = Eligibility.from_json(content.get("eligibility", {}))
        return cls(**{**content, "eligibility": terms})

    def as_json(self) -> dict[str, Any]:
        """What is stored with the product."""
        content = asdict(self)
        content["eligibility"]["regions"] = list(self.eligibility.regions)
        return content


def _mapping(said: Any, name: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise BadPlan(fields=[name])
    if unknown := sorted(map(str, set(said) - known)):
        raise BadPlan(fields=unknown)
    return said


def _is_within(value: Any, span: tuple[int, int]) -> bool:
    """Whole numbers only: True is none, and neither is 1.0."""
    return type(value) is int and span[0] <= value <= span[1]


def _is_region(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= REGION_LENGTH and value == value.strip()


def _is_reversed(low: Any, high: Any) -> bool:
    return low is not None and high is not None and low > high
