"""Who may call which route: one row per endpoint; an endpoint without a row stops the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, request
from flask.typing import ResponseReturnValue


class Caller(StrEnum):
    """What a caller must be. Objects inside are checked again where they are loaded."""

    ANYONE = "anyone"
    PLATFORM = "platform"  # signed by WeChat or WeChat Pay; the handler verifies
    MEMBER = "member"  # a WeChat person with a session
    REP = "rep"  # a member bound to an active rep
    STAFF = "staff"  # a console user; `roles` says which
    MONITOR = "monitor"  # a configured address, or whoever has the token


class Scope(StrEnum):
    """Whose objects: everybody's, his own, or those in the subtree of his node."""

    ALL = "all"
    OWN = "own"
    SUBTREE = "subtree"


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the table."""

    caller: Caller
    scope: Scope
    roles: frozenset[str] = frozenset()


ANYONE = Access(Caller.ANYONE, Scope.ALL)
PLATFORM = Access(Caller.PLATFORM, Scope.ALL)
MONITOR = Access(Caller.MONITOR, Scope.ALL)
MEMBER = Access(Caller.MEMBER, Scope.OWN)
REP = Access(Caller.REP, Scope.OWN)


def staff(*roles: str) -> Access:
    """Console users of these roles, each within the subtree of his own node."""
    return Access(Caller.STAFF, Scope.SUBTREE, frozenset(roles))


LOOKS = staff("administrator", "manager", "marketer", "finance", "clerk")
SEES_ORDERS = staff("administrator", "manager", "finance", "clerk")
SEES_MONEY = staff("administrator", "manager", "finance")
SEES_REPS = staff("administrator", "manager", "marketer", "finance")
PAYS = staff("administrator", "finance")
LEADS = staff("administrator", "manager")
RUNS = staff("administrator")
SERVES = staff("administrator", "manager", "clerk")
MARKETS = staff("administrator", "manager", "marketer")
CLOSES_DAYS = staff("administrator", "finance")
REFUNDS = staff("administrator", "manager", "finance")

TABLE: dict[str, Access] = {
    "billing.receipt": PLATFORM,
    "console.calendar.add_days": RUNS,
    "console.calendar.dispatch": RUNS,
    "console.calendar.forget_day": RUNS,
    "console.calendar.index": LEADS,
    "console.calendar.same_day": LEADS,
    "console.calendar.serial": RUNS,
    "console.billing.again": SEES_MONEY,
    "console.billing.index": SEES_MONEY,
    "console.dashboard.show": LOOKS,
    "console.kpis.index": SEES_ORDERS,
    "console.kpis.reply": SERVES,
    "console.kpis.show": SEES_ORDERS,
    "console.message_templates.index": MARKETS,
    "console.message_templates.save": LEADS,
    "console.message_templates.show": MARKETS,
    "console.message_templates.switch_off": LEADS,
    "console.message_templates.sync": MARKETS,
    "console.message_templates.try_out": MARKETS,
    "console.numbers.index": LOOKS,
    "console.orders.export": SEES_MONEY,
    "console.orders.index": SEES_ORDERS,
    "console.orders.show": SEES_ORDERS,
    "console.pool.dispatch": LEADS,
    "console.pool.exchange": SERVES,
    "console.pool.goods_back": SERVES,
    "console.pool.index": SEES_ORDERS,
    "console.pool.overdue": SEES_ORDERS,
    "console.pool.picture": SEES_ORDERS,
    "console.payouts.apply_return": PAYS,
    "console.payouts.approve": PAYS,
    "console.payouts.cancel": PAYS,
    "console.payouts.file_csv": PAYS,
    "console.payouts.file_xlsx": PAYS,
    "console.payouts.index": SEES_MONEY,
    "console.payouts.new": PAYS,
    "console.payouts.propose": PAYS,
    "console.payouts.reject": PAYS,
    "console.payouts.resume": PAYS,
    "console.payouts.see_return": SEES_MONEY,
    "console.payouts.show": SEES_MONEY,
    "console.payouts.take_return": PAYS,
    "console.periods.approve": PAYS,
    "console.periods.ask": PAYS,
    "console.periods.close": PAYS,
    "console.periods.index": SEES_MONEY,
    "console.periods.show": SEES_MONEY,
    "console.products.ask": MARKETS,
    "console.products.decide": LEADS,
    "console.products.index": LOOKS,
    "console.products.list_again": LEADS,
    "console.products.recount": LEADS,
    "console.products.reprice": LEADS,
    "console.products.restock": LEADS,
    "console.products.show": LOOKS,
    "console.products.tick": MARKETS,
    "console.products.unlist": LEADS,
    "console.real_names.decide": SERVES,
    "console.rates.approve": SEES_MONEY,
    "console.rates.index": SEES_MONEY,
    "console.rates.preview": SEES_MONEY,
    "console.rates.proposal": SEES_MONEY,
    "console.rates.propose": SEES_MONEY,
    "console.rates.refuse": SEES_MONEY,
    "console.rates.split": SEES_MONEY,
    "console.rates.vesting": SEES_MONEY,
    "console.receipts.raw": SEES_ORDERS,
    "console.receipts.show": SEES_ORDERS,
    "console.reconciliation.bill": SEES_MONEY,
    "console.reconciliation.clearing": SEES_MONEY,
    "console.reconciliation.close": CLOSES_DAYS,
    "console.reconciliation.days": SEES_MONEY,
    "console.reconciliation.difference": SEES_MONEY,
    "console.reconciliation.differences": SEES_MONEY,
    "console.reconciliation.end": SEES_MONEY,
    "console.reconciliation.run": CLOSES_DAYS,
    "console.reconciliation.show": SEES_MONEY,
    "console.refunds.ask": REFUNDS,
    "console.refunds.decide": REFUNDS,
    "console.refunds.form": REFUNDS,
    "console.refunds.index": SEES_MONEY,
    "console.refunds.show": SEES_MONEY,
    "console.refunds.work_off": REFUNDS,
    "console.repair.close": SEES_MONEY,
    "console.repair.exceptions": SEES_MONEY,
    "console.repair.failures": RUNS,
    "console.repair.replay": RUNS,
    "console.reps.assign_codes": LEADS,
    "console.reps.disable": LEADS,
    "console.reps.enable": LEADS,
    "console.reps.index": SEES_REPS,
    "console.reps.invite": LEADS,
    "console.reps.leave": LEADS,
    "console.reps.show": SEES_REPS,
    "console.reps.unbind": LEADS,
    "console.sign_in.enter": ANYONE,
    "console.sign_in.leave": ANYONE,
    "console.sign_in.page": ANYONE,
    "console.statements.chain": PAYS,
    "console.statements.index": SEES_MONEY,
    "console.statements.raw": SEES_MONEY,
    "console.statements.sheet": SEES_MONEY,
    "console.statements.show": SEES_MONEY,
    "console.statements.table": SEES_MONEY,
    "console.static": ANYONE,
    "health.live": ANYONE,
    "health.ready": ANYONE,
    "health.metrics": MONITOR,
    "pay.notice": PLATFORM,
    "real_name.decision": PLATFORM,
    "storefront.arrival.promise": ANYONE,
    "storefront.arrival.review": MEMBER,
    "storefront.arrival.sign": MEMBER,
    "storefront.checkout.page": MEMBER,
    "storefront.counter.confirm": MEMBER,
    "storefront.counter.page": MEMBER,
    "storefront.links.share": ANYONE,
    "storefront.links.short": ANYONE,
    "storefront.links.touch": ANYONE,
    "storefront.mall.home": ANYONE,
    "storefront.mall.product": ANYONE,
    "storefront.mall.showroom": ANYONE,
    "storefront.numbers.hold": MEMBER,
    "storefront.numbers.index": MEMBER,
    "storefront.numbers.release": MEMBER,
    "storefront.orders.ask": MEMBER,
    "storefront.orders.create": MEMBER,
    "storefront.orders.index": MEMBER,
    "storefront.orders.pay": MEMBER,
    "storefront.orders.pay_page": MEMBER,
    "storefront.orders.refund": MEMBER,
    "storefront.orders.show": MEMBER,
    "storefront.orders.state": MEMBER,
    "storefront.shelf.mine": MEMBER,
    "storefront.shelf.product": ANYONE,
    "storefront.shelf.products": ANYONE,
    "storefront.sharing.create": ANYONE,
    "storefront.sharing.jssdk": ANYONE,
    "storefront.sign_in.begin": ANYONE,
    "storefront.sign_in.come_back": ANYONE,
    "storefront.sign_in.end": ANYONE,
    "storefront.static": ANYONE,
    "storefront.visits.book": MEMBER,
    "storefront.visits.cancel": MEMBER,
    "storefront.visits.index": MEMBER,
    "storefront.visits.new": MEMBER,
    "terminal.binding.bind": MEMBER,
    "terminal.binding.page": MEMBER,
    "terminal.binding.unbind": MEMBER,
    "terminal.bookings.arrived": REP,
    "terminal.bookings.index": REP,
    "terminal.bookings.missed": REP,
    "terminal.counter.index": REP,
    "terminal.counter.new": REP,
    "terminal.counter.offer": REP,
    "terminal.counter.show": REP,
    "terminal.customers.index": REP,
    "terminal.customers.note": REP,
    "terminal.customers.remark": REP,
    "terminal.customers.show": REP,
    "terminal.customers.visit": REP,
    "terminal.feed.digest": REP,
    "terminal.feed.index": REP,
    "terminal.home.rank": REP,
    "terminal.home.show": REP,
    "terminal.payouts.ask": REP,
    "terminal.payouts.confirm": REP,
    "terminal.payouts.index": REP,
    "terminal.payouts.state": REP,
    "terminal.pickup.done": REP,
    "terminal.pickup.look": REP,
    "terminal.pickup.page": REP,
    "terminal.pictures.show": REP,
    "terminal.poster.draw": REP,
    "terminal.poster.page": REP,
    "terminal.poster.picture": REP,
    "terminal.poster.send": REP,
    "terminal.poster.state": REP,
    "terminal.sales.income": REP,
    "terminal.sales.order": REP,
    "terminal.sales.orders": REP,
    "terminal.sales.receipt": REP,
    "terminal.shares.create": REP,
    "terminal.shares.draw": REP,
    "terminal.shares.index": REP,
    "terminal.shares.picture": REP,
    "terminal.shares.show": REP,
    "terminal.shares.state": REP,
    "terminal.shares.what": REP,
    "terminal.shares.where": REP,
    "terminal.statements.index": REP,
    "terminal.statements.show": REP,
    "terminal.tasks.accept": REP,
    "terminal.tasks.call": REP,
    "terminal.tasks.check": REP,
    "terminal.tasks.delivered": REP,
    "terminal.tasks.drop": REP,
    "terminal.tasks.goods_back": REP,
    "terminal.tasks.hand_over": REP,
    "terminal.tasks.index": REP,
    "terminal.tasks.pack": REP,
    "terminal.tasks.problem": REP,
    "terminal.tasks.serial": REP,
    "terminal.tasks.show": REP,
    "terminal.static": ANYONE,
    "wechat.verify": PLATFORM,
    "wechat.push": PLATFORM,
    "wechat.verification_file": ANYONE,
}


class UndeclaredRoute(Exception):
    """A route exists that the table does not know, or the table knows one that does not."""


Gate = Callable[[Access], ResponseReturnValue | None]
"""Lets a request through (None), or answers it: sends to the sign-in, or raises a refusal."""

_GATED = frozenset({Caller.MEMBER, Caller.REP, Caller.STAFF, Caller.MONITOR})


def install(app: Flask, gates: Mapping[Caller, Gate]) -> None:
    """Hold the table against the routes, and every request against its row.

    `gates` say of members, reps, staff and monitors whether this request comes from one; the
    platform is verified by its handlers. Raises UndeclaredRoute when a route or a gate is missing.
    """
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    if endpoints != set(TABLE):
        missing, extra = endpoints - set(TABLE), set(TABLE) - endpoints
        raise UndeclaredRoute(f"no row for {sorted(missing)}; no route for {sorted(extra)}")
    if open_callers := _GATED & {row.caller for row in TABLE.values()} - set(gates):
        raise UndeclaredRoute(f"nobody checks {sorted(open_callers)}")

    def check() -> ResponseReturnValue | None:
        row = TABLE.get(request.endpoint or "")
        gate = gates.get(row.caller) if row else None
        return gate(row) if gate and row else None

    app.before_request(check)
