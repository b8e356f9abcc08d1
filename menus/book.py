"""All reply rules of an account, made ready to be asked by every push."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from menus.rules import Rule, Trigger, folded
from menus.words import WordIndex
from wechat.events import scene
from wechat.pushes import Click, MenuScan, Message, Push, Scan, Subscribe, Text

_IN_TEXTS: Final = frozenset({Trigger.EXACT, Trigger.CONTAINS})


@dataclass(frozen=True, slots=True)
class _Question:
    """What a push asks the book: triggers in order of preference, and the text to match."""

    triggers: tuple[Trigger, ...]
    text: str = ""


class RuleBook:
    """Says which rule answers a push, in time linear in its text, however many rules there are."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Of two rules for the same, the lower position answers, else the earlier one."""
        ranked = sorted(rules, key=lambda rule: rule.position)
        self._named: dict[tuple[Trigger, str], Rule] = {}
        for rule in ranked:
            self._named.setdefault((rule.trigger, _named(rule)), rule)
        self._contained = [rule for rule in ranked if rule.trigger is Trigger.CONTAINS]
        self._words = WordIndex([folded(rule.match) for rule in self._contained])

    def answer(self, push: Push) -> Rule | None:
        """The rule that answers a push; None when none does.

        A text is answered by the word it is, else the first word it contains, else the default; a
        follow or scan by the rule of its scene, else the general one; a tap by its menu key.
        """
        question = _question(push)
        for trigger in question.triggers:
            if rule := self._of(trigger, question.text):
                return rule
        return None

    def _of(self, trigger: Trigger, text: str) -> Rule | None:
        match trigger:
            case Trigger.CONTAINS:
                rank = self._words.first_in(text)
                return None if rank is None else self._contained[rank]
            case Trigger.DEFAULT:
                return self._named.get((trigger, ""))
            case Trigger.FOLLOW | Trigger.SCAN:
                return self._named.get((trigger, text)) or self._named.get((trigger, ""))
            case _:
                return self._named.get((trigger, text))


def _named(rule: Rule) -> str:
    return folded(rule.match) if rule.trigger in _IN_TEXTS else rule.match


def _question(push: Push) -> _Question:
    match push:
        case Text():
            return _Question(
                (Trigger.EXACT, Trigger.CONTAINS, Trigger.DEFAULT), folded(push.content)
            )
        case Message():
            return _Question((Trigger.DEFAULT,))
        case Subscribe():
            return _Question((Trigger.FOLLOW,), scene(push) or "")
        case Scan():
            return _Question((Trigger.SCAN,), scene(push) or "")
        case Click() | MenuScan():
            return _Question((Trigger.CLICK,), push.event_key)
        case _:
            return _Question(())
