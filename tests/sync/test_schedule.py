"""When a schedule falls due."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from plexsync.sync.gaps.schedule import Schedule

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    """A moment in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"), [("hourly", 3600), ("daily", 86400), ("weekly", 7 * 86400), ("never", math.inf)]
)
def test_plain_words_count_from_the_last_time(text: str, seconds: float) -> None:
    assert Schedule(text=text).next_after(1000.0) == 1000.0 + seconds


def test_a_time_of_day_stays_that_time_when_the_clocks_change() -> None:
    nightly = Schedule(text="30 4 * * *", zone="Europe/Berlin")
    assert nightly.next_after(at("2026-03-28 05:00")) == at("2026-03-29 04:30")
    assert nightly.next_after(at("2026-03-29 05:00")) == at("2026-03-30 04:30")
    assert nightly.next_after(at("2026-10-25 03:00")) == at("2026-10-25 04:30")


def test_a_time_that_the_clocks_skip_is_not_lost() -> None:
    nightly = Schedule(text="30 2 * * *", zone="Europe/Berlin")
    due = nightly.next_after(at("2026-03-28 12:00"))
    assert at("2026-03-29 01:00") < due < at("2026-03-29 04:00")


def test_the_next_time_lies_behind_the_last_one() -> None:
    schedule = Schedule(text="*/5 * * * *", zone="UTC")
    last = 1_000_000.0
    for _ in range(100):
        due = schedule.next_after(last)
        assert last < due <= last + 300
        last = due
