"""A form being read: what is wrong with it is collected, and told all at once beside the fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flask import request

from console.pages import as_moment
from wx_backend.error_pages import wants_json
from wx_backend.errors import AppError, BadInput, Forbidden, NotFound
from wx_backend.money import fen_from_yuan
from wx_backend.words import printable, printable_lines

DIGITS_MAX: Final = 9


class BadForm(BadInput):
    """`details.reasons` says of each field at fault what is wrong with it."""

    code, message = "bad_form", "请修改标出的内容后再保存"


class Typed:
    """Reads the fields of a form, and remembers which of them cannot be."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.faults: dict[str, str] = {}

    def line(self, name: str, most: int, *, is_needed: bool = False) -> str:
        """One line of text."""
        return self._sized(name, printable(self._raw(name)), most, is_needed)

    def text(self, name: str, most: int) -> str:
        """Text of several lines."""
        raw = self._raw(name).replace("\r\n", "\n")
        kept = printable_lines(raw)
        return self._sized(name, kept, most, False)

    def rows(self, name: str, most: int, *, longest: int) -> list[str]:
        """Text of one thing a line, the empty ones left out."""
        found = [line.strip() for line in self.text(name, most * (longest + 1)).split("\n")]
        found = [line for line in found if line]
        if len(found) > most:
            self.faults[name] = f"最多 {most} 行"
        elif any(len(line) > longest for line in found):
            self.faults[name] = f"每行最多 {longest} 个字"
        return found

    def whole(self, name: str, *, low: int, high: int, usual: int = 0) -> int:
        """A whole number; `usual` where nothing was typed."""
        found = self.maybe_whole(name, low=low, high=high)
        return usual if found is None else found

    def maybe_whole(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number; None where nothing was typed, or no such number."""
        typed = self._raw(name).strip()
        if not typed:
            return None
        digits = typed.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX
        if not is_number or not low <= int(typed) <= high:
            self.faults[name] = f"应为 {low} 至 {high} 的整数"
            return None
        return int(typed)

    def fen(self, name: str, *, is_needed: bool = False) -> int | None:
        """An amount in yuan as whole fen; None where nothing was typed, or no amount."""
        typed = self._raw(name).strip().replace(",", "")
        if not typed:
            if is_needed:
                self.faults[name] = "必填"
            return None
        try:
            found = fen_from_yuan(typed)
        except ValueError:
            found = -1
        if found < 0:
            self.faults[name] = "应为 12.30 这样的金额"
            return None
        return found

    def moment(self, name: str) -> datetime | None:
        """A time of a day as it is read in Shanghai; None where there is none, which is a fault."""
        typed = self._raw(name).strip()
        if not typed:
            self.faults[name] = "必填"
            return None
        try:
            return as_moment(typed, name)
        except BadInput as refusal:
            self.faults[name] = refusal.message
            return None

    def is_ticked(self, name: str) -> bool:
        return bool(self._raw(name))

    def require_sound(self) -> None:
        """Raises BadForm when anything was wrong."""
        if self.faults:
            raise self.refusal()

    def refusal(self) -> BadForm:
        """What was wrong so far."""
        return BadForm(fields=sorted(self.faults), reasons=self.faults)

    def _raw(self, name: str) -> str:
        return self._form.get(name, "")

    def _sized(self, name: str, typed: str, most: int, is_needed: bool) -> str:
        found = typed.strip()
        if is_needed and not found:
            self.faults[name] = "必填"
        elif len(found) > most:
            self.faults[name] = f"最多 {most} 个字，现有 {len(found)} 个"
        return found


@dataclass(frozen=True, slots=True)
class Filled:
    """One form of a page with several: what its fields say, and what is wrong with them."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refusal: AppError | None = None


EMPTY: Final = Filled()


def came_back(refusal: AppError, called: Mapping[str, str] | None = None) -> Filled:
    """The form that was sent, as it was typed; `called` names fields that a refusal names otherwise.

    Raises the refusal again for a program, which gets that alone.
    """
    if wants_json():
        raise refusal
    names = called or {}
    faults = {names.get(name, name): said for name, said in told_of(refusal).items()}
    return Filled(request.form, faults, refusal)


def faults_of(refusal: AppError) -> dict[str, str]:
    """What a refusal says of each field; raises it again when it is about no form at all."""
    if isinstance(refusal, Forbidden | NotFound):
        raise refusal
    return told_of(refusal)


def told_of(refusal: AppError) -> dict[str, str]:
    """What a refusal says of each field."""
    reasons: dict[str, str] = refusal.details.get("reasons", {})
    return {name: reasons.get(name, refusal.message) for name in refusal.details.get("fields", ())}
