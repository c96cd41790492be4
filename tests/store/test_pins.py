"""Pins, what is to be undone, conflicts, and the first values with their locks, on each kind of database."""

from __future__ import annotations

from plexsync.model.fields import Field
from plexsync.model.item import IndexedItem, Part
from plexsync.model.plan import Conflict, Done
from plexsync.model.work import Lane
from plexsync.store import befores, conflicts, history, index, jobs, ledger, pins, undos
from plexsync.store.database import Database
from plexsync.store.pins import Pin, PinnedBy
from plexsync.store.undos import Undo

TITLE, SUMMARY, LABELS = Field.TITLE, Field.SUMMARY, Field.LABELS


def test_a_pin_is_kept_as_it_was_first_set_until_it_is_taken_away(database: Database) -> None:
    with database.transaction() as conn:
        pins.pin(conn, "plex", "/a", [TITLE, SUMMARY], PinnedBy.USER, 1.0)
        pins.pin(conn, "plex", "/a", [TITLE], PinnedBy.UNDO, 2.0)
        pins.pin(conn, "other", "/a", [LABELS], PinnedBy.EDIT, 3.0)
        assert pins.pinned(conn, "plex", ["/a", "/b"]) == {"/a": {TITLE, SUMMARY}}
        assert Pin(path="/a", field=TITLE, by=PinnedBy.USER, at=1.0) in pins.of_paths(conn, "plex", ["/a"])
        assert pins.count(conn, "plex") == 2
        assert pins.unpin(conn, "plex", "/a", [TITLE, LABELS]) == [TITLE]
        assert pins.unpin(conn, "plex", "/a", [TITLE]) == []
        assert pins.pinned(conn, "plex", ["/a"]) == {"/a": {SUMMARY}}
        assert pins.pinned(conn, "other", ["/a"]) == {"/a": {LABELS}}


def test_pins_go_along_with_a_file_that_is_moved(database: Database) -> None:
    with database.transaction() as conn:
        pins.pin(conn, "plex", "/a", [TITLE, SUMMARY], PinnedBy.USER, 1.0)
        pins.pin(conn, "plex", "/to", [TITLE], PinnedBy.UNDO, 2.0)
        assert pins.move(conn, "plex", "/a", "/to") == 1
        assert pins.pinned(conn, "plex", ["/to"]) == {"/to": {TITLE, SUMMARY}}


def test_an_undo_is_a_wish_and_a_job_in_front_of_everything_else(database: Database) -> None:
    with database.transaction() as conn:
        run = undos.ask(
            conn, [Undo(server="plex", scene=4, paths=("/a",)), Undo(server="b", scene=4, paths=("/b",))], 5.0
        )
        (wish,) = undos.waiting(conn, "plex", [3, 4]).values()
        assert (wish.paths, wish.run, wish.pins, wish.of_run) == (("/a",), run, True, "")
        (job,) = jobs.claim(conn, server="plex", lanes=[Lane.USER], limit=5, now=5.0, token="t")
        assert (job.scene, job.reasons) == (4, ("undo",))
        assert undos.count(conn, "plex") == 1
        assert undos.end(conn, wish)
        assert undos.waiting(conn, "plex", [4]) == {}
        assert undos.count(conn, "b") == 1


def test_a_later_wish_for_the_same_scene_is_not_ended_with_the_first(database: Database) -> None:
    with database.transaction() as conn:
        undos.ask(conn, [Undo(server="plex", scene=4, paths=("/a",))], 5.0)
        first = undos.waiting(conn, "plex", [4])[4]
        undos.ask(conn, [Undo(server="plex", scene=4, paths=("/b",), pins=False)], 6.0)
        second = undos.waiting(conn, "plex", [4])[4]
        assert (second.paths, second.pins) == (("/a", "/b"), False)
        assert not undos.end(conn, first)
        assert undos.end(conn, second)


def test_many_scenes_are_one_run(database: Database) -> None:
    wanted = [Undo(server="plex", scene=number, paths=(f"/{number}",)) for number in range(1, 2501)]
    with database.transaction() as conn:
        run = undos.ask(conn, wanted, 5.0)
        waiting = undos.waiting(conn, "plex", range(1, 2501))
        assert len(waiting) == 2500
        assert {one.run for one in waiting.values()} == {run}


def conflict(field: Field, done: Done) -> Conflict:
    return Conflict(field=field, ours=("A", "B"), now="theirs", done=done, edited=True)


def test_a_conflict_is_listed_while_it_is_there_and_what_was_restored_until_it_is_old(database: Database) -> None:
    kept, restored = conflict(TITLE, Done.KEPT), conflict(SUMMARY, Done.RESTORED)
    with database.transaction() as conn:
        conflicts.note(conn, "plex", 4, "/a", 7, [kept, restored], 1.0)
        conflicts.note(conn, "plex", 5, "/b", 8, [kept], 2.0)
        assert [(one.scene, one.conflict) for one in conflicts.listing(conn, 10)] == [
            (5, kept),
            (4, restored),
            (4, kept),
        ]
        assert [one.path for one in conflicts.listing(conn, 10, scene=4)] == ["/a", "/a"]
        conflicts.note(conn, "plex", 4, "/a", 7, [], 3.0)
        assert [(one.path, one.conflict) for one in conflicts.listing(conn, 10)] == [("/b", kept), ("/a", restored)]
        assert conflicts.trim(conn, 1.5) == 1
        assert [one.path for one in conflicts.listing(conn, 10)] == ["/b"]


def test_the_first_value_is_kept_with_its_lock(database: Database) -> None:
    with database.transaction() as conn:
        ledger.intend(conn, "plex", "/a", 7, [(TITLE, "old", "new"), (SUMMARY, None, "s")], 1.0, (), [TITLE])
        ledger.intend(conn, "plex", "/a", 7, [(TITLE, "new", "newer")], 2.0, (), [SUMMARY])
        ledger.intend(conn, "plex", "/b", 8, [(TITLE, "x", "y")], 2.0)
        found = befores.befores(conn, "plex", ["/a", "/b"])
    assert (found["/a"][TITLE].value, found["/a"][TITLE].locked) == ("old", True)
    assert (found["/a"][SUMMARY].value, found["/a"][SUMMARY].locked) == (None, False)
    assert found["/b"][TITLE].locked is None


def test_of_a_shared_list_only_our_entries_stay_ours_while_a_write_is_under_way(database: Database) -> None:
    with database.transaction() as conn:
        ledger.intend(conn, "plex", "/a", 7, [(LABELS, ("Mine",), ("A", "B"))], 1.0)
        ledger.confirm(conn, "plex", "/a", {LABELS: (("A", "B"), True)}, 2.0)
        ledger.intend(conn, "plex", "/a", 7, [(LABELS, ("Mine", "A", "B", "Theirs"), ("A",))], 3.0)
        held = ledger.rows(conn, "plex", ["/a"])["/a"][LABELS]
        assert (held.before, held.intended, held.confirmed) == (("Mine",), ("A",), ("A", "B"))
        ledger.disown(conn, "plex", "/a", LABELS, None)
        held = ledger.rows(conn, "plex", ["/a"])["/a"][LABELS]
        assert (held.intended, held.is_confirmed, held.before) == (None, True, ("Mine",))


def test_the_paths_of_a_library_are_those_that_lie_there_now(database: Database) -> None:
    items = [
        IndexedItem(rating_key=key, section=section, title="t", parts=(Part(path=path),))
        for key, section, path in ((1, 1, "/a"), (2, 1, "/b"), (3, 2, "/c"), (4, 1, "/never written"))
    ]
    with database.transaction() as conn:
        index.upsert(conn, "plex", items, 1)
        for path in ("/a", "/b", "/c", "/gone"):
            ledger.intend(conn, "plex", path, 1, [(TITLE, "old", "new"), (SUMMARY, None, "s")], 1.0)
        assert befores.paths_in(conn, "plex", 1, "", 10) == ["/a", "/b"]
        assert befores.paths_in(conn, "plex", 1, "/a", 10) == ["/b"]
        assert befores.paths_in(conn, "plex", 1, "", 1) == ["/a"]
        assert befores.paths_in(conn, "other", 1, "", 10) == []


def test_runs_are_listed_with_what_each_wrote(database: Database) -> None:
    changes = [(TITLE, "old", "new"), (SUMMARY, None, "s")]
    with database.transaction() as conn:
        history.record(conn, "daemon 1", "plex", 4, "/a", 7, changes, "changed", 1.0)
        history.record(conn, "sync-9", "plex", 4, "/a", 7, changes[:1], "changed", 2.0)
        history.record(conn, "sync-9", "plex", 5, "/b", 8, changes, "changed", 3.0)
        found = history.runs(conn, 10)
        assert [(one.id, one.fields, one.items, one.began, one.ended) for one in found] == [
            ("sync-9", 3, 2, 2.0, 3.0),
            ("daemon 1", 2, 1, 1.0, 1.0),
        ]
        assert history.touched_by(conn, "sync-9") == {("plex", 4): ["/a"], ("plex", 5): ["/b"]}
        assert [entry.field for entry in history.of_run_at(conn, "sync-9", "plex", "/b")] == [SUMMARY, TITLE]
        assert history.scenes_of(conn, "plex", ["/a", "/b", "/c"]) == {"/a": 4, "/b": 5}
        assert history.paths_of(conn, "plex", 4) == ["/a"]
