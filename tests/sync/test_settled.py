"""What was found in step is known as long as each walk meets it."""

from __future__ import annotations

from plexsync.sync.walks.settled import Settled


def test_what_was_added_is_known_and_anything_else_is_not() -> None:
    settled = Settled()
    settled.add(7, 70)
    assert settled.knows(7, 70)
    assert not settled.knows(7, 71)
    assert not settled.knows(8, 70)


def test_what_is_held_otherwise_by_now_is_familiar_and_not_known() -> None:
    settled = Settled()
    settled.add(7, 70)
    settled.begin()
    assert settled.familiar(7)
    assert not settled.knows(7, 71)
    assert not settled.familiar(8)


def test_what_each_walk_meets_stays_known_and_what_one_passed_by_does_not() -> None:
    settled = Settled()
    settled.add(1, 10)
    settled.add(2, 20)
    for _ in range(3):
        settled.begin()
        assert settled.knows(1, 10)
    assert not settled.knows(2, 20)
    assert not settled.familiar(2)
