"""What can happen to the files of a store, done to a daemon at work: it goes on, and Plex ends up as Stash has it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from plexsync.store.backupfile import Why
from plexsync.store.opening import Home
from process.household import Household, household
from process.programs import Program, ending, until

pytestmark = pytest.mark.process

SCENES = 12


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    with household(tmp_path, scenes=SCENES, lasting=True) as found:
        yield found


def in_step(home: Household) -> None:
    until(lambda: not home.differences(), "in step")


def told(home: Household, words: str) -> list[str]:
    return [trouble for trouble in home.status()["troubles"] if words in trouble]


def says(home: Household, words: str) -> bool:
    """In its status, or as the reason why it cannot give one."""
    key = json.loads((home.data / "identity.json").read_text())["api_key"]
    return words in home.client.get(f"{home.daemon_url}/api/v1/status", headers={"X-Api-Key": key}).text


def asides(home: Household) -> list[str]:
    names = (path.name for path in home.data.glob("plexsync.db.damaged-*"))
    return sorted(name for name in names if not name.endswith(("-wal", "-shm")))


def backed_up(home: Household) -> None:
    store_of(home.data).backups.make(Why.BY_HAND, time.time())


def store_of(data: Path) -> Home:
    return Home(url=f"sqlite:///{data / 'plexsync.db'}", data_dir=data)


def post_events(home: Household, *scenes: int) -> None:
    events = [{"type": "Scene.Update.Post", "id": scene, "at": time.time()} for scene in scenes]
    assert home.ask("POST", "/api/v1/events", json={"events": events}) == {"accepted": len(scenes)}


def ruin(home: Household) -> None:
    """Garbage where two tables begin, noticed by whoever looks there next."""
    file = home.data / "plexsync.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        roots = conn.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('seen', 'ledger')").fetchall()
        with file.open("r+b") as content:
            for (root,) in roots:
                content.seek((root - 1) * size)
                content.write(random.Random(root).randbytes(size))
        # A commit of somebody else lets go of what the daemon remembers of the file.
        conn.execute("UPDATE counters SET value = value")


def test_a_store_that_was_damaged_while_nobody_worked_is_made_anew_and_plex_is_left_alone(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    home.daemon.terminate()
    backed_up(home)
    os.truncate(home.data / "plexsync.db", (home.data / "plexsync.db").stat().st_size // 2)
    writes = home.plex_requests()["writes"]
    home.start_daemon()
    home.quiet()
    assert home.plex_requests()["writes"] == writes
    assert home.differences() == []
    assert len(asides(home)) == 1
    assert len(told(home, "was found damaged")) == 1
    assert home.rows("select count(*) from ledger where before_known = 0") == [(0,)]
    assert home.ask("POST", "/api/v1/notices/noted") == {"noted": 1}
    assert told(home, "damaged") == []


def test_a_store_that_is_damaged_at_work_is_replaced_without_a_restart(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    backed_up(home)
    process, url = home.daemon.running.pid, home.daemon_url
    ledger = home.rows("select path, field, before from ledger order by path, field")
    home.silently(3, title="Changed around the damage")
    ruin(home)
    with contextlib.suppress(AssertionError):  # the event may be refused: the damage was met by its commit
        post_events(home, 3)
    until(lambda: asides(home), "the damaged store is set aside")
    until(lambda: home.client.get(f"{url}/healthz").status_code == 200, "it answers where it did")
    in_step(home)
    home.quiet()
    assert (home.daemon.running.pid, home.daemon.running.poll()) == (process, None)
    assert told(home, "was found damaged")
    assert set(ledger) <= set(home.rows("select path, field, before from ledger order by path, field"))
    home.silently(4, title="After the damage")
    post_events(home, 4)
    in_step(home)
    assert home.daemon.terminate() < 5
    assert "Traceback" not in home.daemon.log.read_text()


@pytest.mark.soak
def test_a_store_that_is_damaged_again_and_again_ends_the_daemon_with_the_reason(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    for number in range(1, 4):
        ruin(home)
        with contextlib.suppress(AssertionError):
            post_events(home, 1)
        if number < 3:
            until(lambda number=number: len(asides(home)) == number, "set aside")  # type: ignore[misc]
            until(lambda: told(home, "damaged"), "works again")
            home.quiet()
    assert home.daemon.running.wait(30) == 1
    home.daemon.kill()
    assert "check the disk and the memory" in home.daemon.last_words
    home.start_daemon()
    in_step(home)


@contextlib.contextmanager
def full(home: Household) -> Iterator[None]:
    """No file of the daemon grows: writes fail in the kernel, as on a full disk."""
    pid = home.daemon.running.pid
    was = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, was[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, was)


def halves(home: Household) -> list[str]:
    """What was begun in the data folder and has no name of its own yet."""
    return [path.name for path in home.data.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]


def test_a_full_disk_is_told_of_and_work_goes_on_once_there_is_room(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    for scene in (1, 2, 3):
        home.silently(scene, title=f"Saved while the disk was full {scene}")
    with full(home):
        answer = home.client.post(
            f"{home.daemon_url}/api/v1/events",
            headers={"X-Api-Key": json.loads((home.data / "identity.json").read_text())["api_key"]},
            json={"events": [{"type": "Scene.Update.Post", "id": 1, "at": time.time()}]},
        )
        assert answer.status_code == 503, "what cannot be kept is not acknowledged"
        assert "check the disk" in answer.json()["error"] or "no room" in answer.json()["error"]
        (home.spool).mkdir(parents=True, exist_ok=True)
        for scene in (2, 3):
            event = {"v": 1, "type": "Scene.Update.Post", "id": scene, "at": time.time()}
            half = home.spool / f"{scene}.tmp"
            half.write_text(json.dumps(event))
            half.rename(home.spool / f"{scene}.json")
        until(lambda: says(home, "events wait in"), "the daemon says so")
        assert sorted(path.name for path in home.spool.glob("*.json")) == ["2.json", "3.json"]
        assert halves(home) == []
    until(lambda: home.item(2)["title"].startswith("Saved while"), "the second is in Plex")
    until(lambda: home.item(3)["title"].startswith("Saved while"), "the third is in Plex")
    post_events(home, 1)
    in_step(home)
    home.quiet()
    until(lambda: not told(home, "events wait in"), "all is well")
    assert home.status()["servers"][0]["queue"]["dead"] == 0
    for line in (home.data / "logs" / "plexsync.log").read_text().splitlines():
        assert line.startswith("{"), line


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; skipped where this user may mount none."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_costs_nothing_but_time(tmp_path: Path, small_disk: Path) -> None:
    data = tmp_path / "data"
    data.symlink_to(small_disk)
    with household(tmp_path, scenes=SCENES, lasting=True) as home:
        home.start_daemon()
        home.quiet()
        for scene in range(1, SCENES + 1):
            home.silently(scene, title=f"Saved while the disk was full {scene}")
        ballast = small_disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        code, _, fault = home.verb("backup")
        assert code == 1
        assert "No space left on device" in fault
        (home.spool).mkdir(parents=True, exist_ok=True)
        for scene in range(1, SCENES + 1):
            event = {"v": 1, "type": "Scene.Update.Post", "id": scene, "at": time.time()}
            (home.spool / f"{scene}.tmp").write_text(json.dumps(event))
            (home.spool / f"{scene}.tmp").rename(home.spool / f"{scene}.json")
        until(lambda: says(home, "no room left"), "the daemon says so")
        assert halves(home) == []
        ballast.unlink()
        in_step(home)
        home.quiet()
        until(lambda: not list(home.spool.glob("*.json")), "the folder is worked off")
        assert home.status()["servers"][0]["queue"]["dead"] == 0
        backed_up(home)
        home.daemon.terminate()


def alone(folder: Path) -> Program:
    """A daemon whose servers are away, so that nothing but its queue knows of an event."""
    data = folder / "data"
    data.mkdir()
    settings = {"port": 0, "stash_url": "http://127.0.0.1:9", "plex_url": "http://127.0.0.1:9", "plex_token": "x"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (data / "plexsync.toml").write_text("\n".join([*lines, f'spool_folders = ["{folder / "spool"}"]']))
    return Program(["--data-dir", str(data), "--json", "run"], folder / "daemon.log", measured=False)


def check_acknowledged(folder: Path, *, seed: int, kills: int) -> None:
    """kill -9 at once after an event was acknowledged, by an answer or by taking its file: it is there."""
    chance, scene = random.Random(seed), 0
    spool = folder / "spool"
    spool.mkdir()
    acknowledged: set[int] = set()
    with ending() as keep, httpx2.Client(timeout=30, trust_env=False) as client:
        daemon = keep(alone(folder))
        for number in range(kills):
            daemon.start()
            url = daemon.facts()["url"]
            key = json.loads((folder / "data" / "identity.json").read_text())["api_key"]
            for _ in range(chance.randint(1, 5)):
                scene += 1
                event = {"type": "Scene.Update.Post", "id": scene, "at": time.time()}
                if number % 2:
                    half = spool / f"{scene}.tmp"
                    half.write_text(json.dumps(event | {"v": 1}))
                    half.rename(spool / f"{scene}.json")
                    until(lambda half=half: not half.with_suffix(".json").exists(), "taken", every=0.001)  # type: ignore[misc]
                else:
                    answer = client.post(f"{url}/api/v1/events", headers={"X-Api-Key": key}, json={"events": [event]})
                    assert answer.status_code == 202
                acknowledged.add(scene)
            daemon.kill()
            with closing(sqlite3.connect(folder / "data" / "plexsync.db")) as conn:
                queued = {row[0] for row in conn.execute("SELECT scene FROM jobs")}
            assert acknowledged <= queued


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    check_acknowledged(tmp_path, seed=1, kills=2)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_there_after_many_kills(tmp_path: Path) -> None:
    check_acknowledged(tmp_path, seed=2, kills=40)
