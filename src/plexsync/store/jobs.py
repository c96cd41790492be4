"""The queue of work: one row per server and scene, worked on by one owner at a time, never lost.

What has its own file and belongs to the same interface is offered here too: puts, dead letters, the listing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Job, Lane, Outcome, Verdict
from plexsync.store import decisions, index
from plexsync.store.claims import LONGEST_BACKOFF, claim, claim_parked
from plexsync.store.dead import DeadLetter, bury, dead_drop, dead_list, dead_one, dead_purge, failure_data
from plexsync.store.parked import parked, unpark
from plexsync.store.puts import READY, WORKING, anew, put
from plexsync.store.queue import QueueRow, depth, listing
from plexsync.store.schema import jobs, links

__all__ = [
    "LONGEST_BACKOFF",
    "DeadLetter",
    "QueueRow",
    "claim",
    "claim_parked",
    "clear",
    "dead_drop",
    "dead_list",
    "dead_one",
    "dead_purge",
    "depth",
    "finish",
    "give_back",
    "listing",
    "make_due",
    "next_due",
    "parked",
    "put",
    "unpark",
    "void_claims",
    "waits",
]


#: Written into the statement: with a bound parameter SQLite does not see that the partial index serves it.
_IS_READY = jobs.c.state == sa.literal_column(f"'{READY}'")
_IS_WORKING = jobs.c.state == sa.literal_column(f"'{WORKING}'")

# Statements of the busiest way are made once: making one costs more than SQLite needs to run it.
_HELD = sa.and_(
    jobs.c.server == sa.bindparam("of_server"),
    jobs.c.scene == sa.bindparam("of_scene"),
    _IS_WORKING,
    jobs.c.token == sa.bindparam("by_token"),
    jobs.c.claimed_generation == sa.bindparam("at_generation"),
)
_DONE = sa.delete(jobs).where(_HELD, jobs.c.generation == sa.bindparam("at_generation"))
_LOOK = sa.select(jobs).where(_HELD).with_for_update()
_TAKE_OUT = sa.delete(jobs).where(_HELD)
# Without statistics PostgreSQL finds a least value by reading all of them.
_FIRST = (
    sa.select(jobs.c.due_at)
    .where(jobs.c.server == sa.bindparam("of_server"), jobs.c.lane == sa.bindparam("of_lane"), _IS_READY)
    .order_by(jobs.c.due_at)
    .limit(1)
)


def finish(conn: Connection, job: Job, outcome: Outcome, now: float) -> bool:
    """End a claim. False, and nothing happens, when it was voided meanwhile.

    A job whose generation moved is due now with attempts reset, whatever the outcome. A long retry whose
    `context["index_version"]` is no longer the index's is due now, not counted. `context["digest"]` is kept with
    a dead letter.
    """
    ours = _key(job)
    if outcome.verdict is Verdict.DONE and conn.execute(_DONE, ours).rowcount:
        return True
    row = conn.execute(_LOOK, ours).one_or_none()
    if row is None:
        return False
    if row.generation != job.generation:
        _update(conn, ours, anew(now) | _last_failure(outcome))
    elif outcome.verdict is Verdict.DECISION:
        conn.execute(_TAKE_OUT, ours)
        if outcome.decision is not None:
            decisions.decide(conn, job.server, job.scene, outcome.decision, now)
    elif outcome.verdict is Verdict.DEAD:
        conn.execute(_TAKE_OUT, ours)
        bury(conn, _letter(row, outcome, now))
    else:
        _update(conn, ours, _waiting(conn, row, outcome, now))
    return True


def _key(job: Job) -> dict[str, Any]:
    return {
        "of_server": job.server,
        "of_scene": job.scene,
        "by_token": job.token,
        "at_generation": job.generation,
    }


def _update(conn: Connection, ours: dict[str, Any], values: dict[str, Any]) -> None:
    conn.execute(sa.update(jobs).where(_HELD).values(values), ours)


def _last_failure(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.failure is None else {"last_failure": failure_data(outcome.failure)}


def _letter(row: sa.Row[Any], outcome: Outcome, now: float) -> DeadLetter:
    failure = outcome.failure
    digest = outcome.context.get("digest")
    return DeadLetter(
        server=row.server,
        scene=row.scene,
        error="" if failure is None else failure.error,
        failure=failure,
        context=outcome.context,
        reasons=tuple(row.reasons),
        attempts=len(row.attempts) + row.long_attempts + 1,
        digest=None if digest is None else str(digest),
        first_failed_at=now if row.first_failed_at is None else row.first_failed_at,
        died_at=now,
    )


def _waiting(conn: Connection, row: sa.Row[Any], outcome: Outcome, now: float) -> dict[str, Any]:
    """The columns of a job that is kept: counted or not, due when its outcome says."""
    values = {
        "state": READY,
        "token": None,
        "claimed_generation": None,
        "due_at": now if outcome.due_at is None else outcome.due_at,
        "parked_in": outcome.parked_in,
    } | _last_failure(outcome)
    long = outcome.verdict is Verdict.RETRY_LONG
    looked_at = outcome.context.get("index_version") if long else None
    if looked_at is not None and looked_at != index.version(conn, row.server):
        return values | {"due_at": now}
    if outcome.counts and outcome.verdict in {Verdict.RETRY, Verdict.RETRY_LONG}:
        counted = {"long_attempts": row.long_attempts + 1} if long else {"attempts": [*row.attempts, now]}
        values |= counted | {"first_failed_at": now if row.first_failed_at is None else row.first_failed_at}
    return values


def void_claims(conn: Connection, server: str, tokens: Sequence[str] | None = None) -> int:
    """What is worked on, or what these tokens claimed, is due at once, and those claims end without effect.

    So does a new owner with all that it did not claim itself. How many jobs that were.
    """
    statement = sa.update(jobs).where(jobs.c.server == server, _IS_WORKING)
    if tokens is not None:
        statement = statement.where(jobs.c.token.in_(tokens))
    # Due since ever: right by any clock, also one that was set back since the claim.
    return conn.execute(statement.values(state=READY, token=None, claimed_generation=None, due_at=0.0)).rowcount


def give_back(conn: Connection, server: str, since: float, section: int | None = None) -> int:
    """The gate opened: failures counted at or after `since` count no longer. How many jobs that helped.

    With a `section` only jobs that have a link there.
    """
    columns = (jobs.c.scene, jobs.c.attempts, jobs.c.long_attempts, jobs.c.first_failed_at)
    counted = sa.select(*columns).where(jobs.c.server == server, jobs.c.attempts != [])
    if section is not None:
        linked = sa.select(links.c.scene).where(links.c.server == server, links.c.section == section)
        counted = counted.where(jobs.c.scene.in_(linked))
    rows = []
    for row in conn.execute(counted.with_for_update()):
        kept = [at for at in row.attempts if at < since]
        if len(kept) < len(row.attempts):
            first = row.first_failed_at if kept or row.long_attempts else None
            rows.append({"of_scene": row.scene, "attempts": kept, "first_failed_at": first})
    if rows:
        where = (jobs.c.server == server, jobs.c.scene == sa.bindparam("of_scene"))
        conn.execute(sa.update(jobs).where(*where), rows)
    return len(rows)


def make_due(conn: Connection, server: str, now: float) -> int:
    """Every waiting job of the server is due now: someone asked not to wait. How many had to wait until then."""
    waiting = sa.update(jobs).where(jobs.c.server == server, _IS_READY, jobs.c.due_at > now)
    return conn.execute(waiting.values(due_at=now, parked_in=None)).rowcount


def waits(conn: Connection, server: str) -> bool:
    """Whether any job waits, due or not, those aside that are parked."""
    waiting = sa.select(jobs.c.scene).where(jobs.c.server == server, _IS_READY, jobs.c.parked_in.is_(None))
    return conn.scalar(waiting.limit(1)) is not None


def next_due(conn: Connection, server: str, lanes: Sequence[Lane]) -> float | None:
    """The earliest due time in these lanes, in the past when something is due; None when nothing waits."""
    first = (conn.scalar(_FIRST, {"of_server": server, "of_lane": int(lane)}) for lane in lanes)
    return min((due_at for due_at in first if due_at is not None), default=None)


def clear(conn: Connection, server: str, lane: Lane | None = None) -> int:
    """Forget what waits, on request of a person; what is being worked on goes on. How many there were."""
    statement = sa.delete(jobs).where(jobs.c.server == server, _IS_READY)
    if lane is not None:
        statement = statement.where(jobs.c.lane == int(lane))
    return conn.execute(statement).rowcount
