"""The first meeting of a real Stash with Plex."""

from __future__ import annotations

import time

from live.figures import show
from live.house import House
from live.server import Stash


def test_after_the_first_walk_every_item_holds_what_stash_says(house: House, stash: Stash) -> None:
    house.settings()
    began = time.monotonic()
    with house.daemon() as daemon:
        took = time.monotonic() - began
        scenes = stash.scenes()
        assert house.differences(scenes) == []
        status = daemon.status()
        assert status["stash"]["scenes"] >= len(scenes)
        assert status["troubles"] == []
        show(f"first walk of {len(scenes)} scenes, from the start of the daemon to rest: {took:.1f} s")


def test_a_restart_and_a_second_walk_write_nothing(house: House) -> None:
    house.settings()
    with house.daemon():
        before = house.seen.counts()
    with house.daemon() as daemon:
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        after = house.seen.counts()
    assert (after["writes"], after["uploads"]) == (before["writes"], before["uploads"])
