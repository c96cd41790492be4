"""The queue at growing backlogs, beside persist-queue's acknowledging queue on the same disk in the same run."""  # noqa: A005  # only ever imported as bench.queue

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.row import row
from persistqueue import SQLiteAckQueue

from plexsync.model.work import Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs
from plexsync.store.database import Connection, Database

BACKLOGS = (0, 10_000, 100_000)
#: Rounds of which the best counts, and how often each does what is measured.
ROUNDS = 3
TIMES = 100
SERVER = "plex"
NOW = 1_000.0
FAR = NOW + 600.0
Row = dict[str, object]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on the disk that is measured, gone at the end."""
    made = Path(tempfile.mkdtemp(prefix="plexsync-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def rate(operation: Callable[[], object], times: int = TIMES) -> float:
    """Operations per second, each in its own commit."""
    begun = time.perf_counter()
    for _ in range(times):
        operation()
    return times / (time.perf_counter() - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Operations per second while so many jobs wait for their back-off."""

    put: float
    work: float  #: a claim and its finish
    idle: float  #: a poll that finds nothing due


def ours(urls: Mapping[int, str], times: int = TIMES) -> dict[int, Rates]:
    """Our queue on databases without rows, one for each backlog; their rounds alternate, because the disk is shared."""
    databases = {backlog: _filled(url, backlog) for backlog, url in urls.items()}
    scenes = itertools.count(max(urls))
    found: dict[int, dict[str, float]] = {backlog: {} for backlog in urls}
    operations: Mapping[str, Callable[[Database], object]] = {
        "idle": _poll,
        "put": lambda database: _put_one(database, next(scenes)),
        "work": lambda database: _work_one(database, next(scenes)),
    }
    for name, operation in operations.items():
        for _ in range(ROUNDS):
            for backlog, database in databases.items():
                now = rate(partial(operation, database), times)
                found[backlog][name] = max(now, found[backlog].get(name, 0.0))
    for database in databases.values():
        database.close()
    return {backlog: Rates(**rates) for backlog, rates in found.items()}


def _filled(url: str, backlog: int) -> Database:
    database = Database.open(url)
    with database.transaction() as conn:
        jobs.put(conn, [_put(scene) for scene in range(backlog)], FAR)
    return database


def _poll(database: Database) -> None:
    """As the worker does it when it is woken for nothing."""
    with database.transaction() as conn:
        assert _claim(conn, "idle") == []
    with database.transaction() as conn:
        jobs.next_due(conn, SERVER, list(Lane))


def _put(scene: int) -> Put:
    return Put(server=SERVER, scene=scene, lane=Lane.CHANGE, reason="a hook told of a change")


def _put_one(database: Database, scene: int) -> None:
    with database.transaction() as conn:
        jobs.put(conn, [_put(scene)], NOW)


def _work_one(database: Database, number: int) -> None:
    """As the worker does it: one commit to claim, one to finish."""
    with database.transaction() as conn:
        [job] = _claim(conn, str(number))
    with database.transaction() as conn:
        assert jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), NOW)


def _claim(conn: Connection, token: str) -> list[Job]:
    return jobs.claim(conn, server=SERVER, lanes=list(Lane), limit=1, now=NOW, token=token)


def theirs(backlog: int) -> tuple[float, float]:
    """The same of persist-queue, which knows no due time: the backlog waits behind what is measured."""
    with folder() as place:
        queue = SQLiteAckQueue(str(place))
        for number in range(backlog):
            queue.put({"server": SERVER, "scene": number})
        scenes = itertools.count(backlog)
        change = {"server": SERVER, "reason": "a hook told of a change"}
        put = max(rate(lambda: queue.put({**change, "scene": next(scenes)})) for _ in range(ROUNDS))
        worked = max(rate(lambda: queue.ack(queue.get(block=False))) for _ in range(ROUNDS))
        queue.close()
    return put, worked


def rows() -> list[Row]:
    """One row a measurement; a ratio above 1 is in our favour or says that a backlog costs nothing."""
    with folder() as place:
        rates = ours({backlog: f"sqlite:///{place / str(backlog)}.db" for backlog in BACKLOGS})
    return [*rows_of("queue", rates, "> 1,000"), *_compared(rates)]


def _compared(rates: Mapping[int, Rates]) -> list[Row]:
    found: list[Row] = []
    for backlog, mine in rates.items():
        for name, ours_, theirs_ in zip(("put", "claim + finish"), (mine.put, mine.work), theirs(backlog), strict=True):
            at = f"queue: {name}, {backlog:,} waiting"
            found.append(row(f"{at}: persist-queue", theirs_, "1/s"))
            found.append(row(f"{at}: ratio to persist-queue", ours_ / theirs_, "x"))
    return found


def rows_of(where: str, measured: Mapping[int, Rates], reach: str) -> list[Row]:
    """The rates, and how they compare with those of an empty queue."""
    found: list[Row] = []
    none = measured[BACKLOGS[0]]
    for backlog, rates in measured.items():
        for name, value, alone in (
            ("put", rates.put, none.put),
            ("claim + finish", rates.work, none.work),
            ("idle poll", rates.idle, none.idle),
        ):
            at = f"{where}: {name}, {backlog:,} waiting"
            found.append(row(at, value, "1/s", "" if name == "idle poll" else reach))
            if backlog:
                found.append(row(f"{at}: ratio to none waiting", value / alone, "x", "flat: > 0.8"))
    return found
