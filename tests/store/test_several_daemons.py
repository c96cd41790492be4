"""Several processes on one database: each on a connection of its own, all at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from plexsync.model.work import Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs, notices
from plexsync.store.database import Connection, Database
from plexsync.store.failures import lost_race

SCENES = 20
PUTS = 20

PROGRAM = f"""
import os, sys, threading
from pathlib import Path
from plexsync.model.work import Lane, Outcome, Put, Verdict
from plexsync.store import jobs, notices
from plexsync.store.database import Database

database, held = Database.open(sys.argv[1]), Path(sys.argv[2])

def take_in():
    for number in range({PUTS}):
        scenes = [(number * 7 + step) % {SCENES} for step in range(5)]
        with database.transaction() as conn:
            jobs.put(conn, [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook") for scene in scenes], 1.0)

def work():
    token = os.urandom(8).hex()
    with database.transaction() as conn:
        taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=3, now=2.0, token=token)
    for job in taken:
        # Fails when another process holds the scene now.
        (held / str(job.scene)).touch(exist_ok=False)
    for job in taken:
        print(job.scene, job.generation, flush=True)
        (held / str(job.scene)).unlink()
        with database.transaction() as conn:
            assert jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), 2.0)
    return len(taken)

print("ready", flush=True)
sys.stdin.readline()
events = threading.Thread(target=take_in)
events.start()
while events.is_alive():
    work()
events.join()
while work():
    pass
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    """A process that says when it is ready, and waits for a line then."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def begin(children: Sequence[subprocess.Popen[str]]) -> None:
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()


@pytest.mark.process
def test_processes_that_put_and_claim_at_once_lose_no_event_and_hold_no_scene_twice(url: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(started(url, str(tmp_path))) for _ in range(2)]
        begin(children)
        worked = [line.split() for child in children for line in child.communicate(timeout=60)[0].splitlines()]
        assert [child.returncode for child in children] == [0, 0]
    database = Database.open(url)
    with database.transaction() as conn:
        assert jobs.listing(conn) == []
    database.close()
    generations = Counter(int(generation) for _, generation in worked)
    assert max(generations.values()) == 1
    assert {int(scene) for scene, _ in worked} == set(range(SCENES))


class Daemon:
    """Works off the queue, or only takes events in, with all that is asked for at once in one commit."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self.database = Database.open(url)
        self.chance = chance
        self.tokens = itertools.count()
        self.held: set[int] = set()
        self.last: dict[int, int] = {}

    async def take_in(self, times: int) -> None:
        for _ in range(times):
            scenes = [self.chance.randrange(SCENES) for _ in range(3)]
            puts = [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook") for scene in scenes]
            await self.database.run(lambda conn, puts=puts: jobs.put(conn, puts, 1.0))  # type: ignore[misc]

    async def work(self, stop: asyncio.Event) -> None:
        while True:
            last_look = stop.is_set()
            taken = await self.database.run(self._claim)
            await asyncio.gather(*(self._through(job) for job in taken))
            if last_look and not taken:
                return

    def _claim(self, conn: Connection) -> list[Job]:
        token = str(next(self.tokens))
        return jobs.claim(conn, server="plex", lanes=list(Lane), limit=10, now=2.0, token=token)

    async def _through(self, job: Job) -> None:
        assert job.scene not in self.held
        self.held.add(job.scene)
        await asyncio.sleep(self.chance.random() * 0.003)
        self.last[job.scene] = job.generation
        self.held.discard(job.scene)
        again = self.chance.random() < 0.3
        outcome = Outcome(verdict=Verdict.RETRY, due_at=1.0) if again else Outcome(verdict=Verdict.DONE)
        assert await self.database.run(lambda conn: jobs.finish(conn, job, outcome, 2.0))


async def test_daemons_that_share_a_database_do_not_get_in_each_other_s_way(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock would be mended by itself, but each one costs the server's patience of a second."""
    lost: list[object] = []

    def note_lost_race(error: sa.exc.SQLAlchemyError) -> bool:
        lost.append(error)
        return lost_race(error)

    monkeypatch.setattr("plexsync.store.failures.lost_race", note_lost_race)
    chance = random.Random(5)
    worker, other = Daemon(postgres_url, chance), Daemon(postgres_url, chance)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.work(stop))
    await asyncio.gather(*(daemon.take_in(PUTS) for daemon in (worker, other) for _ in range(6)))
    stop.set()
    await working
    with other.database.transaction() as conn:
        assert jobs.listing(conn) == []
    assert set(worker.last) == set(range(SCENES))
    assert lost == []
    for daemon in (worker, other):
        daemon.database.close()


async def test_what_two_daemons_add_to_one_list_at_once_is_all_kept(postgres_url: str) -> None:
    pair = [Database.open(postgres_url) for _ in range(2)]
    texts = [f"sentence {number}" for number in range(8)]
    additions = (
        pair[number % 2].run(lambda conn, text=text: notices.add(conn, text))  # type: ignore[misc]
        for number, text in enumerate(texts)
    )
    await asyncio.gather(*additions)
    assert sorted(await pair[0].run(notices.sentences)) == texts
    for database in pair:
        database.close()
