"""Every bench can be run, and tells its numbers in one form. How fast anything is, is never asserted."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.place import in_step
from bench.row import Row, met, row

from bench import __main__ as command
from bench import (
    edit_to_plex,
    finding,
    hook,
    idle,
    plan,
    preview,
    provider,
    queue,
    queue_postgres,
    requests,
    scan,
    walk,
)


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
    modules = (
        *(hook, queue, queue_postgres, plan, finding, edit_to_plex, requests, walk, preview, idle),
        *(provider, scan),
    )
    assert [module.__name__.removeprefix("bench.") for module in modules] == list(command.NAMES)
    assert all(callable(module.rows) for module in modules)


def test_a_queue_is_measured_on_both_databases(tmp_path: Path, postgres_url: str) -> None:
    rates = queue.ours({0: f"sqlite:///{tmp_path / 'queue.db'}", 20: postgres_url}, times=2)
    assert min(rate for measured in rates.values() for rate in (measured.put, measured.work, measured.idle)) > 0
    assert len(check(queue.rows_of("queue", rates, "> 1,000"))) == 9


@pytest.mark.process
def test_requests_an_idle_daemon_edits_and_an_outage_are_measured_over_the_real_way() -> None:
    with in_step(3) as place:
        counted = check(requests.measured(place, pictured=2, hooked=2))
        check(idle.measured(place, seconds=0.2))
        check(scan.measured(place, edits=2, matches=200))
        check(edit_to_plex.measured(place, away_seconds=0.0))
    assert [one["value"] for one in counted if str(one["name"]).endswith("unchanged, writes and uploads")] == [0]


@pytest.mark.process
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_walk_of_both_sides_in_step_finds_nothing_and_one_of_sides_that_differ_does() -> None:
    found = walk.measured(200)
    assert found["scenes"] == 200
    assert [found[f"{name}_{what}"] for name in ("in_step", "turn", "stash") for what in ("jobs", "gaps")] == [0] * 6
    assert found["differing_gaps"] == found["differing_jobs"] > 2
    assert min(found["in_step_ratio"], found["in_step_limit"], found["turn_requests"], found["peak_megabytes"]) > 0
    check([one for one in walk.rows_of(found) if met(one) is None])


def check(found: list[Row]) -> list[Row]:
    assert found
    for one in found:
        assert set(one) == {"name", "value", "unit", "reach"}
        assert float(str(one["value"])) >= 0
        assert met(one) in (True, False, None)
    return found


@pytest.mark.process
def test_what_a_scan_asks_is_measured_cold_and_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "COLD", 4)
    monkeypatch.setattr(provider, "WARM", 4)
    found = provider.measured(30)
    assert min(found.values()) >= 0
    assert found["scenes"] == 30
    assert min(found["match_p99"], found["cold_metadata_p50"], found["bare_p50"], found["peak_megabytes"]) > 0
    check(provider.rows_of(found))


@pytest.mark.process
@pytest.mark.soak
def test_a_plan_of_all_tells_every_scene_and_its_peak() -> None:
    found = preview.measured(4)
    assert min(found["seconds"], found["processor"], found["peak_megabytes"], found["largest"]) > 0
    assert (found["stash_writes"], found["plex_writes"]) == (0, 0)
