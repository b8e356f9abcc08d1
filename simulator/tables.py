"""The tables of the pretend platform: message side, money side, and what only phones know."""

from typing import Any

from simulator import pay_records as pay
from simulator import phone_records as phone
from simulator import records, workings
from simulator.store import Table


class Tables:
    """Every table by name; `tables` lists them all."""

    def __init__(self) -> None:
        self._open_message_side()
        self._open_money_side()
        self.moments = Table(phone.Moment)
        self.jars = Table(phone.Jar)
        self.tables: list[Table[Any]] = [t for t in vars(self).values() if isinstance(t, Table)]

    def _open_message_side(self) -> None:
        self.accounts = Table(records.Account)
        self.people = Table(records.Person)
        self.contacts = Table(records.Contact)
        self.messages = Table(records.Message)
        self.codes = Table(records.Code)
        self.mini_codes = Table(records.MiniCode)
        self.tokens = Table(records.Token)
        self.passes = Table(records.Pass)
        self.templates = Table(records.Template)
        self.sent = Table(records.Sent)
        self.mass_sends = Table(records.MassSend)
        self.drafts = Table(records.Draft)
        self.media = Table(records.Media)
        self.menus = Table(records.Menu)
        self.console_setups = Table(records.ConsoleSetup)
        self.tags = Table(records.Tag)
        self.counters = Table(workings.Counter)
        self.pointers = Table(workings.Pointer)
        self.tasks = Table(workings.Task)
        self.facts = Table(workings.Fact)
        self.rules = Table(workings.Rule)
        self.settings_table = Table(workings.Settings)

    def _open_money_side(self) -> None:
        self.merchants = Table(pay.Merchant)
        self.payments = Table(pay.Payment)
        self.prepays = Table(pay.Prepay)
        self.transactions = Table(pay.Transaction)
        self.refunds = Table(pay.Refund)
        self.transfers = Table(pay.Transfer)
        self.flows = Table(pay.Flow)
        self.bills = Table(pay.Bill)
        self.downloads = Table(pay.Download)
        self.billing_orders = Table(pay.BillingOrder)
        self.sms = Table(pay.Sms)
        self.real_names = Table(pay.RealNameCheck)
