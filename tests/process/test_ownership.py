"""Daemons as processes at one PostgreSQL: one works, one stands by; killed and stopped ones give way and harm none."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from process.household import LIBRARY, TOKEN, Household, household
from process.programs import Program, ending, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

SCENES = 30
#: Seconds within which ownership moves away from a daemon that was killed.
MOVED_WITHIN = 30.0
#: The daemon with shorter times between beats, so that a test need not wait for those of a household.
QUICK = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path

from plexsync.app.sources import Sources
from plexsync.daemon import Process, run_daemon
from plexsync.sync.reign import Terms

terms = Terms(beat_every=0.5, lease=3.0, silence=5.0, look_every=0.5, manners=30.0, again=0.5)
process = Process.of(Sources(environ={}, data_dir=Path(sys.argv[1])))
asyncio.run(run_daemon(replace(process, terms=terms), lambda url: None))
"""


@dataclass(slots=True, kw_only=True)
class Daemons:
    """Two daemons with data folders of their own, `first` started first, between one Stash and one Plex."""

    url: str
    first: Household
    second: Household

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What their database holds."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()

    def owner_of(self, key: str) -> int | None:
        """The process that owns a key now."""
        found = self.rows(f"SELECT holder FROM owners WHERE server = '{key}'")
        return int(found[0][0].rpartition(" ")[2]) if found and found[0][0] else None

    def owns(self, home: Household) -> bool:
        """Whether all is owned by that daemon."""
        return {self.owner_of(key) for key in ("timetable", "plex:plex")} == {home.daemon.running.pid}

    def start(self) -> None:
        """Start both; the first is the owner once the second comes."""
        self.first.start_daemon()
        until(lambda: self.owns(self.first), "the first owns all")
        self.second.start_daemon()

    def written_by(self, home: Household) -> list[dict[str, Any]]:
        """The writes to Plex of one daemon."""
        me = json.loads((home.data / "identity.json").read_text(encoding="utf-8"))["client_identifier"]
        requests = home.plex_requests()["requests"]
        return [one for one in requests if one["kind"] != "read" and one["client"] == me]

    def in_step(self) -> None:
        """Wait until Plex holds what Stash holds."""
        until(lambda: not self.first.differences(), "in step", patience=60)


@contextlib.contextmanager
def daemons(folder: Path, url: str, *, quick: bool, **settings: Any) -> Iterator[Daemons]:
    """Not started yet; gone after the block."""
    script = folder / "quick.py"
    script.write_text(QUICK, encoding="utf-8")
    with household(folder, scenes=SCENES) as first, ending() as keep:
        second = replace(first, folder=folder / "other", daemon=Program([], folder / "other.log"))
        for home in (first, second):
            home.folder.mkdir(exist_ok=True)
            home.configure(store_url=url, **settings)
            home.daemon.words = ["--data-dir", str(home.data), "--json", "run"]
            if quick:
                home.daemon.words, home.daemon.program = [str(home.data)], [str(script)]
                home.daemon.measured = False
            keep(home.daemon)
        yield Daemons(url=url, first=first, second=second)


def posted(home: Household, *scenes: int) -> None:
    events = [{"type": "Scene.Update.Post", "id": scene, "at": time.time()} for scene in scenes]
    home.ask("POST", "/api/v1/events", json={"events": events})


def test_kill_9_of_the_owner_moves_ownership_and_what_it_said_yes_to_is_done(tmp_path: Path, postgres_url: str) -> None:
    """Before that, events given to either arrive; after it the killed one comes back, stands by, and follows again."""
    with daemons(tmp_path, postgres_url, quick=True) as pair:
        pair.start()
        pair.in_step()
        for scene, home in ((1, pair.first), (2, pair.second)):
            home.silently(scene, title=f"Told by {home.folder.name}")
            posted(home, scene)
        pair.in_step()
        pair.first.quiet()
        assert pair.owns(pair.first)
        assert pair.written_by(pair.second) == []
        pair.first.faults("stash", {"path": "/graphql", "fault": "hang"})
        pair.first.silently(4, title="Only a walk finds it")
        assert pair.first.ask("POST", "/api/v1/sync", json={"all": True}) == {"asked": "full walk"}
        pair.first.daemon.kill()
        assert pair.rows("SELECT name, number FROM wishes") == [("full walk", 1)]
        pair.first.faults("stash")
        until(lambda: pair.owns(pair.second), "the second owns all")
        pair.in_step()
        assert pair.written_by(pair.second)
        pair.first.start_daemon()
        pair.second.quiet()
        assert pair.rows("SELECT name FROM wishes") == []
        assert pair.owns(pair.second)
        assert {one["mine"] for one in pair.first.status()["owners"]} == {False}
        pair.second.daemon.terminate()
        until(lambda: pair.owns(pair.first), "the first owns all again")


@pytest.mark.soak
def test_status_says_who_works_on_what_and_a_command_without_a_daemon_names_it(
    tmp_path: Path, postgres_url: str
) -> None:
    with daemons(tmp_path, postgres_url, quick=False) as pair:
        pair.start()
        pid = pair.first.daemon.running.pid
        assert f"this daemon works on it ({socket.gethostname()} process {pid}, for" in pair.first.verb("status")[1]
        assert (
            f"this daemon stands by, another one works on it ({socket.gethostname()}" in pair.second.verb("status")[1]
        )
        pair.second.daemon.terminate()
        assert f"another one works on it ({socket.gethostname()} process {pid}" in pair.second.verb("status")[1]
        code, _, fault = pair.second.verb("sync", "1")
        assert code == 1
        assert f"process {pid} works on the timetable" in fault
        assert "stop it first" in fault
        assert "Traceback" not in fault


def test_an_owner_that_was_stopped_in_the_middle_of_its_writes_wakes_up_and_writes_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    with daemons(tmp_path, postgres_url, quick=True) as pair:
        pair.first.faults("plex", {"path": "/library/sections", "method": "PUT", "fault": "delay", "seconds": 0.2})
        pair.start()
        until(lambda: len(pair.written_by(pair.first)) > 3, "the first writes", every=0.01)
        pair.first.daemon.running.send_signal(signal.SIGSTOP)
        before = len(pair.written_by(pair.first))
        until(lambda: pair.owns(pair.second), "the second owns all", patience=60)
        taken = time.time()
        pair.first.faults("plex")
        until(lambda: pair.written_by(pair.second), "the second writes")
        pair.first.daemon.running.send_signal(signal.SIGCONT)
        pair.in_step()
        pair.second.quiet()
        until(lambda: not any(one["mine"] for one in pair.first.status()["owners"]), "the first knows that it lost")
        late = [one for one in pair.written_by(pair.first) if one["at"] > taken]
        assert late == []
        # What it had sent before it was stopped is all that may have come meanwhile: one write at a time.
        assert len(pair.written_by(pair.first)) <= before + 1
        for home in (pair.first, pair.second):
            home.silently(5, title=f"Told by {home.folder.name}, afterwards")
            posted(home, 5)
            pair.in_step()
        assert pair.owns(pair.second)


def test_of_two_daemons_with_two_servers_each_owns_one(tmp_path: Path, postgres_url: str) -> None:
    with household(tmp_path / "cellar", scenes=SCENES) as cellar:
        servers = [
            {"name": "attic", "url": "", "token": TOKEN, "libraries": [LIBRARY]},
            {"name": "cellar", "url": cellar.plex_url, "token": TOKEN, "libraries": [LIBRARY]},
        ]
        with daemons(tmp_path, postgres_url, quick=True) as pair:
            servers[0]["url"] = pair.first.plex_url
            for home in (pair.first, pair.second):
                _configure_servers(home, postgres_url, servers)
                home.daemon.start()
            for home in (pair.first, pair.second):
                home.daemon_is_ready()
            keys = ("plex:attic", "plex:cellar")
            pids = {home.daemon.running.pid for home in (pair.first, pair.second)}
            until(lambda: {pair.owner_of(key) for key in keys} == pids, "each owns one")
            pair.in_step()
            pair.first.quiet()


@pytest.mark.soak
def test_kill_9_of_the_owner_moves_ownership_within_30_seconds(tmp_path: Path, postgres_url: str) -> None:
    with daemons(tmp_path, postgres_url, quick=False) as pair:
        pair.start()
        pair.in_step()
        for killed, other in ((pair.first, pair.second), (pair.second, pair.first)):
            killed.daemon.kill()
            began = time.monotonic()
            until(lambda other=other: pair.owns(other), "the other owns all", patience=MOVED_WITHIN)  # type: ignore[misc]
            took = time.monotonic() - began
            other.silently(1, title=f"Written by {other.folder.name}")
            posted(other, 1)
            pair.in_step()
            sys.stdout.write(f"\nownership moved {took:.1f} s after kill -9\n")
            killed.start_daemon()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_owners_stopped_at_any_moment_wake_up_and_write_nothing(tmp_path: Path, postgres_url: str) -> None:
    chance = random.Random(5)
    with daemons(tmp_path, postgres_url, quick=True) as pair:
        pair.first.faults("plex", {"path": "/library/sections", "method": "PUT", "fault": "delay", "seconds": 0.02})
        pair.start()
        working, standing = pair.first, pair.second
        for _ in range(10):
            for scene in range(1, SCENES + 1):
                working.silently(scene, details=f"Rewritten {chance.random()}")
            standing.ask("POST", "/api/v1/sync", json={"all": True})
            goal = len(pair.written_by(working)) + chance.randint(1, 10)
            until(lambda: len(pair.written_by(working)) >= goal, "the owner writes", every=0.01)  # noqa: B023
            working.daemon.lives(chance.uniform(0.0, 0.1))
            working.daemon.running.send_signal(signal.SIGSTOP)
            until(lambda: pair.owns(standing), "the other owns all", patience=60)  # noqa: B023
            taken = time.time()
            working.daemon.running.send_signal(signal.SIGCONT)
            pair.in_step()
            standing.quiet()
            assert [one for one in pair.written_by(working) if one["at"] > taken] == []
            working, standing = standing, working


def _configure_servers(home: Household, url: str, servers: list[dict[str, Any]]) -> None:
    """Several servers in place of the one that the household knows of."""
    home.configure(store_url=url)
    path = home.data / "plexsync.toml"
    plain = ("plex_url", "plex_token", "libraries")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(plain)]
    for server in servers:
        lines += ["", "[[servers]]", *(f"{name} = {json.dumps(value)}" for name, value in server.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
