"""The audit trail: who did what, to what, from what to what, and why.

An edge says who acts (`act_as`). From then on each of its transactions that changes rows adds one
entry before it commits, whichever code changed them: an entry stands exactly when its act does.

A model names the columns whose values may be read in the trail in `__audited__`. Of any other
column the trail tells only that it changed, so neither secrets nor personal data come into it. A
model with `__audited__ = None` is machinery and is not told of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final

from flask import g, has_app_context
from sqlalchemy import JSON, Index, Result, String, event, inspect, select
from sqlalchemy.orm import InstanceState, Mapped, ORMExecuteState, Session, mapped_column

from wx_backend import clock
from wx_backend.db import BigId, Instant, Model, db, id_column
from wx_backend.log import masked

CHANGES_MAX: Final = 50
TEXT_MAX: Final = 200
HIDDEN: Final = "•••"
_KEPT: Final = "audit_changes"


class AuditEntry(Model):
    """One act that changed something; `node_id` is the place of who acted, at that moment."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_node_id", "node_id", "id"),)
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor: Mapped[str] = mapped_column(String(40))
    node_id: Mapped[int | None] = mapped_column(BigId)
    what: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(200))
    request_id: Mapped[str] = mapped_column(String(16))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what: `staff:7`, an endpoint, a job or a command, what it is about, and why."""

    actor: str
    what: str
    subject: str = ""
    reason: str = ""
    node_id: int | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """One changed row, and the savepoint it was changed in."""

    savepoint: Any
    told: Mapping[str, Any]


def act_as(act: Act | None) -> None:
    """Say who acts from here on, for as long as this application context lasts; None ends it."""
    g.audit_act = act


def tell(
    table: str,
    key: str,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    verb: str = "update",
) -> None:
    """Say what the act does to machinery, or takes away as a file: the trail is told of neither by itself."""
    if _act() is not None:
        told = {"table": table, "key": key, "verb": verb, "before": before, "after": after}
        _keep(db.session(), told)


def _act() -> Act | None:
    return g.get("audit_act") if has_app_context() else None


def _after_flush(session: Session, _flush: object) -> None:
    """Note what a flush writes, while the old values are still known."""
    if _act() is None:
        return
    verbs = ((session.new, "insert"), (session.dirty, "update"), (session.deleted, "delete"))
    for rows, verb in verbs:
        for row in rows:
            if told := _told(inspect(row), verb):
                _keep(session, told)


def _told(state: InstanceState[Any], verb: str) -> dict[str, Any]:
    """What the trail says of a row; empty when nothing of it changed."""
    shown: tuple[str, ...] | None = getattr(state.class_, "__audited__", ())
    if shown is None:
        return {}
    before, after = {}, {}
    for attribute in state.mapper.column_attrs:
        name, history = attribute.key, state.attrs[attribute.key].history
        if verb == "update" and not history.has_changes():
            continue
        if verb != "update" and name not in shown:
            continue
        old, new = _old(history), history.added or history.unchanged
        if verb != "insert":
            before[name] = _readable(old[0] if old else None, is_shown=name in shown)
        if verb != "delete":
            after[name] = _readable(new[0] if new else None, is_shown=name in shown)
    if verb == "update" and not after:
        return {}
    key = ":".join(str(part) for part in state.mapper.primary_key_from_instance(state.obj()))
    table = state.mapper.local_table.name  # type: ignore[attr-defined]  # a Table
    return {"table": table, "key": key, "verb": verb, "before": before, "after": after}


def _old(history: Any) -> Any:
    return history.deleted or history.unchanged


def _readable(value: Any, *, is_shown: bool) -> Any:
    """A value as JSON holds it; a hidden one only says that there is one."""
    if value is None or isinstance(value, bool | int | float):
        return value if is_shown or value is None else HIDDEN
    if not is_shown or isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, datetime | date):
        return value.isoformat()
    return masked(str(value))[:TEXT_MAX]


def _on_statement(state: ORMExecuteState) -> Result[Any] | None:
    """Note a statement that changed rows: which table, and of an audited one's rows which values."""
    if not (state.is_insert or state.is_update or state.is_delete) or _act() is None:
        return None
    mapper = state.bind_mapper
    shown = () if mapper is None else getattr(mapper.class_, "__audited__", ())
    if shown is None:
        return None
    before = _values(state, mapper, shown) if shown and _can_be_read(state) else {}
    result, has_changed = _looked_at(state)
    if has_changed:
        verb = "insert" if state.is_insert else "update" if state.is_update else "delete"
        table = state.statement.table.name  # type: ignore[attr-defined]  # of INSERT, UPDATE, DELETE
        after = _values(state, mapper, shown, only=[*before]) if before else {}
        for told in _differences(before, after) or [{"key": "", "before": {}, "after": {}}]:
            _keep(state.session, {"table": table, "verb": verb, **told})
    return result


def _can_be_read(state: ORMExecuteState) -> bool:
    """Whether it is one UPDATE, of rows with a simple key: of many at once nothing is read before."""
    mapper = state.bind_mapper
    is_simple = mapper is not None and len(mapper.primary_key) == 1
    return state.is_update and is_simple and not isinstance(state.parameters, list)


def _values(
    state: ORMExecuteState, mapper: Any, shown: Iterable[str], *, only: Sequence[Any] | None = None
) -> dict[Any, dict[str, Any]]:
    """What a statement's rows say, by key; locked, as the statement is about to lock them anyway."""
    key, table = mapper.primary_key[0], mapper.class_
    query = select(key, *(getattr(table, name) for name in shown)).limit(CHANGES_MAX)
    if only is None:
        where = state.statement.whereclause  # type: ignore[attr-defined]  # of UPDATE
        query = query.with_for_update() if where is None else query.where(where).with_for_update()
    else:
        query = query.where(key.in_(only))
    return {
        row[0]: {
            name: _readable(value, is_shown=True)
            for name, value in zip(shown, row[1:], strict=True)
        }
        for row in state.session.execute(query, state.parameters if only is None else None)
    }


def _differences(
    before: Mapping[Any, Mapping[str, Any]], after: Mapping[Any, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What changed of each row, by column; rows of which nothing readable did are left out."""
    found = []
    for key, old in before.items():
        new = after.get(key, {})
        names = [name for name in new if new[name] != old[name]]
        if names:
            then, now = ({name: values[name] for name in names} for values in (old, new))
            found.append({"key": str(key), "before": then, "after": now})
    return found


def _looked_at(state: ORMExecuteState) -> tuple[Result[Any], bool]:
    """What a statement gives, and whether it changed a row: a refused guess is no act.

    With RETURNING there is a row for each, and SQLite counts none before they are read.
    """
    result: Result[Any] = state.invoke_statement()
    if not state.statement.exported_columns:  # type: ignore[attr-defined]  # what RETURNING gives
        return result, getattr(result, "rowcount", -1) != 0
    kept = result.freeze()
    return kept(), bool(kept.data)


def _keep(session: Session, told: Mapping[str, Any]) -> None:
    kept: list[_Change] = session.info.setdefault(_KEPT, [])
    kept.append(_Change(session.get_nested_transaction(), told))


def _before_commit(session: Session) -> None:
    """Write the entry of this transaction, if somebody acts and something changed."""
    act = _act()
    if act is None or session.in_nested_transaction():
        return
    session.flush()
    told = _merged(change.told for change in session.info.pop(_KEPT, ()))
    if not told:
        return
    more = {"table": "", "key": "", "verb": "more", "before": {}, "after": len(told) - CHANGES_MAX}
    session.add(
        AuditEntry(
            at=clock.now(),
            actor=act.actor,
            node_id=act.node_id,
            what=act.what,
            subject=masked(act.subject)[:TEXT_MAX],
            reason=masked(act.reason)[:TEXT_MAX],
            request_id=act.request_id,
            changes=[*told[:CHANGES_MAX], *([more] if len(told) > CHANGES_MAX else [])],
        )
    )


def _merged(told: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One change for each row, however many flushes it took: the first value before, the last after."""
    rows: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in told:
        where = (each["table"], each["key"] or each["verb"])
        first = rows.get(where, each)
        before, after = {**each["before"], **first["before"]}, {**first["after"], **each["after"]}
        rows[where] = {**first, "before": before, "after": after}
    return list(rows.values())


def _after_rollback(session: Session, transaction: Any) -> None:
    """What was rolled back did not happen."""
    kept: list[_Change] = session.info.get(_KEPT, [])
    left = [each for each in kept if transaction.nested and each.savepoint is not transaction]
    session.info[_KEPT] = left


event.listen(Session, "after_flush", _after_flush)
event.listen(Session, "do_orm_execute", _on_statement)
event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_soft_rollback", _after_rollback)
