"""The rows of WeChat Pay and of the two neighbours played by the simulator: billing and SMS."""

from dataclasses import dataclass, field
from typing import Any

from simulator.store import Row

JSON = dict[str, Any]


@dataclass
class Merchant(Row):
    """A merchant as its console is set; amounts in fen."""

    mchid: str
    serial: str = ""
    public_key: str = ""  # PEM of the merchant's certificate or public key
    apiv3_key: str = ""
    appids: list[str] = field(default_factory=list)
    sign_with: str = "public_key"  # public_key | certificate: what signs the notices
    has_certificate: bool = False  # merchants since late 2024 have none
    platform_private_key: str = ""
    platform_public_key_id: str = ""
    certificate_private_key: str = ""
    certificate: str = ""
    certificate_serial: str = ""
    balance_fen: int = 0
    booked_at: float = 0.0  # when the balance changed last
    operation_fen: int = 100_000_000
    fee_bp: int = 60
    refund_delay: float = 1.0
    refund_outcome: str = "SUCCESS"  # SUCCESS | CLOSED | ABNORMAL
    refund_spacing: float = 60.0
    transfer_limit_fen: int = 20_000
    transfer_day_limit_fen: int = 0  # to one person; 0: none
    bill_plants: list[JSON] = field(default_factory=list)  # see pay.bill_plants

    @property
    def key(self) -> str:
        return self.mchid


@dataclass
class Payment(Row):
    """One merchant order, keyed by the merchant's number; amounts in fen."""

    mchid: str
    out_trade_no: str
    appid: str
    trade_type: str
    total: int
    currency: str
    notify_url: str
    order: JSON  # the prepay body as first received
    created_at: float
    expires_at: float
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at: float = 0.0
    payer_openid: str = ""
    fee: int = 0
    refunded: int = 0

    @property
    def key(self) -> str:
        return f"{self.mchid}/{self.out_trade_no}"


@dataclass
class Prepay(Row):
    """A way to pay an order: `prepay_id`, or the tail of a code or H5 link."""

    prepay_id: str
    payment: str
    created_at: float

    @property
    def key(self) -> str:
        return self.prepay_id


@dataclass
class Transaction(Row):
    """From WeChat's number to the order it paid."""

    transaction_id: str
    payment: str

    @property
    def key(self) -> str:
        return self.transaction_id


@dataclass
class Refund(Row):
    """One refund, keyed by the merchant's number; amounts in fen."""

    mchid: str
    out_refund_no: str
    refund_id: str
    payment: str
    amount: int
    notify_url: str
    request: JSON
    created_at: float
    fee: int = 0  # the part of the platform's fee that the merchant gets back
    status: str = "PROCESSING"
    succeeded_at: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.mchid}/{self.out_refund_no}"


@dataclass
class Transfer(Row):
    """One merchant transfer to a person; amounts in fen."""

    mchid: str
    out_bill_no: str
    transfer_bill_no: str
    appid: str
    openid: str
    amount: int
    notify_url: str
    request: JSON
    package: str
    created_at: float
    updated_at: float
    state: str = "WAIT_USER_CONFIRM"
    fail_reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.mchid}/{self.out_bill_no}"


@dataclass
class Flow(Row):
    """One change of a merchant's balance, for the fund-flow bill; amounts in fen."""

    number: int
    mchid: str
    at: float
    name: str
    kind: str
    delta: int
    balance: int
    business_no: str
    voucher: str
    remark: str

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Bill(Row):
    """A generated statement: frozen when it was first asked for."""

    name: str
    content: str

    @property
    def key(self) -> str:
        return self.name


@dataclass
class Download(Row):
    """A link to a statement; it lives five minutes."""

    token: str
    mchid: str
    bill: str
    is_gzip: bool
    expires_at: float

    @property
    def key(self) -> str:
        return self.token


@dataclass
class BillingOrder(Row):
    """An order that the operator's billing system has accepted."""

    number: str
    receipt_no: str
    content: JSON
    accepted_at: float

    @property
    def key(self) -> str:
        return self.number


@dataclass
class RealNameCheck(Row):
    """Somebody whom the real-name service checks, by the shop's reference."""

    reference: str
    back: str
    opened_at: float
    decision: str = ""  # passed | refused

    @property
    def key(self) -> str:
        return self.reference


@dataclass
class Sms(Row):
    number: int
    phone: str
    text: str
    at: float

    @property
    def key(self) -> str:
        return str(self.number)
