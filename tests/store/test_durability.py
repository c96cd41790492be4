"""What was acknowledged survives kill -9, and a power cut."""

from __future__ import annotations

import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from plexsync.model.work import Lane, Outcome, Verdict
from plexsync.store import jobs
from plexsync.store.database import Database
from plexsync.store.opening import Home, open_for_work

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


LOGGING_WRITER = """
import os, sys
from plexsync.model.work import Lane, Put
from plexsync.store import jobs
from plexsync.store.database import Database

database = Database.open(sys.argv[1])
log = sys.argv[1].removeprefix("sqlite:///") + "-wal"
scene = 0
while True:
    puts = [Put(server="plex", scene=scene + number, lane=Lane.CHANGE, reason="hook") for number in range(1, 6)]
    scene += len(puts)
    with database.transaction() as conn:
        jobs.put(conn, puts, 1.0)
    # One write: a line is told whole or not at all.
    os.write(1, f"{scene} {os.path.getsize(log)}\\n".encode())
"""


def _told(child: subprocess.Popen[str]) -> list[tuple[int, int]]:
    """What a child that stands still has said so far: the last scene and the size of the log, after each commit."""
    assert child.stdout is not None
    lines = []
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while selector.select(0):
            lines.append(os.read(child.stdout.fileno(), 65536).decode())
    return [(int(scene), int(size)) for scene, size in map(str.split, "".join(lines).splitlines())]


def check_power_cuts(folder: Path, *, seed: int, cuts: int) -> None:
    """Copies of the files at random moments, the log garbled from where it ended at the last acknowledgement."""
    chance, file, acknowledged = random.Random(seed), folder / "plexsync.db", (0, 0)
    with _child(LOGGING_WRITER, f"sqlite:///{file}") as child, selectors.DefaultSelector() as selector:
        assert child.stdout is not None
        selector.register(child.stdout, selectors.EVENT_READ)
        assert selector.select(30), "it never began"
        for number in range(cuts):
            time.sleep(chance.uniform(0.01, 0.1))
            child.send_signal(signal.SIGSTOP)
            os.waitpid(child.pid, os.WUNTRACED)
            acknowledged = (_told(child) or [acknowledged])[-1]
            copy = folder / f"cut {number}"
            copy.mkdir()
            for part in ("", "-wal"):
                if file.with_name(file.name + part).exists():
                    shutil.copy(f"{file}{part}", copy)
            child.send_signal(signal.SIGCONT)
            _check_cut(copy, *acknowledged, chance)
        child.kill()
    assert acknowledged[0] > 0


def _check_cut(copy: Path, scene: int, size: int, chance: random.Random) -> None:
    log = copy / "plexsync.db-wal"
    if log.exists() and (rest := log.stat().st_size - size) > 0 and size:
        with log.open("r+b") as content:
            content.seek(size)
            content.write(chance.choice([chance.randbytes(rest), bytes(rest)]))
    home = Home(url=f"sqlite:///{copy / 'plexsync.db'}", data_dir=copy)
    database = open_for_work(home, 1.0)
    with database.transaction() as conn:
        known = conn.execute(sa.text("SELECT count(*) FROM jobs WHERE scene <= :scene"), {"scene": scene}).scalar_one()
    database.close()
    assert known == scene
    assert not list(copy.glob("*.damaged-*")), "a power cut is no damage"


@pytest.mark.process
def test_what_was_acknowledged_is_there_after_a_power_cut(tmp_path: Path) -> None:
    check_power_cuts(tmp_path, seed=1, cuts=5)


@pytest.mark.soak
@pytest.mark.process
@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_there_after_many_power_cuts(tmp_path: Path) -> None:
    check_power_cuts(tmp_path, seed=2, cuts=300)
