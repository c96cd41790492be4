"""Something that scenes name changes: which scenes are put, and in which lane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newstore import new_store
from plexsync.model.related import Related, RelatedKind, of_performer, of_tag
from plexsync.model.scene import Performer, Scene, Tag
from plexsync.model.work import Lane
from plexsync.stash.changes import Touched
from plexsync.store import links, queue, related, seen
from plexsync.store.database import Connection, Database
from plexsync.store.links import Link
from plexsync.sync.walks.fanout import FEW, FanOut, names_known

SERVERS = ("attic", "cellar")
FAN = FanOut(servers=SERVERS)
STAR = Performer(id=7, name="Star")
THEN, LATER = "2026-01-01T10:00:00Z", "2026-01-01T10:00:05Z"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    database = Database.open(new_store(tmp_path / "plexsync.db"))
    with database.transaction() as connection:
        yield connection
    database.close()


def note(conn: Connection, count: int, performer: Performer = STAR) -> None:
    scenes = [
        Scene(id=number, performers=(performer,), tags=(Tag(id=1, name="tag"),)) for number in range(1, count + 1)
    ]
    seen.note(conn, scenes, 1.0)


def touched(now: Related, at: str = LATER, below: tuple[int, ...] = ()) -> Touched:
    return Touched(now=now, updated_at=at, below=below)


def rows(conn: Connection) -> list[tuple[str, int, Lane, tuple[str, ...]]]:
    found = queue.listing(conn, limit=100_000)
    return sorted((row.server, row.scene, row.lane, tuple(row.reasons)) for row in found)


RENAMED = touched(of_performer(Performer(id=7, name="Renamed")))


def test_few_scenes_go_before_bulk_work_on_every_server(conn: Connection) -> None:
    note(conn, 2)
    assert FAN.touched(conn, [RENAMED], (), 2.0) == 4
    assert rows(conn) == [(server, scene, Lane.CHANGE, ("related",)) for server in SERVERS for scene in (1, 2)]


def test_many_scenes_are_bulk_work(conn: Connection) -> None:
    note(conn, FEW + 1)
    FAN.touched(conn, [RENAMED], (), 2.0)
    assert {lane for _, _, lane, _ in rows(conn)} == {Lane.BULK}


def test_what_was_told_once_is_not_put_again(conn: Connection) -> None:
    note(conn, 2)
    FAN.touched(conn, [RENAMED], (), 2.0)
    assert FAN.touched(conn, [RENAMED], (), 3.0) == 0


def test_what_no_scene_names_is_nothing(conn: Connection) -> None:
    note(conn, 1)
    assert FAN.touched(conn, [touched(of_performer(Performer(id=8, name="Extra")))], (), 2.0) == 0
    assert related.known(conn, [(RelatedKind.PERFORMER, 8)]) == {}


def test_a_touch_that_reaches_no_scene_puts_one_scene_with_an_item_for_the_picture(conn: Connection) -> None:
    note(conn, 9)
    link = Link(
        server="attic", scene=5, stash_path="/a", rating_key=1, section=1, plex_path="/a", confidence="high", reason=""
    )
    links.replace(conn, "attic", 5, [link])
    same = touched(of_performer(STAR))
    FAN.touched(conn, [same], (), 2.0)
    assert rows(conn) == [("attic", 5, Lane.CHANGE, ("picture?",))]
    assert FAN.touched(conn, [same], (), 3.0) == 0
    assert FAN.touched(conn, [same], {same.now.key}, 3.0) == 1


def test_a_tag_that_is_touched_may_lie_above_others_from_now_on(conn: Connection) -> None:
    note(conn, 2)
    above = touched(of_tag(Tag(id=2, name="above")), below=(1,))
    assert FAN.touched(conn, [above], (), 2.0) == 4
    assert FAN.touched(conn, [above], (), 3.0) == 0


def test_of_two_lists_of_names_only_what_is_gone_or_renamed_since_counts(conn: Connection) -> None:
    """A name that became known while Stash told its list is not on it, and still is not gone."""
    note(conn, 2)
    before = names_known(conn)
    seen.note(conn, [Scene(id=3, performers=(Performer(id=8, name="New one"),))], 2.0)
    told = {kind: dict(names) for kind, names in before.items()}
    assert FAN.listed(conn, before, told, 2.0) == 0
    del told[RelatedKind.PERFORMER][7]
    assert FAN.listed(conn, before, told, 2.0) == 4
    assert related.all_names(conn, RelatedKind.PERFORMER) == {8: "New one"}
    assert FAN.listed(conn, names_known(conn), told | {RelatedKind.PERFORMER: {8: "Newer"}}, 3.0) == 2
    assert related.all_names(conn, RelatedKind.PERFORMER) == {8: "Newer"}


def test_what_was_touched_before_the_start_and_never_met_is_backlog_unless_it_is_another_by_now(
    conn: Connection,
) -> None:
    note(conn, 2)
    link = Link(
        server="attic", scene=1, stash_path="/a", rating_key=1, section=1, plex_path="/a", confidence="high", reason=""
    )
    links.replace(conn, "attic", 1, [link])
    same = touched(of_performer(STAR), THEN)
    assert FAN.touched(conn, [same], (), 2.0, since_start=False) == 0
    assert FAN.touched(conn, [touched(of_performer(STAR), LATER)], (), 3.0) == 1
    assert FAN.touched(conn, [RENAMED], (), 4.0, since_start=False) == 4
