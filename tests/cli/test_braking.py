"""`brake` on the command line: what is held, shown and answered, without a daemon and by one."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from cli.program import LIBRARY, Done, House
from plexsync.demo.waiting import until
from plexsync.sync.walks.fanout import FEW

pytestmark = [pytest.mark.process, pytest.mark.parametrize("house", [60], indirect=True)]


def summaries(house: House) -> int:
    """How many items of Plex have one."""
    return sum(bool(item["summary"]) for item in house.items().values())


def emptied(house: House) -> int:
    """All is in step, then a job of Stash empties every summary; how many there were."""
    house.configure("sync_cover = false\n" + (house.data_dir / "plexsync.toml").read_text())
    done = house.call("sync", "--library", LIBRARY, "--go")
    assert done.code == 0, done.err
    with httpx2.Client(base_url=house.stash, verify=False) as stash:
        for scene in range(1, 61):
            stash.post("/_sim/silent", json={"id": scene, "details": ""}).raise_for_status()
    count = summaries(house)
    assert count > 50
    return count


def listed(house: House) -> list[dict[str, Any]]:
    """The questions that there are."""
    found: list[dict[str, Any]] = house.call("--json", "brake", "list").facts
    return found


def kept(house: House, before: int) -> int:
    """How many are left; a look may have met few before they could be counted with the others."""
    left = summaries(house)
    assert before - left <= FEW
    return left


def asked(done: Done, held: int) -> None:
    """The question is shown whole."""
    assert "Question 1 (" in done.out
    assert f"{held} scenes held on Plex (plex): {held} cleared, of 60 linked" in done.out
    assert "Some of them" in done.out
    assert "-> nothing" in done.out
    assert "`plexsync brake release 1` lets all of it be written" in done.out


def test_without_a_daemon_what_is_held_is_shown_and_released(house: House) -> None:
    before = emptied(house)
    assert house.call("sync", "--all").code == 0
    held = kept(house, before)
    asked(house.call("brake", "list"), held)
    asked(house.call("status"), held)
    released = house.call("brake", "release", "1")
    assert released.out == f"Question 1 is answered: {held} scenes written from now on.\n"
    assert "Answered" in house.call("brake", "list").out
    again = house.call("brake", "release", "1")
    assert (again.code, again.out) == (1, "")
    assert "question 1 was answered already (released); waiting for an answer: none" in again.err
    assert house.call("sync", "--all").code == 0
    assert summaries(house) == 0


def test_a_daemon_holds_shows_and_is_told_no(house: House) -> None:
    before = emptied(house)
    with house.daemon():
        assert house.call("reconcile", "--wait").code == 0
        until(lambda: sum(one["scenes"] for one in listed(house)) == summaries(house), 60, "the brake asks about all")
        held = kept(house, before)
        asked(house.call("brake", "list"), held)
        wrong = house.call("brake", "release", "1", "--new")
        assert (wrong.code, "question 1 is not about another Stash or Plex" in wrong.err) == (1, True)
        rejected = house.call("brake", "reject", "1")
        assert rejected.out == (
            f"Question 1 is answered: {held} scenes left as Plex has them, until they or the rules change again.\n"
        )
        assert house.call("reconcile", "--wait").code == 0
        assert summaries(house) == held
