"""A daemon that is killed while it lists Plex goes on with that at its next start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from cli.program import LIBRARY, House
from plexsync.demo.waiting import until
from plexsync.plex.listings import PAGE
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from plexsync.store import index, listings
from plexsync.store.database import Database
from plexsync.store.listings import Listing

pytestmark = pytest.mark.process

ALL = "/library/sections/1/all"
COUNT = 3 * PAGE + 50
PATIENCE = 60.0


@contextmanager
def house_with(folder: Path) -> Iterator[House]:
    """A Plex of several pages; no Stash answers."""
    data_dir = folder / "data"
    data_dir.mkdir()
    with serving(create_app(PlexOptions(items=COUNT))) as plex:
        house = House(data_dir=data_dir, plugins=folder, stash="http://127.0.0.1:9", plex=plex.url)
        house.configure(
            f"""
port = 0
stash_url = "{house.stash}"
plex_url = "{plex.url}"
plex_token = "sim-plex-token"
libraries = ["{LIBRARY}"]
reconcile = "never"
"""
        )
        yield house


def known(house: House) -> tuple[Listing | None, int]:
    """How far the listing has come, and how many items are known."""
    path = house.data_dir / "plexsync.db"
    if not path.exists():
        return None, 0
    database = Database.open(f"sqlite:///{path}")
    try:
        with database.transaction() as connection:
            return listings.get(connection, "plex", 1), sum(index.count(connection, "plex").values())
    finally:
        database.close()


def pages(house: House) -> int:
    """How often Plex was asked for a page since the last look."""
    log = httpx2.get(f"{house.plex}/_sim/requests").json()["requests"]
    httpx2.delete(f"{house.plex}/_sim/requests")
    return sum(row["path"] == ALL for row in log)


def test_a_listing_goes_on_after_kill_9(tmp_path: Path) -> None:
    with house_with(tmp_path) as house:
        # The question for the newest item and two pages; then nothing more comes.
        httpx2.put(f"{house.plex}/_sim/faults", json=[{"path": ALL, "fault": "hang", "after": 3}])

        def cut_off() -> bool:
            listing, _ = known(house)
            return listing is not None and listing.progress is not None and listing.progress.position == 2 * PAGE

        with house.daemon() as daemon:
            until(cut_off, PATIENCE, "two pages are known")
            daemon.process.kill()
            daemon.process.wait()
        assert known(house)[1] == 2 * PAGE
        httpx2.put(f"{house.plex}/_sim/faults", json=[])
        pages(house)

        def whole() -> bool:
            listing, count = known(house)
            return listing is not None and listing.progress is None and count == COUNT

        with house.daemon():
            until(whole, PATIENCE, "all items are known")
        assert pages(house) == 3, "once more the last page that was taken, and the two that were left"
