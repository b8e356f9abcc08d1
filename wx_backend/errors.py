"""What can be refused: one class per refusal, one JSON shape, one page shape."""

from typing import Any, ClassVar


class AppError(Exception):
    """An expected refusal: shown to the caller, not logged as a fault.

    `code` is stable and machine-readable, `message` is what a person reads (Simplified
    Chinese), `details` names the fields concerned. Nothing in it may be a secret.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    message: str = "请求无法处理"

    def __init__(self, message: str | None = None, **details: Any) -> None:
        if message is not None:
            self.message = message
        self.details = details
        super().__init__(self.message)

    def as_json(self) -> dict[str, Any]:
        """The one JSON shape of every error this service answers."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class BadInput(AppError):
    """What was sent is not what this route takes; `details` maps field -> reason."""

    status, code, message = 400, "bad_input", "填写的内容有误"


class NotSignedIn(AppError):
    status, code, message = 401, "not_signed_in", "请先登录"


class Forbidden(AppError):
    status, code, message = 403, "forbidden", "没有权限"


class NotTheAsker(Forbidden):
    """What waits for a second person is taken back by the first one alone."""

    code, message = "not_the_asker", "只有提交人本人可以撤回"


class NotFound(AppError):
    """Also the answer for somebody else's object: foreign and missing look the same."""

    status, code, message = 404, "not_found", "没有找到"


class Conflict(AppError):
    status, code, message = 409, "conflict", "状态已变化，请刷新后再试"


class TooMany(AppError):
    """Too many calls in too short a time; `retry_after` is in seconds."""

    status, code, message = 429, "too_many", "操作太频繁了，请稍后再试"

    def __init__(self, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class Unavailable(AppError):
    """We cannot answer now; the caller may try again."""

    status, code, message = 503, "unavailable", "系统繁忙，请稍后再试"


class PlatformError(Exception):
    """A remote system refused, failed or did not answer.

    `permanent` is True when repeating the same call cannot help; `unknown` is True when the
    call may have taken effect although no usable answer came back, so that it must be queried
    before anything is repeated under another number. `msg_id` is the number of what was done before
    (45065), if the refusal told it. Carries no URL, query string or body.
    """

    def __init__(
        self,
        api: str,
        code: str,
        message: str = "",
        *,
        permanent: bool,
        unknown: bool = False,
        msg_id: str | None = None,
    ) -> None:
        self.api = api
        self.code = code
        self.message = message
        self.permanent = permanent
        self.unknown = unknown
        self.msg_id = msg_id
        super().__init__(f"{api}: {code} {message}".rstrip())
