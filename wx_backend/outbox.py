"""Work to do after a commit: the row is the job.

`@job` work runs in one transaction together with the mark that it is done, so its effect
happens exactly once. `@remote_job` work calls the network: it is a generator whose parts run in
transactions of their own and which yields each remote call, to be made with none open:

    @remote_job("message.send")
    def send(*, message_id: int) -> Steps:
        message = message_to_send(message_id)
        msgid = yield lambda: client.send_template(message)
        mark_sent(message_id, msgid)
"""

import json
import logging
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sqlalchemy import JSON, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend import bell, claims, clock, crash
from wx_backend.claims import Claim, Claimable, LostClaim, due_index, partial_index
from wx_backend.db import Instant, Model, db, id_column, retried, transaction, upsert
from wx_backend.errors import AppError, PlatformError
from wx_backend.row_work import record_failure
from wx_backend.stops import held_jobs, is_held

log = logging.getLogger(__name__)

Steps = Generator[Callable[[], Any], Any, None]
Work = Callable[..., Any]
Made = TypeVar("Made")

WORK = "work"  # database only: quick
CALL = "call"  # waits for somebody else's network
BULK = "bulk"  # long sends nobody waits for: apart, so that they hold up nothing
QUEUES = (WORK, CALL, BULK)

AFTER_CALL = crash.point("outbox.after_remote_call")
BEFORE_DONE = crash.point("outbox.before_done")
AFTER_DONE = crash.point("outbox.after_done")


class Job(Claimable, Model):
    """One piece of deferred work; `key` makes it unique per name where that is wanted."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("name", "key"),
        due_index("job", "queue"),
        Index("ix_job_status", "status", "name"),
        partial_index("ix_job_over", "done_at", where="status = 'done'"),
    )
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    name: Mapped[str] = mapped_column(String(60))
    queue: Mapped[str] = mapped_column(String(20))
    key: Mapped[str | None] = mapped_column(String(120))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Registered:
    """A function that may be deferred, under the stable name its rows carry."""

    name: str
    work: Work
    queue: str
    is_remote: bool


_by_name: dict[str, Registered] = {}
_by_work: dict[Work, Registered] = {}


def job(name: str, *, queue: str = WORK) -> Callable[[Work], Work]:
    """Register work that only changes rows; it and its completion are one transaction."""
    return lambda work: _register(Registered(name, work, queue, is_remote=False))


def remote_job(name: str, *, queue: str = CALL) -> Callable[[Callable[..., Steps]], Work]:
    """Register work that yields its remote calls; see the module's first lines."""
    return lambda work: _register(Registered(name, work, queue, is_remote=True))


def _register(registered: Registered) -> Work:
    if registered.name in _by_name:
        raise ValueError(f"two jobs are named {registered.name}")
    _by_name[registered.name] = _by_work[registered.work] = registered
    return registered.work


def registered_jobs() -> Mapping[str, Registered]:
    """Every job by its name."""
    return dict(_by_name)


def defer(
    work: Work, *, key: str | None = None, due_at: datetime | None = None, **arguments: Any
) -> None:
    """Have `work` run by itself once the current transaction has committed.

    With a `key` only one row per (work, key) is ever made. `arguments` must be plain JSON:
    ids, not objects; TypeError otherwise.
    """
    entry = _by_work[work]
    json.dumps(arguments)
    now = clock.now()
    values: dict[str, Any] = {
        "name": entry.name,
        "queue": entry.queue,
        "key": key,
        "arguments": arguments,
        "created_at": now,
        "status": claims.WorkStatus.PENDING,
        "attempts": 0,
        "due_at": due_at or now,
    }
    if key is None:
        db.session.add(Job(**values))
    else:
        upsert(Job, values, key=("name", "key"))
    if due_at is None or due_at <= now:
        bell.ring_after_commit(entry.queue)


def claim(queue: str, *, limit: int) -> list[Claim]:
    """Take due jobs of one queue for the length of a lease; those of a stopped line stay."""
    now = clock.now()

    def take() -> list[Claim]:
        let_through = held_jobs(Job.name, is_call=queue != WORK)
        return claims.claim(Job, limit=limit, now=now, where=[Job.queue == queue, *let_through])

    return retried(take)


def has_due(queue: str) -> bool:
    """Whether a queue has work that could be claimed now."""
    due = select(Job.id).where(
        Job.status == claims.WorkStatus.PENDING,
        Job.queue == queue,
        Job.due_at <= clock.now(),
        *held_jobs(Job.name, is_call=queue != WORK),
    )
    return db.session.scalar(due.limit(1)) is not None


def given_up(work: Work, *, keys: Collection[str]) -> list[str]:
    """Which rows of some deferred work gave up, of those with these keys."""
    dead = select(Job.key).where(
        Job.name == _by_work[work].name,
        Job.key.in_(keys),
        Job.status == claims.WorkStatus.DEAD,
    )
    return [key for key in db.session.scalars(dead) if key is not None]


def run(held: Claim) -> bool:
    """Do one claimed job and record how it went; False when it failed, was lost or is held.

    Of a stopped line nothing begins, though it was claimed before: the row falls due by itself.
    """
    asked = select(Job.name, Job.queue, Job.arguments).where(Job.id == held.id)
    name, queue, arguments = db.session.execute(asked).one()
    entry, is_stopped = _by_name.get(name), is_held(name, is_call=queue != WORK)
    db.session.rollback()
    if is_stopped:
        log.info("held", extra={"job": name, "job_id": held.id})
        return False
    try:
        if entry is None:
            raise UnknownJob(name)
        if entry.is_remote:
            _run_remote(entry, held, arguments)
        else:
            _run_local(entry, held, arguments)
    except LostClaim:
        log.warning("claim lost", extra={"job": name, "job_id": held.id})
        return False
    except Exception as error:  # noqa: BLE001 - an edge: whatever work raises becomes its row's outcome
        record_failure(Job, held, error, name=name, is_final=_is_final(error))
        return False
    crash.here(AFTER_DONE)
    return True


class UnknownJob(Exception):
    """A row names work this version does not have: tried again, since a newer one may be starting."""


def _run_local(entry: Registered, held: Claim, arguments: dict[str, Any]) -> None:
    def once() -> None:
        entry.work(**arguments)
        crash.here(BEFORE_DONE)
        claims.finish(Job, held, now=clock.now())

    retried(once)


def _run_remote(entry: Registered, held: Claim, arguments: dict[str, Any]) -> None:
    steps: Steps = entry.work(**arguments)
    advance: Callable[[], Callable[[], Any]] = lambda: next(steps)  # noqa: E731 - replaced in the loop
    while True:
        with transaction():
            claims.hold(Job, held, now=clock.now())
            try:
                call = advance()
            except StopIteration:
                crash.here(BEFORE_DONE)
                claims.finish(Job, held, now=clock.now())
                return
        advance = _outcome(steps, call)


def done_here(steps: Generator[Callable[[], Any], Any, Made]) -> Made:
    """Do remote work at once, for a command that waits for what comes out; raises what it raises."""
    advance: Callable[[], Callable[[], Any]] = lambda: next(steps)  # noqa: E731 - as above
    while True:
        with transaction():
            try:
                call = advance()
            except StopIteration as over:
                made: Made = over.value
                return made
        advance = _outcome(steps, call)


def _outcome(
    steps: Generator[Callable[[], Any], Any, Any], call: Callable[[], Any]
) -> Callable[[], Callable[[], Any]]:
    """Make one remote call with no transaction open; what continues the work with its answer."""
    try:
        answer = call()
    except PlatformError as error:
        failure = error
        crash.here(AFTER_CALL)
        return lambda: steps.throw(failure)
    crash.here(AFTER_CALL)
    return lambda: steps.send(answer)


def _is_final(error: Exception) -> bool:
    """Whether trying again cannot help: a refusal of ours, or the platform's for good."""
    is_permanent = isinstance(error, PlatformError) and error.permanent
    return is_permanent or isinstance(error, AppError)
