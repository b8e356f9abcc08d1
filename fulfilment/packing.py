"""Evidence at the packing desk and the carrier's: check-list, serial numbers, waybill."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from fulfilment.errors import BadSerial, NoSuchCheck, ProofMissing, SerialTaken
from fulfilment.models import Chain, Evidence, Serial, SerialKind, Task
from fulfilment.nodes import CHECKS, Node, Proof, Way, step_of
from fulfilment.queries import evidence_of, serial_of, serials_out
from fulfilment.rules import is_iccid, is_imei
from wx_backend.db import db, upsert

_RIGHT = {SerialKind.IMEI: is_imei, SerialKind.ICCID: is_iccid}


def note_evidence(
    task: Task, kind: Proof, value: str, *, actor: str, now: datetime, picture: str | None = None
) -> bool:
    """Keep one piece of evidence; False when it was noted before."""
    values = {
        "task_id": task.id,
        "kind": kind,
        "value": value,
        "picture": picture,
        "actor": actor,
        "noted_at": now,
    }
    return upsert(Evidence, values, key=("task_id", "kind", "value"))


def checks_of(chain: Chain) -> Mapping[str, str]:
    """The check-list of a line: key of each item, and what it asks; each gift is one more."""
    checks = CHECKS.get(chain.product_kind, {})
    gifts = {
        f"gift-{n}": f"赠品：{name} × {count}" for n, (name, count) in enumerate(chain.gifts, 1)
    }
    return {**checks, **gifts} if checks else {}


def note_check(chain: Chain, task: Task, check: str, *, actor: str, now: datetime) -> None:
    """One item of the check-list was found right; NoSuchCheck for an unknown one."""
    if check not in checks_of(chain):
        raise NoSuchCheck(check=check)
    note_evidence(task, Proof.CHECK, check, actor=actor, now=now)


def note_serial(chain: Chain, task: Task, value: str, *, actor: str, now: datetime) -> None:
    """One unit was scanned; the same unit scanned again for its own line changes nothing.

    Raises BadSerial for a wrong number or one unit too many, SerialTaken for a unit that went
    out with another line: the database refuses the second of two that scan it at once.
    """
    kind, value = serial_of(chain.product_kind, chain.category_id), value.strip().upper()
    if kind is SerialKind.NONE or not _RIGHT[kind](value):
        raise BadSerial
    scanned = serials_out(chain.order_line_id)
    if value in scanned:
        return
    if len(scanned) >= chain.quantity:
        raise BadSerial("串码数量已满，请核对件数")
    try:
        with db.session.begin_nested():
            db.session.add(
                Serial(
                    kind=kind,
                    value=value,
                    order_line_id=chain.order_line_id,
                    task_id=task.id,
                    scanned_at=now,
                )
            )
    except IntegrityError as error:
        raise SerialTaken from error
    note_evidence(task, Proof.SERIAL, value, actor=actor, now=now)


def drop_serial(chain: Chain, value: str, *, now: datetime) -> bool:
    """A unit was scanned by mistake: it stays on the shelf; False when it was not scanned."""
    return bool(_give_back(chain, now, Serial.value == value.strip().upper()))


def take_serials_back(chain: Chain, *, now: datetime) -> int:
    """The units of a line are back and may go out again; how many they were."""
    return _give_back(chain, now)


def _give_back(chain: Chain, now: datetime, *which: object) -> int:
    changed = db.session.execute(
        update(Serial)
        .where(Serial.order_line_id == chain.order_line_id, Serial.returned_at.is_(None), *which)  # type: ignore[arg-type]  # conditions
        .values(returned_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def check_proofs(chain: Chain, task: Task) -> None:
    """Raise ProofMissing, naming what the node still asks for."""
    missing = missing_proofs(chain, task)
    if missing:
        raise ProofMissing(missing=missing)


def missing_proofs(chain: Chain, task: Task) -> list[str]:
    """What a node still asks for: keys of check-list items, `serial`, kinds of evidence."""
    step = step_of(Way(chain.way), Node(task.node))
    noted = evidence_of([task.id]).get(task.id, [])
    missing: list[str] = []
    for proof in step.proofs if step is not None else ():
        if proof is Proof.CHECK:
            seen = {each.value for each in noted if each.kind == Proof.CHECK}
            missing += [check for check in checks_of(chain) if check not in seen]
        elif proof is Proof.SERIAL:
            missing += ["serial"] * (_serials_wanted(chain) - len(serials_out(chain.order_line_id)))
        elif not any(each.kind == proof for each in noted):
            missing.append(proof)
    return missing


def _serials_wanted(chain: Chain) -> int:
    is_counted = serial_of(chain.product_kind, chain.category_id) is not SerialKind.NONE
    return chain.quantity if is_counted else 0
