"""Whatever happens in whatever order: once all is well again, Plex comes to hold what Stash holds, by itself."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest

from process.household import Household, household
from process.programs import until
from soak.chaos import Chaos

pytestmark = [pytest.mark.soak, pytest.mark.process, pytest.mark.timeout(1200)]

SCENES = 60
SECONDS = 300.0
#: Seconds after the end of all trouble in which everything has to be in step: the longest waits are a back-off of 80 s
#: and a health check of the gate.
CONVERGES_IN = 150.0


def converged(home: Household, chaos: Chaos) -> float:
    """The seconds it takes; fails with every field that never got there."""
    began = time.monotonic()
    lines: list[str] = []

    def same() -> bool:
        lines[:] = home.differences()
        return not lines

    try:
        until(same, "Plex holds what Stash holds", patience=CONVERGES_IN, every=0.25)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *lines, str(dict(chaos.counts))])) from None
    return time.monotonic() - began


def run(folder: Path, *, seed: int, seconds: float, stash_dies: bool) -> None:
    """Chaos, healing, convergence, and then nothing more to do."""
    with household(folder, scenes=SCENES, plugin=True, kept=True) as home:
        untouched = home.items()
        home.configure(connect_timeout=2, read_timeout=5)
        chaos = Chaos(home=home, chance=random.Random(seed), scenes=SCENES, stash_dies=stash_dies)
        home.start_daemon()
        home.quiet()
        chaos.rage(seconds)
        chaos.counts["dead letters"] = int(home.rows("select count(*) from dead_letters")[0][0])
        if stash_dies:
            # A hook that died with Stash told nobody; the walk of the next start finds its scene.
            home.daemon.kill()
            home.daemon.start()
        took = converged(home, chaos)
        chaos.count_writes()
        told = f"{dict(chaos.counts)}, Plex: {dict(chaos.writes)}, in step {took:.1f} s later"
        sys.stdout.write(f"\nseed {seed}, {seconds:.0f} s: {told}\n")
        home.daemon_is_ready()
        home.quiet(patience=120)
        before = home.plex_requests()
        home.ask("POST", "/api/v1/sync", json={"all": True})
        home.quiet(patience=120)
        after = home.plex_requests()
        assert (after["writes"], after["uploads"]) == (before["writes"], before["uploads"])
        assert home.own_before_values(untouched) == []


@pytest.mark.parametrize("seed", [11, 12])
def test_edits_faults_outages_and_kills_of_the_daemon_end_in_step(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed=seed, seconds=SECONDS, stash_dies=False)


def test_kills_of_all_three_programs_end_in_step_after_the_next_walk(tmp_path: Path) -> None:
    run(tmp_path, seed=21, seconds=SECONDS, stash_dies=True)
