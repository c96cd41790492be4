"""Questions of the brake, and what is forgotten when a peer was replaced, on each kind of database."""

from __future__ import annotations

from plexsync.model.fields import Field
from plexsync.model.item import IndexedItem, Part
from plexsync.model.work import Decision, Lane, Put
from plexsync.store import (
    brakes,
    decisions,
    history,
    in_step,
    index,
    jobs,
    ledger,
    links,
    newpeers,
    pictures,
    portraits,
    preferences,
    seen,
)
from plexsync.store.brakes import State
from plexsync.store.database import Connection, Database
from plexsync.store.pictures import Picture
from plexsync.store.portraits import PortraitRow
from plexsync.store.seen import Seen

SERVER = "plex"


def decided(conn: Connection, scene: int, kind: str) -> None:
    decisions.decide(conn, SERVER, scene, Decision(kind=kind, reason="r", digest="d", index_version=0), 1.0)


def test_a_question_is_open_until_it_is_answered(database: Database) -> None:
    with database.transaction() as conn:
        number = brakes.ask(conn, "bulk", SERVER, {"counts": {}}, 10.0)
        assert brakes.opened(conn, "bulk", "another") is None
        question = brakes.opened(conn, "bulk", SERVER)
        assert question is not None
        assert (question.id, question.state, question.ended_at) == (number, State.OPEN, None)
        brakes.retell(conn, number, {"counts": {"clear": 3}})
        brakes.end(conn, number, State.REJECTED, 20.0)
        assert brakes.opened(conn, "bulk", SERVER) is None
        ended = brakes.one(conn, number)
        assert ended is not None
        assert (ended.state, ended.ended_at, ended.facts) == (State.REJECTED, 20.0, {"counts": {"clear": 3}})
        assert brakes.listing(conn, waiting=True) == []


def test_of_answered_questions_the_oldest_go(database: Database) -> None:
    with database.transaction() as conn:
        first = brakes.ask(conn, "bulk", SERVER, {}, 1.0)
        for at in range(120):
            brakes.end(conn, brakes.ask(conn, "bulk", "other", {}, at), State.RELEASED, at)
        assert len(brakes.listing(conn, limit=1000)) == 101
        assert brakes.one(conn, first) is not None, "one that waits stays"


def test_decisions_are_turned_counted_and_forgotten_by_kind(database: Database) -> None:
    with database.transaction() as conn:
        for scene in (1, 2, 3):
            decided(conn, scene, "brake?")
        decided(conn, 4, "missing")
        assert brakes.turn(conn, SERVER, "brake?", "brake", "held", 5.0) == 3
        assert (brakes.held(conn, SERVER, "brake"), brakes.held(conn, SERVER, "brake?")) == (3, 0)
        assert brakes.among(conn, SERVER, [1, 2, 4, 9], ["brake", "rejected"]) == {1, 2}
        assert brakes.forget(conn, SERVER, [1, 4], ["brake"]) == 1
        assert sorted(decisions.decided(conn, SERVER, [1, 2, 3, 4])) == [2, 3, 4]
        assert brakes.forget(conn, SERVER, [], ["brake"]) == 0
        assert brakes.among(conn, SERVER, [], ["brake"]) == set()


def furnished(conn: Connection) -> None:
    part = Part(path="/p/a.mp4", size=1, duration=1.0)
    index.upsert(conn, SERVER, [IndexedItem(rating_key=7, section=1, title="A", parts=(part,), updated_at=1)], 1)
    link = links.Link(
        server=SERVER,
        scene=1,
        stash_path="/a.mp4",
        rating_key=7,
        section=1,
        plex_path="/p/a.mp4",
        confidence="high",
        reason="exact path",
    )
    links.replace(conn, SERVER, 1, [link])
    in_step.confirm(conn, SERVER, 1, 7, "d", 1.0)
    ledger.intend(conn, SERVER, "/p/a.mp4", 7, [(Field.TITLE, "before", "ours")], 1.0)
    history.record(conn, "run", SERVER, 1, "/p/a.mp4", 7, [(Field.TITLE, "before", "ours")], "never written", 1.0)
    jobs.put(conn, [Put(server=SERVER, scene=2, lane=Lane.BULK, reason="gap")], 1.0)
    decided(conn, 3, "missing")
    preferences.put(conn, f"listed:{SERVER}", {"1": "marks"})
    preferences.put(conn, f"first contact:{SERVER}:1", "live")
    portraits.put(conn, [PortraitRow(server=SERVER, name_key="ann", name="Ann", performer=3, before="theirs")])
    kept = Picture(kind="scene", id=1, recipe="r", etag="e", sha1="f" * 40, size=1, checked_for="t", checked_at=1.0)
    pictures.put(conn, [kept])


def known(conn: Connection) -> dict[int, Seen]:
    return seen.known(conn, [1, 2, 3])


def test_of_a_new_stash_only_what_is_known_by_paths_stays(database: Database) -> None:
    with database.transaction() as conn:
        furnished(conn)
        newpeers.forget_scenes(conn)
        assert links.of_scenes(conn, SERVER, [1]) == {}
        assert in_step.digests(conn, SERVER, [1]) == {}
        assert decisions.decided(conn, SERVER, [3]) == {}
        assert known(conn) == {}
        assert not jobs.waits(conn, SERVER)
        assert pictures.of(conn, "scene", 1) == {}
        ann = portraits.rows(conn, SERVER, ["ann"])["ann"]
        assert (ann.performer, ann.before) == (None, "theirs")
        assert ledger.rows(conn, SERVER, ["/p/a.mp4"])["/p/a.mp4"][Field.TITLE].before == "before"
        assert list(index.of_keys(conn, SERVER, [7])) == [7]


def test_of_a_new_plex_the_keys_are_forgotten_and_the_record_of_the_old_one_is_put_away(database: Database) -> None:
    with database.transaction() as conn:
        furnished(conn)
        version = index.version(conn, SERVER)
        newpeers.forget_items(conn, SERVER, "plex until then")
        assert index.of_keys(conn, SERVER, [7]) == {}
        assert index.version(conn, SERVER) == version + 1
        assert links.of_scenes(conn, SERVER, [1]) == {}
        assert preferences.get(conn, f"listed:{SERVER}") is None
        assert "/p/a.mp4" in ledger.rows(conn, SERVER, ["/p/a.mp4"]), "the same Plex keeps its record"
        newpeers.put_away(conn, SERVER, "plex until then")
        assert ledger.rows(conn, SERVER, ["/p/a.mp4"]) == {}
        assert "/p/a.mp4" in ledger.rows(conn, "plex until then", ["/p/a.mp4"])
        assert preferences.get(conn, f"first contact:{SERVER}:1") is None
        assert decisions.decided(conn, SERVER, [3]) != {}


def test_the_items_that_a_path_was_written_to_are_told(database: Database) -> None:
    with database.transaction() as conn:
        furnished(conn)
        ledger.intend(conn, SERVER, "/p/a.mp4", 8, [(Field.STUDIO, None, "s")], 1.0)
        assert ledger.items(conn, SERVER, ["/p/a.mp4", "/none"]) == {"/p/a.mp4": {7, 8}}
        ledger.follow(conn, SERVER, "/p/a.mp4", 9)
        assert ledger.items(conn, SERVER, ["/p/a.mp4"]) == {"/p/a.mp4": {9}}


def test_only_linked_items_stay_in_step(database: Database) -> None:
    with database.transaction() as conn:
        furnished(conn)
        in_step.confirm(conn, SERVER, 1, 99, "old", 1.0)
        assert in_step.prune(conn, SERVER, 1) == 1
        assert in_step.digests(conn, SERVER, [1]) == {1: {7: "d"}}
