"""Articles, and mass sends made by hand, as staff see and enter them per account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Final

from campaigns.articles import enter_console_send, note_articles
from campaigns.mass_models import Article, ConsoleSend
from campaigns.mass_queries import article_of, articles_of, console_sends
from campaigns.models import Campaign
from campaigns.operations import Plan
from campaigns.rules import MASS_A_MONTH, month_of
from flows.accounts import accounts_within
from flows.message_desk import account_run_from, account_seen
from wechat import mass
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.config import Account
from wx_backend.errors import BadInput, PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

PAGES_MAX: Final = 10
UNAUTHORISED: Final = "48001"


@dataclass(frozen=True, slots=True)
class MassPage:
    """An account's articles to choose from, and this month's mass sends made by hand."""

    account: Account
    articles: Sequence[Article]
    by_hand: Sequence[ConsoleSend]
    is_run_here: bool
    a_month: int = MASS_A_MONTH


def mass_page(name: str, node_id: int, *, now: datetime) -> MassPage:
    """What one account has for mass sends."""
    account = account_seen(name, node_id)
    month = month_of(now).date()
    return MassPage(
        account,
        articles_of(account.appid),
        console_sends(account.appid, since=month),
        is_run_here=account in accounts_within(node_id),
    )


def enter_send(
    name: str, node_id: int, *, sent_on: date, title: str, staff_id: int, now: datetime
) -> None:
    """Count a mass send that somebody made in WeChat's console, who runs the account.

    Raises BadInput, EnteredBefore, NotFound, Forbidden.
    """
    appid = account_run_from(name, node_id).appid
    if not title:
        raise BadInput("请填写群发的标题", fields=["title"])
    if not month_of(now).date() <= sent_on <= business_on(now):
        raise BadInput("只登记本月已发出的群发", fields=["sent_on"])
    enter_console_send(appid=appid, sent_on=sent_on, title=title, staff_id=staff_id, now=now)


def start_sync(name: str, node_id: int, *, now: datetime) -> None:
    """Have the drafts read from the platform; once a minute at most."""
    appid = account_seen(name, node_id).appid
    defer(sync_articles, key=f"{appid}:{int(now.timestamp()) // 60}", appid=appid)


@remote_job("articles.sync")
def sync_articles(*, appid: str) -> Steps:
    """Read the newest of an account's drafts; one that may not be asked has none."""
    api, found, total, after = client(appid).caller, [], 1, 0
    while after < min(total, PAGES_MAX * mass.DRAFTS_A_CALL):
        try:
            page, total = yield partial(mass.drafts, api, after=after)
        except PlatformError as error:
            if error.code != UNAUTHORISED:
                raise
            break
        found += page
        after += mass.DRAFTS_A_CALL
    note_articles(appid, [(each.media_id, each.article) for each in found], now=clock.now())


def with_article(plan: Plan, appid: str, *, before: Campaign | None = None) -> Plan:
    """A mass send's plan with a copy of the article it names; what was chosen before stays its copy.

    Raises NotFound for an article the account does not have.
    """
    media_id = plan.content.get("media_id")
    if not media_id:
        return plan
    if before is not None and before.content.get("media_id") == media_id:
        article = before.content["article"]
    else:
        article = article_of(appid, media_id).article
    return replace(plan, content={**plan.content, "article": article})
