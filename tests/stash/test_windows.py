"""Windows over `updated_at`, which Stash compares as text in whatever zone it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.stash.windows import is_since, page, touched_since

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
OFFSETS = st.integers(-12 * 60, 14 * 60)


def stored(moment: datetime, offset: int) -> str:
    zone = timezone(timedelta(minutes=offset))
    text = moment.astimezone(zone).replace(microsecond=0).isoformat()
    return text.replace("+00:00", "Z")


@given(since=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=400)), offset=OFFSETS)
def test_no_later_scene_falls_out_of_the_window_whatever_zone_it_was_written_in(
    since: datetime, later: timedelta, offset: int
) -> None:
    text = stored(since + later, offset)
    assert text > touched_since(since.timestamp())["updated_at"]["value"]
    assert is_since(text, since.timestamp())


@given(since=MOMENTS, earlier=st.timedeltas(timedelta(seconds=2), timedelta(days=400)), offset=OFFSETS)
def test_an_earlier_scene_is_dropped(since: datetime, earlier: timedelta, offset: int) -> None:
    assert not is_since(stored(since - earlier, offset), since.timestamp())


@given(since=MOMENTS, earlier=st.timedeltas(timedelta(days=3), timedelta(days=400)), offset=OFFSETS)
def test_the_window_is_not_wider_than_days(since: datetime, earlier: timedelta, offset: int) -> None:
    assert stored(since - earlier, offset) < touched_since(since.timestamp())["updated_at"]["value"]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_counts_as_changed(text: str) -> None:
    assert is_since(text, 0.0)


def test_a_time_without_a_zone_is_read_with_a_day_to_spare() -> None:
    since = datetime(2026, 7, 11, 10, tzinfo=UTC).timestamp()
    assert is_since("2026-07-10T11:00:00", since)
    assert not is_since("2026-07-10T09:00:00", since)


@pytest.mark.parametrize("since", [-1.0, 0.0, 1e18])
def test_any_moment_has_a_window(since: float) -> None:
    assert len(touched_since(since)["updated_at"]["value"]) == len("2026-07-11T10:00:00Z")


def test_a_page_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        page(0)
