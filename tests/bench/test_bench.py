"""Every bench can be run, and tells its numbers in one form. How fast anything is, is never asserted."""

from __future__ import annotations

import pytest
from bench.row import Row, met, row

from bench import __main__ as command
from bench import edit_to_plex, finding, hook, idle, plan, queue, requests, walk


@pytest.mark.parametrize(
    ("value", "reach", "verdict"),
    [
        (1.0, "<= 1", True),
        (1.1, "<= 1", False),
        (999, "> 1,000", False),
        (0.9, "flat: > 0.8", True),
        (0, "0", True),
        (2, "0", False),
        (5, "", None),
    ],
)
def test_a_number_is_compared_with_the_bound_that_its_reach_ends_in(
    value: float, reach: str, verdict: bool | None
) -> None:
    assert met(row("one", value, "s", reach)) is verdict


def test_a_name_that_is_no_bench_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["nothing"]) == 2
    assert "edit_to_plex" in capsys.readouterr().err


def test_every_bench_is_listed() -> None:
    modules = (hook, queue, plan, finding, edit_to_plex, requests, walk, idle)
    assert [module.__name__.removeprefix("bench.") for module in modules] == list(command.NAMES)
    assert all(callable(module.rows) for module in modules)


@pytest.mark.process
def test_edits_over_the_real_way_are_told_in_seconds() -> None:
    check(edit_to_plex.rows(edits=2, away_seconds=0.0))


@pytest.mark.process
def test_requests_are_counted_for_each_kind_of_change() -> None:
    found = check(requests.rows(scenes=4, pictured=2, hooked=2))
    assert [one["value"] for one in found if str(one["name"]).endswith("unchanged, writes and uploads")] == [0]


@pytest.mark.process
def test_an_idle_daemon_is_watched() -> None:
    check(idle.rows(scenes=2, seconds=0.3))


@pytest.mark.process
def test_a_walk_of_scenes_in_step_puts_no_job() -> None:
    found = check(walk.rows(small=3, large=6))
    assert [one["value"] for one in found if str(one["name"]).endswith("jobs put")] == [0]


def check(found: list[Row]) -> list[Row]:
    assert found
    for one in found:
        assert set(one) == {"name", "value", "unit", "reach"}
        assert float(str(one["value"])) >= 0
        assert met(one) in (True, False, None)
    return found
