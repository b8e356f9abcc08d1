"""The work of a stored push: whatever did not have to happen while the platform waited."""

from wx_backend.inbox import Push


def work_off(push: Push) -> None:
    raise NotImplementedError
