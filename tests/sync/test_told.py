"""What Plex told of waits for a moment of quiet, and never for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plexsync.plex.notices import ItemTold
from plexsync.sync.index.told import LONGEST, MOST, QUIET, Told


def told(key: int, **more: bool) -> ItemTold:
    return ItemTold(rating_key=key, **more)


def test_an_item_is_looked_at_once_it_is_quiet_about_it() -> None:
    waiting = Told()
    assert waiting.due_in(0.0) is None
    waiting.add(told(1), 0.0)
    waiting.add(told(2), 1.0)
    assert waiting.due_in(1.0) == QUIET - 1.0
    assert waiting.take(QUIET) == [told(1)]
    waiting.add(told(2, deleted=True), 2.5)
    assert waiting.take(QUIET + 1.0) == []
    assert waiting.take(QUIET + 2.5) == [told(2, deleted=True)], "the last word counts"
    assert len(waiting) == 0


def test_an_item_of_which_plex_never_stops_talking_is_looked_at_all_the_same() -> None:
    waiting, now = Told(), 0.0
    while not waiting.take(now):
        waiting.add(told(1), now)
        now += QUIET / 2
    assert now <= LONGEST + QUIET


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    waiting = Told()
    waiting.add(told(1), 1000.0)
    assert waiting.due_in(10.0) == 0.0
    assert waiting.take(10.0) == [told(1)]


def test_a_flood_is_let_go_and_said_to_be_one() -> None:
    waiting = Told()
    for key in range(MOST):
        waiting.add(told(key + 1), 0.0)
        waiting.add(told(key + 1), 0.0)
    assert [waiting.flooded, len(waiting)] == [False, MOST]
    waiting.add(told(MOST + 1), 0.0)
    assert [waiting.flooded, len(waiting)] == [True, 0]


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 3)), max_size=40))
def test_each_item_that_is_told_of_is_taken_after_its_last_word(words: list[tuple[int, float]]) -> None:
    waiting, now = Told(), 0.0
    last_told: dict[int, float] = {}
    last_taken: dict[int, float] = {}
    for key, later in words:
        now += later
        waiting.add(told(key), now)
        last_told[key] = now
        last_taken |= {one.rating_key: now for one in waiting.take(now)}
    due = waiting.due_in(now)
    assert due is None or 0 <= due <= QUIET + 1e-6
    last_taken |= {one.rating_key: now + QUIET for one in waiting.take(now + QUIET)}
    assert len(waiting) == 0
    assert last_told.keys() == last_taken.keys()
    assert all(last_taken[key] >= last_told[key] for key in last_told)
