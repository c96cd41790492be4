"""A search for gaps goes on after kill -9 where it stood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from process.household import Household, household
from process.programs import until

pytestmark = pytest.mark.process

SCENES = 12


def run_of(home: Household, number: int) -> dict[str, Any]:
    """What the daemon tells of a run."""
    return dict(home.ask("GET", f"/api/v1/reconcile/{number}"))


def test_a_search_that_is_killed_goes_on_where_it_stood(tmp_path: Path) -> None:
    with household(tmp_path, scenes=SCENES, lasting=True) as home:
        home.configure()
        home.start_daemon()
        home.quiet()
        first = home.ask("POST", "/api/v1/reconcile", json={"report_only": True})["run"]
        until(lambda: run_of(home, first)["stage"] == "done", "each item was looked at once")
        # Plex is gone through, and then Stash does not answer until the daemon is killed.
        home.faults("stash", {"path": "/graphql", "fault": "delay", "seconds": 600})
        number = home.ask("POST", "/api/v1/reconcile", json={"report_only": True})["run"]
        until(lambda: run_of(home, number)["items"] == SCENES, "Plex is gone through")
        assert run_of(home, number)["stage"] == "searching"
        home.daemon.kill()
        home.faults("stash")
        home.start_daemon()
        until(lambda: run_of(home, number)["stage"] == "done", "the run is done")
        done = run_of(home, number)
        # Each page was taken once: Plex's before the kill, Stash's after it.
        assert (done["items"], done["scenes"], done["pages"]) == (SCENES, SCENES, 2)
        assert all(not outcomes for outcomes in done["found"].values())
