"""Pictures that people of an outlet take of a problem: checked, drawn anew, kept under a random name."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from flows.safe_picture import drawn_anew
from fulfilment.models import Task
from fulfilment.queries import chain_within, evidence_of, task_of_outlet
from org.queries import under
from org.roster import holds_everything
from wx_backend.db import db
from wx_backend.errors import NotFound
from wx_backend.platform import config


def keep_picture(data: bytes) -> str:
    """Store a picture as a JPEG of our own making; its name. Raises BadPicture.

    Nothing of the upload survives but its pixels: no metadata, no place where it was taken.
    """
    jpeg = drawn_anew(data).jpeg
    name = secrets.token_hex(16)
    folder = evidence_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jpg").write_bytes(jpeg)
    return name


def drop_picture(name: str) -> None:
    """Forget a picture that nothing refers to."""
    (evidence_folder() / f"{name}.jpg").unlink(missing_ok=True)


def picture_at_outlet(*, task_id: int, name: str, outlet_id: int) -> bytes:
    """A picture of a task that lies with this outlet; NotFound for any other."""
    task_of_outlet(task_id, outlet_id)
    return _picture(task_id, name)


def picture_within(*, task_id: int, name: str, node_id: int) -> bytes:
    """A picture of a task in the part of the organisation below a node; NotFound otherwise."""
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotFound
    chain_within(task.chain_id, under(node_id), sees_all=holds_everything(node_id))
    return _picture(task_id, name)


def pictures_of(task_ids: Iterable[int]) -> dict[int, str]:
    """The last picture of each of these tasks that has one, by task id."""
    return {
        task_id: each.picture
        for task_id, rows in evidence_of(task_ids).items()
        for each in rows
        if each.picture is not None
    }


def _picture(task_id: int, name: str) -> bytes:
    known = {each.picture for each in evidence_of([task_id]).get(task_id, [])}
    path = evidence_folder() / f"{name}.jpg"
    if name not in known or not path.is_file():
        raise NotFound
    return path.read_bytes()


def evidence_folder() -> Path:
    """Where they lie."""
    return config().service.data_dir / "pictures"
