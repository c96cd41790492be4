"""What Stash lost is kept like a wish to undo, and gives way to one, on each kind of database."""

from __future__ import annotations

from plexsync.model.work import Decision, Lane
from plexsync.store import brakes, decisions, jobs, newpeers, undos
from plexsync.store.database import Database
from plexsync.store.undos import Undo


def lost(scene: int, **files: str) -> Undo:
    """Each file by its name, at `/plex/NAME` and at the path that is given in Stash."""
    by_path = {f"/plex/{name}": path for name, path in files.items()}
    return Undo(server="plex", scene=scene, paths=tuple(by_path), pins=False, lost=by_path, title=f"Film {scene}")


def test_what_is_lost_bit_by_bit_is_one_piece_of_work(database: Database) -> None:
    with database.transaction() as conn:
        assert undos.lose(conn, lost(4, a="/data/a"), Lane.CHANGE, 5.0)
        assert undos.lose(conn, lost(4, b="/data/b"), Lane.BULK, 6.0)
        kept = undos.waiting(conn, "plex", [4])[4]
        assert (kept.lost, kept.paths) == ({"/plex/a": "/data/a", "/plex/b": "/data/b"}, ("/plex/a", "/plex/b"))
        assert (kept.by_rule, kept.pins, kept.title) == (True, False, "Film 4")
        assert (kept.run, kept.reason) == (f"gone-{kept.number}", "gone from Stash")
        (job,) = jobs.claim(conn, server="plex", lanes=list(Lane), limit=5, now=6.0, token="t")
        assert (job.lane, job.reasons) == (Lane.CHANGE, ("gone from Stash",))
        assert undos.lost(conn, "plex") == [4]
        assert undos.lost(conn, "other") == []


def test_a_persons_wish_comes_before_and_takes_the_others_files_along(database: Database) -> None:
    with database.transaction() as conn:
        undos.ask(conn, [Undo(server="plex", scene=4, paths=("/plex/a",))], 5.0)
        assert not undos.lose(conn, lost(4, b="/data/b"), Lane.CHANGE, 6.0)
        assert not undos.waiting(conn, "plex", [4])[4].by_rule
        undos.lose(conn, lost(5, a="/data/a"), Lane.CHANGE, 6.0)
        undos.ask(conn, [Undo(server="plex", scene=5, paths=("/plex/b",))], 7.0)
        wish = undos.waiting(conn, "plex", [5])[5]
        assert (wish.by_rule, wish.pins, wish.paths) == (False, True, ("/plex/a", "/plex/b"))
        assert undos.lost(conn, "plex") == []


def test_only_what_nobody_asked_for_is_left(database: Database) -> None:
    with database.transaction() as conn:
        for scene in (1, 2):
            undos.lose(conn, lost(scene, a="/data/a"), Lane.BULK, 5.0)
        undos.ask(conn, [Undo(server="plex", scene=3, paths=("/plex/c",))], 5.0)
        assert undos.leave(conn, "plex", [1, 3, 9]) == 1
        assert undos.lost(conn, "plex") == [2]
        newpeers.forget_scenes(conn)
        assert undos.lost(conn, "plex") == []
        assert set(undos.waiting(conn, "plex", [1, 2, 3])) == {3}


def test_what_is_asked_about_lost_files_stands_though_the_rest_of_the_scene_is_in_step(database: Database) -> None:
    with database.transaction() as conn:
        undos.lose(conn, lost(1, a="/data/a"), Lane.BULK, 5.0)
        for scene in (1, 2):
            decision = Decision(kind="brake", reason="", digest="d", index_version=0)
            decisions.decide(conn, "plex", scene, decision, 5.0)
        assert brakes.forget(conn, "plex", [1, 2], ["brake"]) == 1
        assert set(decisions.decided(conn, "plex", [1, 2])) == {1}
