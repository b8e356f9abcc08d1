"""A merchant's money on the platform: every change of the balance is one line of the fund-flow bill."""

from simulator.pay_records import Flow, Merchant
from simulator.world import World

TRADE = ("交易", "交易")
FEE = ("交易", "扣除交易手续费")
REFUND = ("退款", "退款")
REFUND_FAILED = ("退款失败", "退款")


def fee_of(merchant: Merchant, total: int) -> int:
    """The platform's fee in fen, rounded half up."""
    return (total * merchant.fee_bp * 2 + 10_000) // 20_000


def share_of_fee(merchant: Merchant, before: int, amount: int) -> int:
    """The part of the fee that a refund gives back; the parts of all refunds add up to the fee."""
    return fee_of(merchant, before + amount) - fee_of(merchant, before)


def move(
    world: World,
    merchant: Merchant,
    delta: int,
    reason: tuple[str, str],
    numbers: tuple[str, str],
    remark: str,
) -> None:
    """Change the balance by `delta` fen and write the line; `reason` is its name and kind.

    `numbers` are the platform's and the merchant's. Books go by time, also when the clock is moved back.
    """
    merchant.balance_fen += delta
    merchant.booked_at = max(world.now(), merchant.booked_at)
    world.merchants.save(merchant)
    name, kind = reason
    line = Flow(
        number=world.serial("flow"),
        mchid=merchant.mchid,
        at=merchant.booked_at,
        name=name,
        kind=kind,
        delta=delta,
        balance=merchant.balance_fen,
        business_no=numbers[0],
        voucher=numbers[1],
        remark=remark,
    )
    world.flows.save(line)
