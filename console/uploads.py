"""A list in a form: typed, or as a file."""

from typing import Final

from flask import request

from wx_backend.errors import BadInput

LIST_BYTES: Final = 1_048_576


def list_typed() -> tuple[str, bool]:
    """The text of a list of people, and whether it came as a file. Raises BadInput for one too large."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return request.form.get("list", ""), False
    sent = file.read(LIST_BYTES + 1)
    if len(sent) > LIST_BYTES:
        raise BadInput("文件超过 1 MB", fields=["file"])
    return sent.decode("utf-8", errors="replace"), True
