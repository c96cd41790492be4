"""The queue at growing backlogs, beside persist-queue's acknowledging queue on the same disk in the same run."""  # noqa: A005  # only ever imported as bench.queue

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from persistqueue import SQLiteAckQueue

from plexsync.model.work import Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs
from plexsync.store.database import Connection, Database

BACKLOGS = (0, 10_000, 100_000)
OPERATIONS = 300
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


def rate(operation: Callable[[], object]) -> float:
    """Operations per second, each in its own commit; the best of three rounds, because the disk is shared."""
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(OPERATIONS // 3):
            operation()
        best = max(best, OPERATIONS / 3 / (time.perf_counter() - begun))
    return best


def ours(backlog: int) -> tuple[float, float]:
    """Puts, and claims with their finish, per second, while so many jobs wait for their back-off."""
    with folder() as place:
        database = Database.open(f"sqlite:///{place / 'plexsync.db'}")
        with database.transaction() as conn:
            jobs.put(conn, [_put(scene) for scene in range(backlog)], FAR)
        scenes = itertools.count(backlog)
        measured = (rate(lambda: _put_one(database, next(scenes))), rate(lambda: _work_one(database, next(scenes))))
        database.close()
    return measured


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
        put = rate(lambda: queue.put({"server": SERVER, "scene": next(scenes), "reason": "a hook told of a change"}))
        worked = rate(lambda: queue.ack(queue.get(block=False)))
        queue.close()
    return put, worked


def rows() -> list[Row]:
    """One row a measurement; a ratio above 1 is in our favour or says that a backlog costs nothing."""
    found: list[Row] = []
    first: tuple[float, float] | None = None
    for backlog in BACKLOGS:
        mine, other = ours(backlog), theirs(backlog)
        first = first or mine
        for name, index in (("put", 0), ("claim + finish", 1)):
            at = f"{name}, {backlog:,} waiting"
            found += [
                _row(at, mine[index], "1/s", "> 1,000"),
                _row(f"{at}: persist-queue", other[index], "1/s", ""),
                _row(f"{at}: ratio to persist-queue", mine[index] / other[index], "x", ""),
            ]
            if backlog:
                found.append(_row(f"{at}: ratio to none waiting", mine[index] / first[index], "x", "flat: > 0.8"))
    return found


def _row(name: str, value: float, unit: str, reach: str) -> Row:
    return {"name": f"queue: {name}", "value": round(value, 2), "unit": unit, "reach": reach}
