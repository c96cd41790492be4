"""kill -9 of the hook, the daemon or both in the middle of edits, and a network that is cut: nothing lost or stale."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from process.household import Household, household
from process.programs import until

SCENES = 60
#: A connection that breaks: before Plex read the request, or in the middle of its answer.
CUTS = (
    {"fault": "refuse", "times": 2},
    {"fault": "refuse", "method": "POST", "times": 1},
    {"fault": "refuse", "method": "PUT", "times": 2},
    {"fault": "cut", "method": "GET", "times": 2},
    {"fault": "cut", "method": "PUT", "times": 1},
    {"fault": "cut", "method": "POST", "times": 1},
    {"fault": "half_json", "method": "GET", "times": 2},
)


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Each round edits some scenes, cuts the network at times, and kills somebody meanwhile."""

    home: Household
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def play(self, rounds: int) -> None:
        for _ in range(rounds):
            if self.home.daemon.running.poll() is not None:
                self.home.daemon.start()
            if self.chance.random() < 0.5:
                self.home.daemon_is_ready()
            with self._cut_network(), self._editing():
                victim = self.chance.choice(["hook", "daemon", "both"])
                if victim != "daemon":
                    self._kill_hooks(within=1.0)
                self.home.daemon.lives(self.chance.uniform(0.0, 0.3))
                if victim != "hook":
                    self.home.daemon.kill()
                    self.counts["kills of the daemon"] += 1

    @contextlib.contextmanager
    def _cut_network(self) -> Iterator[None]:
        cuts = self.chance.sample(CUTS, self.chance.choice([0, 1, 2]))
        self.home.faults("plex", *cuts)
        self.counts["cuts"] += len(cuts)
        yield

    @contextlib.contextmanager
    def _editing(self) -> Iterator[None]:
        """A user saves some scenes while the block lasts; Stash runs their hooks."""
        scenes = self.chance.sample(range(1, SCENES + 1), 3)
        texts = [f"Round {self.chance.random()}" for _ in scenes]

        def edit() -> None:
            with httpx2.Client(timeout=60, trust_env=False) as client:
                for scene, text in zip(scenes, texts, strict=True):
                    values = {"id": str(scene), "details": text, "rating100": 10 * (len(text) % 9 + 1)}
                    client.post(f"{self.home.stash_url}/graphql", json={"query": EDIT, "variables": {"input": values}})

        user = threading.Thread(target=edit)
        user.start()
        yield
        user.join()
        self.counts["edits"] += len(scenes)

    def _kill_hooks(self, within: float) -> None:
        """Kill the hook that runs now, or the next one that does, somewhere in its way."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if hooks := hooks_of(self.home.stash.running.pid):
                time.sleep(self.chance.uniform(0.0, 0.06))
                for pid in hooks:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        self.counts["kills of a hook"] += 1
                return


EDIT = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"


def hooks_of(stash: int) -> list[int]:
    """The plugin's processes that this Stash runs now."""
    children = Path(f"/proc/{stash}/task/{stash}/children").read_text(encoding="ascii")
    return [int(pid) for pid in children.split() if b"hook.py" in _command_line(int(pid))]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def check(folder: Path, *, seed: int, rounds: int) -> None:
    with household(folder, scenes=SCENES, plugin=True) as home:
        home.configure(connect_timeout=2, read_timeout=5)
        untouched = home.items()
        home.daemon.measured = False
        home.start_daemon()
        home.quiet(patience=60)
        played = Rounds(home=home, chance=random.Random(seed))
        played.play(rounds)
        home.faults("plex")
        # A hook that was killed told nobody; the walk of the next start finds its scene.
        home.daemon.end()
        home.start_daemon()
        began = time.monotonic()
        until(lambda: home.differences() == [], "Plex holds what Stash holds", patience=150, every=0.25)
        home.quiet(patience=120)
        counts = home.plex_requests()
        numbers = {name: counts[name] for name in ("writes", "uploads", "repeats")}
        took = time.monotonic() - began
        sys.stdout.write(f"\n{rounds} rounds, {dict(played.counts)}: Plex {numbers}, at rest {took:.1f} s later\n")
        assert home.status()["servers"][0]["queue"]["dead"] == 0
        assert counts["repeats"] <= played.counts["kills of the daemon"] + played.counts["cuts"], numbers
        assert home.own_before_values(untouched) == []


@pytest.mark.process
def test_four_rounds_of_kills_and_cuts_lose_nothing_and_leave_nothing_stale(tmp_path: Path) -> None:
    check(tmp_path, seed=3, rounds=4)


@pytest.mark.soak
@pytest.mark.process
@pytest.mark.timeout(1800)
def test_two_hundred_rounds_of_kills_and_cuts_lose_nothing_and_leave_nothing_stale(tmp_path: Path) -> None:
    check(tmp_path, seed=4, rounds=200)
