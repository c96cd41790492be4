"""How far the index follows a library is remembered, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plexsync.store import listings, newpeers, preferences
from plexsync.store.database import Connection, Database
from plexsync.store.listings import Listing, Progress

PROGRESS = Progress(run=7, began_at=5.0, marks="3/2/1", newest=4, doubts=1, first=True, position=400)
LISTING = Listing(marks="2/2/1", newest=3, uncounted=1, whole_at=2.0, took=1.5, doubts=2, settled=1, progress=PROGRESS)


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def test_a_listing_comes_back_as_it_was_put_for_its_library_alone(conn: Connection) -> None:
    listings.put(conn, "plex", 1, LISTING)
    listings.put(conn, "plex", 2, replace(LISTING, progress=None))
    assert listings.get(conn, "plex", 1) == LISTING
    assert listings.get(conn, "plex", 2) == replace(LISTING, progress=None)
    assert listings.get(conn, "plex", 3) is None
    assert listings.get(conn, "other", 1) is None
    listings.forget(conn, "plex", 1)
    assert listings.get(conn, "plex", 1) is None
    assert listings.get(conn, "plex", 2) is not None


def test_a_doubt_lasts_until_a_listing_that_knew_of_it_has_ended(conn: Connection) -> None:
    listings.put(conn, "plex", 1, replace(LISTING, settled=2))
    listings.doubt(conn, "plex", {1, 2})
    assert listings.get(conn, "plex", 2) is None, "what was never listed cannot be doubted"
    found = listings.get(conn, "plex", 1)
    assert found is not None
    assert found.doubted
    assert not replace(found, settled=found.doubts).doubted


def test_what_an_earlier_or_a_later_version_kept_is_understood(conn: Connection) -> None:
    later = {"marks": "1/1/1", "newest": 9, "unheard of": [1], "progress": None}
    preferences.put(conn, "listed:plex", {"1": "5/100/1", "2": "", "3": later})
    for section in (1, 2):
        found = listings.get(conn, "plex", section)
        assert found is not None
        assert found.doubted, "all of it is listed once more"
    assert listings.get(conn, "plex", 3) == Listing(marks="1/1/1", newest=9)


def test_of_another_server_nothing_counts(conn: Connection) -> None:
    listings.put(conn, "plex", 1, LISTING)
    newpeers.forget_items(conn, "plex", "plex until then")
    assert listings.get(conn, "plex", 1) is None
