"""What outages amount to over time, and how that reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.store.outages import KEPT, Outage, OutageKind
from plexsync.sync.gates.outages import figures
from plexsync.sync.telling import outage_line, outage_lines, peer_line, share

HOUR = 3600.0
DAY = 24 * HOUR


def outage(began: float, lasted: float | None, number: int = 1) -> Outage:
    return Outage(
        id=number,
        peer="plex:main",
        kind=OutageKind.AWAY,
        cause="Plex does not answer",
        first_failure_at=began,
        began_at=began,
        ended_at=None if lasted is None else began + lasted,
        held=0,
        drained=0,
        first_drained_at=None,
        last_drained_at=None,
    )


def test_without_an_outage_a_peer_was_there_all_the_time() -> None:
    found = figures([], 0.0, 100 * DAY)
    assert (found.count, found.mttr, found.mtbf, found.availability) == (0, None, None, 1.0)
    assert figures([], 5.0, 5.0).availability == 1.0


def test_three_outages_have_a_mean_length_a_mean_distance_and_a_share_of_the_time() -> None:
    records = [outage(at, lasted) for at, lasted in ((DAY, HOUR), (2 * DAY, 2 * HOUR), (5 * DAY, 3 * HOUR))]
    found = figures(records, 0.0, 10 * DAY)
    assert found.count == 3
    assert found.mttr == 2 * HOUR
    assert found.mtbf == 2 * DAY
    assert found.availability == pytest.approx(1 - 6 / 240)
    assert figures(records[::-1], 0.0, 10 * DAY) == found


def test_one_outage_has_no_distance_and_one_that_goes_on_no_length() -> None:
    assert figures([outage(0.0, HOUR)], 0.0, DAY).mtbf is None
    found = figures([outage(DAY, None)], 0.0, 2 * DAY)
    assert (found.mttr, found.availability) == (None, 0.5)


def test_what_lies_before_the_oldest_record_that_is_kept_is_not_counted_as_well() -> None:
    records = [replace(outage(1_000_000.0 + number * 100.0, 50.0), id=number) for number in range(KEPT)]
    found = figures(records, 0.0, 1_000_000.0 + KEPT * 100.0)
    assert found.availability == pytest.approx(0.5)


@given(
    began=st.lists(st.floats(0, 1e9), max_size=8),
    lasted=st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=8, max_size=8),
    since=st.floats(0, 1e9),
    now=st.floats(0, 1e9),
)
def test_whatever_the_clock_did_the_figures_are_possible(
    began: list[float], lasted: list[float | None], since: float, now: float
) -> None:
    records = [outage(at, length, number) for number, (at, length) in enumerate(zip(began, lasted, strict=False))]
    found = figures(records, since, now)
    assert 0.0 <= found.availability <= 1.0
    assert found.mttr is None or found.mttr >= 0
    assert found.mtbf is None or found.mtbf >= 0


def peer(**facts: object) -> dict[str, object]:
    return {
        "peer": "plex:main",
        "name": "Plex (main)",
        "watched_since": 0.0,
        "outages": 0,
        "going_on": False,
        "mttr": None,
        "mtbf": None,
        "availability": 1.0,
    } | facts


def one(**facts: object) -> dict[str, object]:
    return {
        "name": "Plex (main)",
        "kind": "away",
        "cause": "Plex does not answer",
        "began_at": 1_000_000.0,
        "ended_at": 1_007_500.0,
        "lasted": 7500.0,
        "held": 12,
        "drained": 12,
        "first_drained_at": 1_007_501.0,
        "last_drained_at": 1_007_530.0,
    } | facts


def test_a_peer_reads_as_a_sentence() -> None:
    assert peer_line(peer(), 30 * DAY) == "Plex (main): no outage in 30 d of watching; available 100 % of the time."
    told = peer(outages=3, mttr=7500.0, mtbf=2 * DAY, availability=0.9912)
    assert peer_line(told, 30 * DAY) == (
        "Plex (main): 3 outages in 30 d of watching; available 99.12 % of the time; back after 2 h 5 min on average; "
        "one outage begins 2 d after the other on average."
    )
    assert peer_line(peer(watched_since=None), 0.0) == "Plex (main): no daemon has watched it yet."


def test_an_outage_reads_as_a_sentence() -> None:
    line = outage_line(one(), 2_000_000.0)
    assert line.endswith(
        " for 2 h 5 min; 12 jobs waited for its end, all done 30 s after it; cause: Plex does not answer"
    )
    assert "3 of them done" in outage_line(one(drained=3), 2_000_000.0)
    assert "no job waited" in outage_line(one(held=0, last_drained_at=None), 2_000_000.0)
    going_on = outage_line(one(ended_at=None, kind="held"), 1_000_060.0)
    assert "held since" in going_on
    assert "(1 min) and still is; 12 jobs waiting" in going_on


def test_a_report_names_all_peers_and_the_newest_outages() -> None:
    lines = outage_lines({"now": 2e6, "peers": [peer(), peer()], "outages": [one()] * 30}, listed=20)
    assert len(lines) == 22


@pytest.mark.parametrize(
    ("part", "words"), [(1.0, "100 %"), (0.999999, "99.99 %"), (0.5, "50.00 %"), (0.0000001, "0.01 %"), (0.0, "0 %")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: float, words: str) -> None:
    assert share(part) == words
