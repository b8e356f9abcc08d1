"""Who may call which route: one row per endpoint; an endpoint without a row stops the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
    tiers: frozenset[str] = frozenset()  # of the staff's own node; empty means every tier

    def at(self, *tiers: str) -> "Access":
        """The same for staff of some tiers only."""
        return replace(self, tiers=frozenset(tiers))

    def admits(self, role: str, tier: str) -> bool:
        """Whether staff of this role at a node of this tier may call."""
        return role in self.roles and (not self.tiers or tier in self.tiers)


ANYONE = Access(Caller.ANYONE, Scope.ALL)
PLATFORM = Access(Caller.PLATFORM, Scope.ALL)
MONITOR = Access(Caller.MONITOR, Scope.ALL)
MEMBER = Access(Caller.MEMBER, Scope.OWN)
REP = Access(Caller.REP, Scope.OWN)


def staff(*roles: str) -> Access:
    """Console users of these roles, each within the subtree of his own node."""
    return Access(Caller.STAFF, Scope.SUBTREE, frozenset(roles))


ABOVE_OUTLETS = ("group", "province", "city")
LOOKS = staff("administrator", "manager", "marketer", "finance", "clerk")
SEES_ORDERS = staff("administrator", "manager", "finance", "clerk")
SEES_MONEY = staff("administrator", "manager", "finance")
SEES_REPS = staff("administrator", "manager", "marketer", "finance")
PAYS = staff("administrator", "finance").at(*ABOVE_OUTLETS)
LEADS = staff("administrator", "manager")
RUNS = staff("administrator")
RULES_ALL = replace(RUNS, scope=Scope.ALL)  # for those only whose node holds every outlet there is
LEADS_ALL = replace(LEADS, scope=Scope.ALL)
SERVES = staff("administrator", "manager", "clerk")
MARKETS = staff("administrator", "manager", "marketer")
CLOSES_DAYS = PAYS
REFUNDS = staff("administrator", "manager", "finance")
# People and their rights are for group and province; goods, logistics and settlement not for an outlet.
PEOPLE = RUNS.at("group", "province")
SETTLES = SEES_MONEY.at(*ABOVE_OUTLETS)
LEADS_ABOVE = LEADS.at(*ABOVE_OUTLETS)
EDITS_GOODS = MARKETS.at(*ABOVE_OUTLETS)

TABLE: dict[str, Access] = {
    "billing.receipt": PLATFORM,
    "console.accounts.index": RUNS,
    "console.accounts.let_leave": RUNS,
    "console.accounts.quotas": RUNS,
    "console.accounts.stop_sync": RUNS,
    "console.accounts.sync": RUNS,
    "console.albums.hang": EDITS_GOODS,
    "console.albums.put_first": EDITS_GOODS,
    "console.albums.take_down": EDITS_GOODS,
    "console.archives.ask": RULES_ALL,
    "console.archives.fetch": RULES_ALL,
    "console.archives.index": RULES_ALL,
    "console.archives.remove": RULES_ALL,
    "console.briefing.daily": SEES_ORDERS,
    "console.briefing.end": SEES_ORDERS,
    "console.briefing.index": SEES_ORDERS,
    "console.briefing.link": SEES_ORDERS,
    "console.calendar.add_days": RULES_ALL,
    "console.calendar.dispatch": RULES_ALL,
    "console.calendar.forget_day": RULES_ALL,
    "console.calendar.index": LEADS_ABOVE,
    "console.calendar.same_day": LEADS_ABOVE,
    "console.calendar.serial": RULES_ALL,
    "console.account.begin_factor": LOOKS,
    "console.account.codes": LOOKS,
    "console.account.confirm_factor": LOOKS,
    "console.account.drop": LOOKS,
    "console.account.end": LOOKS,
    "console.account.end_others": LOOKS,
    "console.account.factor": LOOKS,
    "console.account.new_password": LOOKS,
    "console.account.password": LOOKS,
    "console.account.show": LOOKS,
    "console.audit.file_csv": RUNS,
    "console.audit.index": RUNS,
    "console.audit.show": RUNS,
    "console.banners.create": MARKETS,
    "console.banners.form": MARKETS,
    "console.banners.index": MARKETS,
    "console.banners.new": MARKETS,
    "console.banners.save": MARKETS,
    "console.banners.show": MARKETS,
    "console.banners.switch": MARKETS,
    "console.billing.again": SETTLES,
    "console.billing.index": SETTLES,
    "console.campaign_lists.export": MARKETS,
    "console.campaign_lists.index": MARKETS,
    "console.campaign_people.export": MARKETS,
    "console.campaign_people.index": MARKETS,
    "console.campaigns.approve": MARKETS,
    "console.campaigns.carry_on": MARKETS,
    "console.campaigns.create": MARKETS,
    "console.campaigns.edit": MARKETS,
    "console.campaigns.form": MARKETS,
    "console.campaigns.index": MARKETS,
    "console.campaigns.new": MARKETS,
    "console.campaigns.override": LEADS,
    "console.campaigns.pause": MARKETS,
    "console.campaigns.preview": MARKETS,
    "console.campaigns.refuse": MARKETS,
    "console.campaigns.results": MARKETS,
    "console.campaigns.resume": MARKETS,
    "console.campaigns.show": MARKETS,
    "console.campaigns.start": MARKETS,
    "console.campaigns.stop": MARKETS,
    "console.campaigns.submit": MARKETS,
    "console.campaigns.take_list": MARKETS,
    "console.campaigns.withdraw": MARKETS,
    "console.claims.ask": SERVES,
    "console.claims.decide": LEADS,
    "console.claims.form": SERVES,
    "console.claims.index": SERVES,
    "console.claims.lift": SERVES,
    "console.claims.withdraw": SERVES,
    "console.dashboard.show": LOOKS,
    "console.disputes.close": LEADS_ABOVE,
    "console.disputes.decide": LEADS_ABOVE,
    "console.disputes.index": LEADS,
    "console.disputes.reassign": LEADS_ABOVE,
    "console.disputes.show": LEADS,
    "console.disputes.withdraw": LEADS_ABOVE,
    "console.farming.decide": LEADS,
    "console.farming.index": LEADS,
    "console.farming.show": LEADS,
    "console.figures.export": SEES_MONEY,
    "console.figures.export_rows": SEES_MONEY,
    "console.figures.index": SEES_ORDERS,
    "console.figures.rows": SEES_ORDERS,
    "console.imports.file_csv": PEOPLE,
    "console.imports.file_xlsx": PEOPLE,
    "console.imports.index": PEOPLE,
    "console.imports.show": PEOPLE,
    "console.imports.start": PEOPLE,
    "console.imports.take": PEOPLE,
    "console.imports.undo": PEOPLE,
    "console.kpis.file_csv": SEES_MONEY,
    "console.kpis.file_orders": SEES_MONEY,
    "console.kpis.file_xlsx": SEES_MONEY,
    "console.kpis.index": SEES_ORDERS,
    "console.kpis.reply": SERVES,
    "console.kpis.show": SEES_ORDERS,
    "console.mass_sends.enter": MARKETS,
    "console.mass_sends.index": MARKETS,
    "console.mass_sends.sync": MARKETS,
    "console.message_templates.ask": LEADS,
    "console.message_templates.index": MARKETS,
    "console.message_templates.save": LEADS,
    "console.message_templates.show": MARKETS,
    "console.message_templates.switch_off": LEADS,
    "console.message_templates.sync": MARKETS,
    "console.message_templates.try_out": MARKETS,
    "console.menus.adopt": MARKETS,
    "console.menus.begin": MARKETS,
    "console.menus.compare": MARKETS,
    "console.menus.differences": MARKETS,
    "console.menus.drop": MARKETS,
    "console.menus.edit": MARKETS,
    "console.menus.history": MARKETS,
    "console.menus.index": MARKETS,
    "console.menus.personal": MARKETS,
    "console.menus.publish": MARKETS,
    "console.menus.restore": MARKETS,
    "console.menus.show": MARKETS,
    "console.menus.stop": MARKETS,
    "console.numbers.index": LOOKS,
    "console.numbers.offer": LEADS,
    "console.numbers.withdraw": LEADS,
    "console.orders.address": SERVES,
    "console.orders.export": SEES_MONEY,
    "console.orders.index": SEES_ORDERS,
    "console.orders.show": SEES_ORDERS,
    "console.places.close": PEOPLE,
    "console.places.create": PEOPLE,
    "console.places.describe": PEOPLE,
    "console.places.index": PEOPLE,
    "console.places.move": PEOPLE,
    "console.places.show": PEOPLE,
    "console.policies.approve": LEADS_ALL,
    "console.policies.call_off": LEADS_ALL,
    "console.policies.create": LEADS_ALL,
    "console.policies.index": SEES_REPS,
    "console.policies.new": LEADS_ALL,
    "console.policies.refuse": LEADS_ALL,
    "console.policies.show": LEADS_ALL,
    "console.policies.withdraw": LEADS_ALL,
    "console.pool.call_off": SERVES,
    "console.pool.dispatch": LEADS_ABOVE,
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
    "console.payouts.index": SETTLES,
    "console.payouts.new": PAYS,
    "console.payouts.propose": PAYS,
    "console.payouts.reject": PAYS,
    "console.payouts.resume": PAYS,
    "console.payouts.see_return": SETTLES,
    "console.payouts.show": SETTLES,
    "console.payouts.take_return": PAYS,
    "console.payouts.withdraw": PAYS,
    "console.periods.approve": PAYS,
    "console.periods.ask": PAYS,
    "console.periods.close": PAYS,
    "console.periods.index": SETTLES,
    "console.periods.show": SETTLES,
    "console.product_editor.create": EDITS_GOODS,
    "console.product_editor.form": EDITS_GOODS,
    "console.product_editor.new": EDITS_GOODS,
    "console.product_editor.save": EDITS_GOODS,
    "console.products.ask": EDITS_GOODS,
    "console.products.decide": LEADS_ABOVE,
    "console.products.decide_price": LEADS_ABOVE,
    "console.products.index": LOOKS,
    "console.products.list_again": LEADS_ABOVE,
    "console.products.reprice": LEADS_ABOVE,
    "console.products.show": LOOKS,
    "console.products.tick": EDITS_GOODS,
    "console.products.unlist": LEADS_ABOVE,
    "console.products.withdraw": EDITS_GOODS,
    "console.products.withdraw_price": LEADS_ABOVE,
    "console.real_names.decide": SERVES,
    "console.rates.approve": SETTLES,
    "console.rates.index": SETTLES,
    "console.rates.preview": SETTLES,
    "console.rates.proposal": SETTLES,
    "console.rates.propose": SETTLES,
    "console.rates.refuse": SETTLES,
    "console.rates.split": SETTLES,
    "console.rates.vesting": SETTLES,
    "console.rates.withdraw": SETTLES,
    "console.receipts.raw": SEES_ORDERS,
    "console.receipts.show": SEES_ORDERS,
    "console.reconciliation.bill": SETTLES,
    "console.reconciliation.clearing": SETTLES,
    "console.reconciliation.close": CLOSES_DAYS,
    "console.reconciliation.days": SETTLES,
    "console.reconciliation.difference": SETTLES,
    "console.reconciliation.differences": SETTLES,
    "console.reconciliation.end": SETTLES,
    "console.reconciliation.run": CLOSES_DAYS,
    "console.reconciliation.show": SETTLES,
    "console.refunds.again": REFUNDS,
    "console.refunds.ask": REFUNDS,
    "console.refunds.decide": REFUNDS,
    "console.refunds.decide_way_out": REFUNDS,
    "console.refunds.form": REFUNDS,
    "console.refunds.index": SEES_MONEY,
    "console.refunds.show": SEES_MONEY,
    "console.refunds.withdraw": REFUNDS,
    "console.refunds.withdraw_way_out": REFUNDS,
    "console.refunds.work_off": REFUNDS,
    "console.repair.close": SEES_MONEY,
    "console.repair.exceptions": SEES_MONEY,
    "console.repair.failures": RULES_ALL,
    "console.repair.replay": RULES_ALL,
    "console.repair.replay_kind": RULES_ALL,
    "console.repair.replay_several": RULES_ALL,
    "console.repair.report_again": SEES_MONEY,
    "console.replies.act": MARKETS,
    "console.replies.add": MARKETS,
    "console.replies.change": MARKETS,
    "console.replies.index": MARKETS,
    "console.replies.show": MARKETS,
    "console.rep_moves.hire": PEOPLE,
    "console.rep_moves.move": PEOPLE,
    "console.rep_moves.new": PEOPLE,
    "console.rep_moves.part": LEADS,
    "console.rep_moves.plan": PEOPLE,
    "console.reps.assign_codes": LEADS,
    "console.reps.disable": LEADS,
    "console.reps.enable": LEADS,
    "console.reps.index": SEES_REPS,
    "console.reps.invite": LEADS,
    "console.reps.leave": LEADS,
    "console.reps.show": SEES_REPS,
    "console.reps.unbind": LEADS,
    "console.returns.decide": REFUNDS,
    "console.shelves.add": EDITS_GOODS,
    "console.shelves.index": EDITS_GOODS,
    "console.shelves.rename": LEADS_ABOVE,
    "console.sign_in.code": ANYONE,
    "console.sign_in.enter": ANYONE,
    "console.sign_in.enter_code": ANYONE,
    "console.sign_in.leave": ANYONE,
    "console.sign_in.page": ANYONE,
    "console.skus.add": EDITS_GOODS,
    "console.skus.form": EDITS_GOODS,
    "console.skus.new": EDITS_GOODS,
    "console.skus.offer": EDITS_GOODS,
    "console.skus.save": EDITS_GOODS,
    "console.skus.stop": EDITS_GOODS,
    "console.staff.create": PEOPLE,
    "console.staff.disable": PEOPLE,
    "console.staff.enable": PEOPLE,
    "console.staff.index": PEOPLE,
    "console.staff.new": PEOPLE,
    "console.staff.reset": PEOPLE,
    "console.staff.show": PEOPLE,
    "console.staff.transfer": PEOPLE,
    "console.statements.chain": PAYS,
    "console.statements.index": SETTLES,
    "console.statements.prove": PAYS,
    "console.statements.raw": SETTLES,
    "console.statements.sheet": SETTLES,
    "console.statements.show": SETTLES,
    "console.statements.table": SETTLES,
    "console.static": ANYONE,
    "console.stock.correct": LEADS,
    "console.stock.index": SEES_ORDERS,
    "console.stock.receive": LEADS,
    "console.stock.show": SEES_ORDERS,
    "console.stops.index": RULES_ALL,
    "console.stops.lift": RULES_ALL,
    "console.stops.lift_place": RULES_ALL,
    "console.stops.stop": RULES_ALL,
    "console.stops.stop_place": RULES_ALL,
    "console.tags.apply": MARKETS,
    "console.tags.create": MARKETS,
    "console.tags.edit": MARKETS,
    "console.tags.give": MARKETS,
    "console.tags.index": MARKETS,
    "console.tags.remove": MARKETS,
    "console.tags.show": MARKETS,
    "console.tags.show_account": MARKETS,
    "console.tags.stop_sync": MARKETS,
    "console.tags.sync": MARKETS,
    "console.tags.take": MARKETS,
    "health.live": ANYONE,
    "health.ready": ANYONE,
    "health.metrics": MONITOR,
    "pay.notice": PLATFORM,
    "real_name.decision": PLATFORM,
    "storefront.addresses.add": MEMBER,
    "storefront.addresses.change": MEMBER,
    "storefront.addresses.change_by_call": MEMBER,
    "storefront.addresses.create": MEMBER,
    "storefront.addresses.drop": MEMBER,
    "storefront.addresses.drop_by_call": MEMBER,
    "storefront.addresses.index": MEMBER,
    "storefront.addresses.page": MEMBER,
    "storefront.addresses.prefer": MEMBER,
    "storefront.addresses.prefer_by_call": MEMBER,
    "storefront.arrival.promise": ANYONE,
    "storefront.arrival.review": MEMBER,
    "storefront.arrival.sign": MEMBER,
    "storefront.banners.follow": ANYONE,
    "storefront.banners.index": ANYONE,
    "storefront.banners.tap": ANYONE,
    "storefront.cart.change": ANYONE,
    "storefront.cart.change_by_form": ANYONE,
    "storefront.cart.page": ANYONE,
    "storefront.cart.put": ANYONE,
    "storefront.cart.show": ANYONE,
    "storefront.checkout.page": MEMBER,
    "storefront.counter.confirm": MEMBER,
    "storefront.counter.page": MEMBER,
    "storefront.links.share": ANYONE,
    "storefront.links.short": ANYONE,
    "storefront.links.touch": ANYONE,
    "storefront.mall.category": ANYONE,
    "storefront.mall.home": ANYONE,
    "storefront.mall.mine": ANYONE,
    "storefront.mall.product": ANYONE,
    "storefront.mall.search": ANYONE,
    "storefront.mall.showroom": ANYONE,
    "storefront.notices.index": MEMBER,
    "storefront.notices.page": MEMBER,
    "storefront.numbers.hold": MEMBER,
    "storefront.numbers.index": MEMBER,
    "storefront.numbers.release": MEMBER,
    "storefront.openapi.document": ANYONE,
    "storefront.order_calls.review": MEMBER,
    "storefront.order_calls.show": MEMBER,
    "storefront.order_calls.sign": MEMBER,
    "storefront.order_calls.why": MEMBER,
    "storefront.orders.ask": MEMBER,
    "storefront.orders.cancel": MEMBER,
    "storefront.orders.code": MEMBER,
    "storefront.orders.create": MEMBER,
    "storefront.orders.index": MEMBER,
    "storefront.orders.pay": MEMBER,
    "storefront.orders.pay_page": MEMBER,
    "storefront.orders.refund": MEMBER,
    "storefront.orders.show": MEMBER,
    "storefront.orders.state": MEMBER,
    "storefront.orders.why": MEMBER,
    "storefront.phone.check": MEMBER,
    "storefront.phone.join": MEMBER,
    "storefront.phone.join_by_form": MEMBER,
    "storefront.phone.page": MEMBER,
    "storefront.phone.send": MEMBER,
    "storefront.phone.show": MEMBER,
    "storefront.pictures.show": ANYONE,
    "storefront.place_calls.place": ANYONE,
    "storefront.place_calls.showroom": ANYONE,
    "storefront.places.city": ANYONE,
    "storefront.places.near": ANYONE,
    "storefront.places.outlet": ANYONE,
    "storefront.places.province": ANYONE,
    "storefront.posters.create": MEMBER,
    "storefront.posters.picture": MEMBER,
    "storefront.posters.state": MEMBER,
    "storefront.programs.launch": ANYONE,
    "storefront.programs.sign_in": ANYONE,
    "storefront.programs.sign_out": ANYONE,
    "storefront.returns.ask_back_by_call": MEMBER,
    "storefront.returns.withdraw": MEMBER,
    "storefront.shelf.mine": MEMBER,
    "storefront.shelf.product": ANYONE,
    "storefront.shelf.products": ANYONE,
    "storefront.sharing.create": ANYONE,
    "storefront.sharing.jssdk": ANYONE,
    "storefront.sign_in.begin": ANYONE,
    "storefront.sign_in.come_back": ANYONE,
    "storefront.sign_in.end": ANYONE,
    "storefront.static": ANYONE,
    "storefront.visit_calls.book": MEMBER,
    "storefront.visit_calls.cancel": MEMBER,
    "storefront.visit_calls.confirm": MEMBER,
    "storefront.visit_calls.counter": MEMBER,
    "storefront.visit_calls.index": MEMBER,
    "storefront.visit_calls.slots": MEMBER,
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
    "terminal.briefing.accept": MEMBER,
    "terminal.briefing.end": MEMBER,
    "terminal.briefing.offered": MEMBER,
    "terminal.briefing.show": MEMBER,
    "terminal.counter.index": REP,
    "terminal.counter.new": REP,
    "terminal.counter.offer": REP,
    "terminal.counter.show": REP,
    "terminal.counter.withdraw": REP,
    "terminal.customers.ending": REP,
    "terminal.customers.index": REP,
    "terminal.customers.note": REP,
    "terminal.customers.remark": REP,
    "terminal.customers.show": REP,
    "terminal.customers.visit": REP,
    "terminal.feed.digest": REP,
    "terminal.feed.index": REP,
    "terminal.home.rank": REP,
    "terminal.home.show": REP,
    "terminal.home.team": REP,
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
    "terminal.showroom.greeting": REP,
    "terminal.showroom.page": REP,
    "terminal.showroom.picks": REP,
    "terminal.statements.index": REP,
    "terminal.statements.show": REP,
    "terminal.tasks.accept": REP,
    "terminal.tasks.address": REP,
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
    "wechat.verification_file": ANYONE,
}


WITH_REASON = frozenset(
    {
        "console.farming.decide",
        "console.imports.undo",
        "console.numbers.offer",
        "console.numbers.withdraw",
        "console.places.close",
        "console.places.move",
        "console.rep_moves.move",
        "console.reps.disable",
        "console.reps.enable",
        "console.reps.leave",
        "console.staff.create",
        "console.staff.disable",
        "console.staff.enable",
        "console.staff.reset",
        "console.staff.transfer",
    }
)
"""Acts upon rights that are refused without a `reason`; it is kept in the audit trail."""


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
