"""What is known of Plex's items is shown and made anew, with a daemon and without."""

from __future__ import annotations

import httpx2
import pytest

from cli.program import LIBRARY, House

pytestmark = pytest.mark.process


def listings(house: House) -> int:
    """How often Plex listed items since the last look."""
    log = httpx2.get(f"{house.plex}/_sim/requests").json()["requests"]
    httpx2.delete(f"{house.plex}/_sim/requests")
    return sum((row["method"], row["path"]) == ("GET", "/library/sections/1/all") for row in log)


def test_without_a_daemon_plex_is_listed_here(house: House) -> None:
    done = house.call("index", "refresh")
    assert done.code == 0, done.err
    assert "Plex is listed here" in done.out
    assert "Plex (plex), Open movies: 6 items, listed as a whole " in done.out
    assert listings(house) == 2
    facts = house.call("index", "list", "--json").facts
    (row,) = facts["libraries"]
    assert (row["server"], row["library"], row["items"], facts["asked"]) == ("plex", LIBRARY, 6, [])
    assert house.writes() == 0


def test_the_daemon_lists_plex_anew_and_says_when_it_has(house: House) -> None:
    with house.daemon():
        assert house.call("index", "refresh", "--wait").code == 0
        listings(house)
        done = house.call("index", "refresh", "--wait", "--json")
        assert done.code == 0, done.err
        assert ([row["items"] for row in done.facts["libraries"]], done.facts["asked"]) == ([6], [])
        assert listings(house) == 2
        assert "6 items" in house.call("index", "list").out
