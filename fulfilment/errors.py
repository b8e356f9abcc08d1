"""Refusals of the order chain."""

from wx_backend.errors import AppError, BadInput, Conflict


class NotYet(Conflict):
    """The node is not open, or was closed already; `details.node` names it."""

    code, message = "not_yet", "当前步骤还不能办理，请刷新后再试"


class TakenByOther(Conflict):
    """A colleague took the task a moment ago."""

    code, message = "taken_by_other", "该任务已由同事接单"


class NotTaken(Conflict):
    """Somebody has to take the task before it can be worked on."""

    code, message = "not_taken", "请先接单"


class ProofMissing(Conflict):
    """Evidence the node asks for is missing; `details.missing` names it."""

    code, message = "proof_missing", "还有未完成的核对项"


class NotReturnable(Conflict):
    """The message says why a line is not given back online."""

    code, message = "not_returnable", "这件商品不能在线申请退货，请联系营业厅"


class AlreadyAsked(Conflict):
    code, message = "already_asked", "这件商品已经申请退货"


class RequestDecided(Conflict):
    code, message = "request_decided", "这项退货申请已经处理过或撤回"


class BadSerial(BadInput):
    code, message = "bad_serial", "串码不正确，请重新扫描"


class SerialTaken(Conflict):
    """This unit went out with a line already."""

    code, message = "serial_taken", "该串码已售出，请核对"


class NoSuchCheck(BadInput):
    code, message = "no_such_check", "没有这个核对项"


class AlreadyGone(Conflict):
    """It was handed over already: it can only come back."""

    code, message = "already_gone", "订单已交付，不能再改派"


class WrongCode(AppError):
    status, code, message = 422, "wrong_code", "取货码不正确"


class NothingReady(Conflict):
    """The code is right, and nothing that it would fetch lies here; it stays unused."""

    code, message = "nothing_ready", "这个取货码目前没有可交付的商品，请联系省订单中心"


class TooManyTries(AppError):
    status, code, message = 429, "too_many_tries", "错误次数过多，请十五分钟后再试"


class AlreadyReviewed(Conflict):
    code, message = "already_reviewed", "已经评价过了"


class BadWaybill(BadInput):
    code, message = "bad_waybill", "请填写承运商和正确的运单号"
