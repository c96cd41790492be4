"""Edits in a real Stash while the daemon shares the plugin's folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from live import edits
from live.house import RUN, House
from live.server import Stash
from pictures import cover
from plexsync.demo.servers import Daemon

#: Seconds; what the 95th percentile has to stay below.
SOON = 2.0


@pytest.fixture
def daemon(house: House) -> Iterator[Daemon]:
    """The plugin in Stash, and a daemon that listens in its folder."""
    house.install(start=False)
    house.settings(house.spool)
    with house.daemon() as daemon:
        yield daemon


def test_an_edit_of_every_field_is_in_plex_soon(house: House, daemon: Daemon) -> None:
    assert edits.edit_everything(house, "shared folder") < SOON
    took = edits.edit_titles(house, "shared folder", 20)
    assert sorted(took)[int(len(took) * 0.95)] < SOON
    assert house.waiting() == []


def test_all_scenes_of_a_bulk_edit_arrive(house: House, daemon: Daemon) -> None:
    edits.edit_in_bulk(house, "shared folder")
    assert house.waiting() == []


def test_none_of_many_edits_at_once_is_lost(house: House, daemon: Daemon) -> None:
    edits.edit_at_once(house, "shared folder")
    assert house.waiting() == []


def test_each_edit_leads_to_one_write_and_a_known_picture_is_not_sent_again(house: House, daemon: Daemon) -> None:
    before = house.seen.counts()
    edits.edit_titles(house, "one write", 10)
    house.until_quiet(daemon)
    after = house.seen.counts()
    assert after["writes"] - before["writes"] == 10
    assert after["uploads"] == before["uploads"]


def test_two_edits_of_one_scene_in_one_second_end_with_the_last(house: House, stash: Stash, daemon: Daemon) -> None:
    scene = stash.scenes()[3]
    for number in range(5):
        picture, sha1 = cover(f"{number} {RUN}")
        stash.edit(scene["id"], title=f"hasty {number} {RUN}", cover_image=picture)
    house.until_equal([scene["id"]], "the last of five edits is in Plex")
    house.until_quiet(daemon)
    item = house.item(scene)
    assert (item["title"], item["posterSha1"]) == (f"hasty 4 {RUN}", sha1)


def test_what_is_taken_away_in_stash_goes_from_plex(house: House, stash: Stash, daemon: Daemon) -> None:
    scene = stash.scenes()[4]
    gone: dict[str, Any] = {
        "details": "",
        "date": None,
        "rating100": None,
        "studio_id": None,
        "tag_ids": [],
        "performer_ids": [],
    }
    stash.edit(scene["id"], **gone)
    house.until_equal([scene["id"]], "the emptied scene is in Plex")
    item = house.item(scene)
    assert (item["genres"], item["actors"], item["studio"], item["summary"]) == ([], [], None, None)
    assert (item["originallyAvailableAt"], item["year"]) == (None, None)
