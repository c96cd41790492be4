"""Verbs that speak to a running daemon."""

from __future__ import annotations

import pytest

from cli.program import LIBRARY, House
from plexsync.demo.waiting import until

pytestmark = pytest.mark.process


def test_a_library_is_previewed_released_explained_and_left_alone_afterwards(house: House) -> None:
    """The first contact from the first look to a plan without changes."""
    with house.daemon():

        def all_wait() -> bool:
            return bool(house.call("status", "--json").facts["servers"][0]["first_contact"]["waiting"] == 6)

        until(all_wait, 60, "all six scenes wait")
        assert house.writes() == 0
        preview = house.call("plan", "1")
        assert preview.code == 0
        assert "never written" in preview.out
        assert "Blender Foundation" in preview.out
        counted = house.call("sync", "--library", LIBRARY)
        assert "6 scenes wait" in counted.out
        assert house.writes() == 0

        done = house.call("sync", "--library", LIBRARY, "--go", "--wait")
        assert done.code == 0
        assert house.items()["Sintel"]["studio"] == "Blender Foundation"

        why = house.call("why", "1")
        assert "in step" in why.out
        assert "Written so far" in why.out
        assert house.call("plan", "--all", "--json").facts["items"][0]["changes"] == []
        assert house.call("queue", "list", "--json").facts == []
        assert "No dead letters" in house.call("dead", "list").out


def test_a_second_daemon_on_the_same_folder_is_refused(house: House) -> None:
    """It says who holds the folder and ends with 1."""
    with house.daemon() as first:
        second = house.call("run")
        assert second.code == 1
        assert f"process {first.process.pid}" in second.err


def test_stop_returns_only_when_the_folder_is_free(house: House) -> None:
    """The next daemon can start at once; a stop without a daemon is no failure."""
    with house.daemon() as running:
        stopped = house.call("stop")
        assert stopped.code == 0
        assert running.process.wait(30) == 0
        with house.daemon():
            assert house.call("status").code == 0
        again = house.call("stop", "--json")
        assert (again.code, again.facts["stopped"]) == (0, False)


def test_an_unknown_library_is_named_with_those_that_exist(house: House) -> None:
    """The daemon's own words come through, and the code is 1."""
    with house.daemon():
        until(lambda: house.call("status", "--json").facts["servers"][0]["libraries"], 60, "libraries are known")
        refused = house.call("sync", "--library", "Nope", "--go")
        assert refused.code == 1
        assert LIBRARY in refused.err


def test_a_folder_given_to_run_is_watched_beside_those_of_the_settings(house: House) -> None:
    """The daemon opens its socket there."""
    spool = house.data_dir / "more"
    with house.daemon("--spool-folder", str(spool)):
        until((spool / "nudge.sock").exists, 60, "the spool folder is watched")
