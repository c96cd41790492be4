"""The folder of backups fills and empties as it should, whatever the clock does."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newstore import new_store
from plexsync.model.fields import Field, Value
from plexsync.store import ledger, preferences
from plexsync.store.backupfile import Why
from plexsync.store.backups import Backups
from plexsync.store.database import Database
from plexsync.store.opening import Home

HOUR, DAY, YEAR = 3600.0, 24 * 3600.0, 365 * 24 * 3600.0
NOW = 1_800_000_000.0


@pytest.fixture
def backups(sqlite_url: str, tmp_path: Path) -> Backups:
    database = Database.open(new_store(tmp_path / "plexsync.db"))
    with database.transaction() as conn:
        preferences.put(conn, "setting:log_level", "debug")
    database.close()
    return Home(url=sqlite_url, data_dir=tmp_path).backups


def names(backups: Backups) -> list[str]:
    return [found.path.name for found in backups.found()]


def test_the_first_backup_comes_at_once_and_the_next_after_a_day(backups: Backups) -> None:
    assert backups.make_if_due(NOW) is not None
    for later in (1.0, HOUR, DAY - 1):
        assert backups.make_if_due(NOW + later) is None
    assert backups.make_if_due(NOW + DAY) is not None
    assert backups.folder.stat().st_mode & 0o777 == 0o700


def test_a_ledger_that_has_doubled_is_backed_up_before_its_time(backups: Backups) -> None:
    def grow(items: int) -> None:
        intents: list[tuple[Field, Value, Value]] = [(Field.TITLE, "old", "new")]
        database = Database.open(backups.url)
        with database.transaction() as conn:
            for number in range(items):
                ledger.intend(conn, "plex", f"/{items}/{number}", number, intents, NOW)
        database.close()

    assert backups.make_if_due(NOW) is not None
    grow(40)
    assert backups.make_if_due(NOW + HOUR) is None, "that little is no reason"
    grow(100)
    assert backups.make_if_due(NOW + 2 * HOUR) is not None
    grow(101)
    assert backups.make_if_due(NOW + 3 * HOUR) is None, "not doubled"
    assert backups.make_if_due(NOW + 2 * HOUR + DAY) is not None


def test_a_store_without_anything_precious_is_not_backed_up(sqlite_url: str, tmp_path: Path) -> None:
    Database.open(sqlite_url).close()
    backups = Home(url=sqlite_url, data_dir=tmp_path).backups
    assert backups.make_if_due(NOW) is None
    assert names(backups) == []


def test_the_last_seven_of_the_daily_ones_are_kept_and_those_made_by_hand_stay(backups: Backups) -> None:
    hand = backups.make(Why.BY_HAND, NOW).path
    for day in range(1, 12):
        backups.make_if_due(NOW + day * DAY)
    found = names(backups)
    assert hand.name in found
    assert len(found) == 8
    days = [time.strftime("%Y-%m-%d", time.localtime(NOW + day * DAY)) for day in range(11, 4, -1)]
    assert [name for name in found if name != hand.name] == [f"plexsync-{day}.backup" for day in days]


def test_the_last_three_of_those_before_a_migration_are_kept(backups: Backups) -> None:
    daily = backups.make(Why.DAILY, NOW).path
    made = [backups.make(Why.BEFORE_MIGRATION, NOW + number).path.name for number in range(5)]
    assert names(backups) == [*reversed(made[2:]), daily.name]


def test_backups_of_the_same_second_have_names_of_their_own(backups: Backups) -> None:
    made = {backups.make(why, NOW).path for why in (Why.DAILY, Why.DAILY, Why.BY_HAND, Why.BY_HAND)}
    assert len(made) == 4
    assert all(path.exists() for path in made)


def test_a_clock_a_year_ahead_for_a_while_makes_one_backup_and_deletes_none(backups: Backups) -> None:
    for day in range(4):
        backups.make_if_due(NOW + day * DAY)
    before = names(backups)
    today = NOW + 3 * DAY
    for minutes in range(0, 600, 60):
        backups.make_if_due(today + YEAR + minutes * 60)
        backups.make_if_due(today + minutes * 60)
    assert len(names(backups)) == len(before) + 1
    assert set(before) <= set(names(backups))
    backups.make_if_due(today + DAY)
    assert len(names(backups)) == len(before) + 2, "the one from the future does not stand for today's"


def test_a_clock_that_ran_ahead_for_days_does_not_cost_the_backups_made_since(backups: Backups) -> None:
    for day in range(10):
        backups.make_if_due(NOW + YEAR + day * DAY)
    made = [found.path for day in range(3) if (found := backups.make_if_due(NOW + day * DAY)) is not None]
    assert len(made) == 3
    assert all(path.exists() for path in made)
    assert [found.path for found in backups.found()][:3] == made[::-1], "the newest is the one that was made last"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([60.0, HOUR, 7 * HOUR, DAY, -HOUR, -DAY, YEAR, -YEAR]), max_size=25))
def test_however_the_clock_jumps_there_is_no_flood_and_the_last_one_stays(backups: Backups, steps: list[float]) -> None:
    fresh = replace(backups, folder=Path(tempfile.mkdtemp(dir=backups.folder.parent)))
    now = NOW
    for step in steps:
        now += step
        made = fresh.make_if_due(now)
        assert made is None or made.path.exists()
        assert fresh.make_if_due(now) is None, "not twice"
        assert 1 <= len(names(fresh)) <= 7


def test_what_a_killed_process_left_half_written_goes_with_the_next_backup(backups: Backups) -> None:
    made = backups.make(Why.DAILY, NOW).path
    old, fresh = (backups.folder / f".{made.name}.{end}" for end in ("old", "fresh"))
    for half, at in ((old, NOW - 2 * HOUR), (fresh, NOW - 60)):
        half.write_bytes(b"half")
        os.utime(half, (at, at))
    backups.make(Why.BY_HAND, NOW)
    assert not old.exists()
    assert fresh.exists(), "somebody may be writing it"
    assert made.exists()


def test_a_file_that_is_none_is_told_of_and_left_alone(backups: Backups) -> None:
    good = backups.make(Why.DAILY, NOW).path
    (backups.folder / "plexsync-2030-01-01.backup").write_bytes(b"half")
    found = {one.path.name: one for one in backups.found()}
    assert found["plexsync-2030-01-01.backup"].header is None
    assert "is no backup" in found["plexsync-2030-01-01.backup"].fault
    assert [path for path, _ in backups.usable()] == [good]
    for day in range(1, 12):
        backups.make_if_due(NOW + day * DAY)
    assert "plexsync-2030-01-01.backup" in names(backups)
