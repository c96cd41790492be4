"""What was acknowledged survives kill -9."""

from __future__ import annotations

import subprocess
import sys

import pytest

from plexsync.model.work import Lane, Outcome, Verdict
from plexsync.store import jobs
from plexsync.store.database import Database

WRITER = """
import sys
from plexsync.model.work import Lane, Put
from plexsync.store import jobs
from plexsync.store.database import Database

database = Database.open(sys.argv[1])
scene = 0
while True:
    scene += 1
    with database.transaction() as conn:
        jobs.put(conn, [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook")], 1.0)
    print(scene, flush=True)
"""

WORKER = """
import sys
from plexsync.model.work import Lane
from plexsync.store import jobs
from plexsync.store.database import Database

database = Database.open(sys.argv[1])
with database.transaction() as conn:
    taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=3, now=2.0, token="first owner")
print(len(taken), flush=True)
sys.stdin.read()
"""


def _child(program: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.process
@pytest.mark.parametrize("acknowledged", [1, 7, 60])
def test_every_acknowledged_put_is_there_after_kill_9(url: str, acknowledged: int) -> None:
    with _child(WRITER, url) as child:
        assert child.stdout is not None
        seen = [int(child.stdout.readline()) for _ in range(acknowledged)]
        child.kill()
        seen += [int(line) for line in child.stdout if line.endswith("\n")]
    database = Database.open(url)
    with database.transaction() as conn:
        taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=100_000, now=2.0, token="t")
    database.close()
    assert {job.scene for job in taken} >= set(seen)
    assert len(seen) >= acknowledged


@pytest.mark.process
def test_work_under_way_when_the_owner_is_killed_is_done_by_the_next_one(url: str) -> None:
    with _child(WRITER, url) as child:
        assert child.stdout is not None
        while int(child.stdout.readline()) < 5:
            pass
        child.kill()
    with _child(WORKER, url) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "3\n"
        child.kill()
    database = Database.open(url)
    with database.transaction() as conn:
        queued = sum(jobs.depth(conn, "plex")[lane.name.lower()] for lane in Lane)
        assert jobs.void_claims(conn, "plex") == 3
        taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=1_000, now=2.0, token="t")
        assert len(taken) == queued >= 5
        assert all(jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), 2.0) for job in taken)
    database.close()
