"""What was found in step is known as long as each walk meets it."""

from __future__ import annotations

from plexsync.sync.settled import Settled


def test_what_was_added_is_known_and_anything_else_is_not() -> None:
    settled = Settled()
    settled.add(("content", 7, "digest"))
    assert settled.knows(("content", 7, "digest"))
    assert not settled.knows(("content", 7, "another digest"))


def test_what_each_walk_meets_stays_known_and_what_one_passed_by_does_not() -> None:
    settled = Settled()
    settled.add("met")
    settled.add("passed by")
    for _ in range(3):
        settled.begin()
        assert settled.knows("met")
    assert not settled.knows("passed by")
