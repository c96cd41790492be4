"""kill -9 at any moment costs at most the one write under way, and loses nothing."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from process.household import Household, household
from process.programs import until

SCENES = 200


def edited_meanwhile(home: Household, chance: random.Random, scenes: int) -> None:
    """Edits that no hook tells of: only a walk finds them."""
    for scene in chance.sample(range(1, SCENES + 1), scenes):
        home.silently(scene, details=f"Rewritten {chance.random()}", rating100=chance.randint(1, 100))


def written(home: Household) -> int:
    """How many edits and uploads Plex has carried out."""
    counts = home.plex_requests()
    return int(counts["writes"] + counts["uploads"])


def killed(home: Household, chance: random.Random, *, kills: int, edits: int, most: int) -> None:
    """Kill the daemon so often: one time in four while it starts, else in the middle of up to `most` writes."""
    for number in range(kills):
        home.daemon.start()
        if number % 4 == 3:
            home.daemon.lives(chance.uniform(0.0, 2.0))
        else:
            home.daemon_is_ready()
            goal = written(home) + chance.randint(1, most)
            until(lambda goal=goal: written(home) >= goal, f"{goal} writes")  # type: ignore[misc]
            home.daemon.lives(chance.uniform(0.0, 0.05))
        home.daemon.kill()
        if edits:
            edited_meanwhile(home, chance, edits)


def check_kills(folder: Path, *, seed: int, kills: int, edits: int, most: int) -> None:
    """The whole story; `edits` scenes are edited after each kill, which comes within `most` writes."""
    with household(folder, scenes=SCENES) as home:
        untouched = home.items()
        home.daemon.measured = False
        killed(home, random.Random(seed), kills=kills, edits=edits, most=most)
        home.start_daemon()
        home.quiet(patience=60)
        assert home.differences() == []
        assert home.status()["servers"][0]["queue"]["dead"] == 0
        counts = home.plex_requests()
        numbers = {name: counts[name] for name in ("writes", "uploads", "repeats")}
        sys.stdout.write(f"\n{kills} kills, {kills * edits} edits between them: {numbers}\n")
        assert counts["writes"] <= SCENES + kills * edits + kills, numbers
        assert counts["uploads"] <= SCENES + kills, numbers
        assert counts["repeats"] <= kills, numbers
        assert home.own_before_values(untouched) == []


@pytest.mark.process
def test_five_kills_in_a_sync_of_200_scenes_lose_nothing_and_repeat_little(tmp_path: Path) -> None:
    check_kills(tmp_path, seed=1, kills=5, edits=0, most=70)


@pytest.mark.soak
@pytest.mark.process
@pytest.mark.timeout(600)
def test_fifty_kills_beside_edits_that_no_hook_tells_lose_nothing_and_repeat_little(tmp_path: Path) -> None:
    check_kills(tmp_path, seed=2, kills=50, edits=20, most=12)
