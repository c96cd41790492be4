"""A clock that jumps throws nothing away."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.store import preferences
from plexsync.store.database import Database
from plexsync.store.known_time import known_time

HOUR, DAY, YEAR = 3600.0, 24 * 3600.0, 365 * 24 * 3600.0
NOW = 1_800_000_000.0


def told(database: Database, *times: float) -> list[float]:
    """What is known at each of these times, asked one after the other."""
    found = []
    for now in times:
        with database.transaction() as conn:
            found.append(known_time(conn, now) - NOW)
    return found


def test_a_time_is_known_once_the_clock_went_on_from_it_for_a_day(database: Database) -> None:
    assert told(database, NOW, NOW + HOUR) == [-NOW, -NOW]
    assert told(database, NOW + DAY, NOW + DAY + HOUR) == [0, 0]
    assert told(database, NOW + 2 * DAY, NOW + 3 * DAY) == [DAY, 2 * DAY]


def test_a_clock_a_year_ahead_and_back_within_a_day_makes_nothing_older(database: Database) -> None:
    told(database, NOW, NOW + DAY)
    ahead = NOW + DAY + YEAR
    assert told(database, ahead, ahead + HOUR, ahead + 20 * HOUR) == [DAY, DAY, DAY]
    assert told(database, NOW + 2 * DAY, NOW + 3 * DAY, NOW + 4 * DAY) == [DAY, 2 * DAY, 3 * DAY]


def test_a_clock_that_is_set_back_counts_at_once(database: Database) -> None:
    told(database, NOW, NOW + DAY, NOW + 2 * DAY)
    assert told(database, NOW - YEAR) == [-YEAR]
    assert told(database, NOW + 2 * DAY) == [-YEAR], "and forward again only after a day"
    assert told(database, NOW + 3 * DAY) == [2 * DAY]


def test_after_a_year_switched_off_a_day_passes_first(database: Database) -> None:
    told(database, NOW, NOW + DAY)
    assert told(database, NOW + YEAR, NOW + YEAR + DAY) == [DAY, YEAR]


def test_nothing_is_written_twice_a_day(database: Database) -> None:
    told(database, NOW)
    with database.transaction() as conn:
        before = preferences.get(conn, "known time")
    told(database, NOW + 23 * HOUR)
    with database.transaction() as conn:
        assert preferences.get(conn, "known time") == before


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([HOUR, DAY, 2 * DAY, YEAR, -HOUR, -DAY, -YEAR]), max_size=15))
def test_it_is_never_ahead_of_the_clock_nor_of_what_the_clock_stayed_past(
    database: Database, steps: list[float]
) -> None:
    with database.transaction() as conn:
        preferences.put(conn, "known time", None)
    now, seen = NOW, list[float]()
    for step in steps:
        now += step
        (known,) = told(database, now)
        assert known + NOW <= now
        assert known == -NOW or known + NOW in {*seen, now}
        seen.append(now)
