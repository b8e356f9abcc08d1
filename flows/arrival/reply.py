"""What we answer to a push at once: the account's rule for it, in the words of whoever is behind it."""

from flows.arrival.known import Scanned
from menus.book import RuleBook
from menus.rules import ReplyKind, reply_of
from wechat.pushes import Push
from wechat.replies import Reply
from wx_backend.config import Account


def reply_to(
    push: Push, *, rules: RuleBook, account: Account, scanned: Scanned | None
) -> Reply | None:
    """The passive reply to a push; None when there is nothing to say.

    A mini-program may only hand the person over to customer service: the platform takes any other
    reply for a fault of ours.
    """
    rule = rules.answer(push)
    if rule is None or (account.is_mini_program and rule.kind is not ReplyKind.TRANSFER):
        return None
    values = {"account": account.title}
    if scanned is not None:
        values |= {
            "rep": scanned.rep_name,
            "outlet": scanned.outlet_name,
            "showroom": scanned.url,
        }
    return reply_of(rule, values)
