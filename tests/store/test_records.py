"""The small records: decisions, pictures, preferences, gates and walks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from plexsync.model.fields import Field
from plexsync.model.work import Decision
from plexsync.store import decisions, gates, pictures, preferences, walks
from plexsync.store.database import Connection, Database
from plexsync.store.pictures import Picture, Shown
from plexsync.store.walks import Walk


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def decision(kind: str, digest: str = "d1") -> Decision:
    return Decision(kind=kind, reason="because", digest=digest, index_version=2, facts={"candidates": [1, 2]})


def test_the_latest_decision_on_a_scene_counts_and_can_be_cleared(conn: Connection) -> None:
    decisions.decide(conn, "plex", 1, decision("ambiguous"), 1.0)
    decisions.decide(conn, "plex", 1, decision("outside", "d2"), 2.0)
    decisions.decide(conn, "plex", 2, decision("ambiguous"), 3.0)
    assert decisions.decided(conn, "plex", [1, 3]) == {1: decision("outside", "d2")}
    assert decisions.counts(conn, "plex") == {"ambiguous": 1, "outside": 1}
    assert [one.scene for one in decisions.listing(conn, server="plex", kind="ambiguous")] == [2]
    assert [one.scene for one in decisions.listing(conn, after=("plex", 1))] == [2]
    assert decisions.clear(conn, "plex", [1, 5]) == 1
    assert decisions.decided(conn, "plex", [1]) == {}


def picture(recipe: str, **facts: Any) -> Picture:
    whole: dict[str, Any] = {"etag": "e1", "sha1": "s1", "size": 9, "checked_for": "then", "checked_at": 1.0} | facts
    return Picture(kind="scene", id=1, recipe=recipe, **whole)


def test_a_picture_is_as_last_checked_by_each_recipe(conn: Connection) -> None:
    assert pictures.of(conn, "scene", 1) == {}
    pictures.put(conn, [picture("clip"), picture("poster", sha1="s2")])
    pictures.put(conn, [picture("clip", sha1="", size=0, etag="", checked_for="now", checked_at=2.0)])
    assert {name: one.sha1 for name, one in pictures.of(conn, "scene", 1).items()} == {"clip": "", "poster": "s2"}
    assert pictures.of(conn, "performer", 1) == {}
    assert pictures.of_each(conn, "scene", [1, 2], "poster") == {1: picture("poster", sha1="s2")}
    assert (pictures.size_of(conn, "scene", 1, "s2"), pictures.size_of(conn, "scene", 1, "other")) == (9, 0)


def test_an_upload_is_known_by_its_bytes_and_its_key_for_each_field(conn: Connection) -> None:
    for field in (Field.POSTER, Field.BACKGROUND):
        pictures.note_upload(conn, "plex", 7, field, "s1", f"upload://{field}/s1", 1.0)
    assert pictures.uploaded(conn, "plex", 7, Field.POSTER, "s1") == "upload://poster/s1"
    assert pictures.uploaded(conn, "plex", 7, Field.BACKGROUND, "s1") == "upload://background/s1"
    assert pictures.uploaded(conn, "plex", 8, Field.POSTER, "s1") is None
    assert pictures.of_key(conn, "plex", 7, Field.POSTER, "upload://poster/s1") == "s1"
    assert pictures.of_key(conn, "plex", 7, Field.POSTER, "upload://background/s1") is None


def test_what_an_item_shows_is_known_by_field(conn: Connection) -> None:
    for address in ("/thumb/1", "/thumb/2"):
        pictures.note_shown(conn, "plex", 7, Field.POSTER, Shown(address=address, key="media://frame"))
    assert pictures.shown_by(conn, "plex", 7) == {Field.POSTER: Shown(address="/thumb/2", key="media://frame")}
    assert pictures.shown_by(conn, "plex", 8) == {}


def test_preferences_hold_any_json_and_are_listed_by_prefix(conn: Connection) -> None:
    preferences.put(conn, "field.title", {"owner": "stash", "limit": 5})
    preferences.put(conn, "field.studio", False)
    preferences.put(conn, "Field.other", 1)
    preferences.put(conn, "field_x", 1)
    assert preferences.get(conn, "field.title") == {"owner": "stash", "limit": 5}
    assert preferences.all_under(conn, "field.") == {
        "field.studio": False,
        "field.title": {"owner": "stash", "limit": 5},
    }
    preferences.put(conn, "field.studio", None)
    assert preferences.get(conn, "field.studio") is None
    assert set(preferences.all_under(conn, "field")) == {"field.title", "field_x"}


def test_a_gate_that_cannot_be_read_counts_as_never_saved(conn: Connection) -> None:
    assert gates.load(conn, "plex") is None
    gates.save(conn, "plex", {"open": True, "outages": [[1.0, 2.0]]}, 1.0)
    assert gates.load(conn, "plex") == {"open": True, "outages": [[1.0, 2.0]]}
    for broken in ("{half", "[1]"):
        conn.execute(sa.text("UPDATE gates SET facts = :facts"), {"facts": broken})
        assert gates.load(conn, "plex") is None


def test_a_walk_goes_on_where_it_stood(conn: Connection) -> None:
    assert walks.load(conn, "full") is None
    for walk in (
        Walk(name="full", last_id=500, started_at=1.0, facts={"seen": 3}),
        Walk(name="full", last_id=900, started_at=1.0, finished_at=2.0),
    ):
        walks.save(conn, walk)
        assert walks.load(conn, "full") == walk
