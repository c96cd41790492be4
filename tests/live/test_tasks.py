"""The plugin's buttons in a real Stash."""

from __future__ import annotations

import pytest

from live.figures import show
from live.house import RUN, House
from live.server import PLUGIN, Stash
from plexsync.demo.waiting import until

#: Seconds that a task may keep Stash's queue.
AT_ONCE = 2.0
PATIENCE = 30.0
SETTINGS = "mutation($p: ID!, $m: Map!) { configurePlugin(plugin_id: $p, input: $m) }"
START = "mutation($p: ID!, $n: String!) { job: runPluginTask(plugin_id: $p, task_name: $n) }"
JOB = "query($id: ID!) { findJob(input: {id: $id}) { status progress } }"


def test_sync_all_returns_at_once_and_brings_what_no_hook_told(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.spool)
    scenes = stash.scenes()
    with house.daemon() as daemon:
        stash.plugin_is_on(False)
        stash.edit(scenes[0]["id"], title=f"unheard {RUN}")
        stash.plugin_is_on(True)
        house.until_quiet(daemon)
        assert house.item(scenes[0])["title"] != f"unheard {RUN}"
        took = stash.task("Sync all")
        house.until_equal([scenes[0]["id"]], "the edit that no hook told is in Plex")
    assert took < AT_ONCE
    show(f"the task Sync all took {took:.2f} s")


def test_sync_recent_returns_at_once_and_brings_what_was_touched_lately(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.spool)
    scenes = stash.scenes()
    with house.daemon() as daemon:
        stash.plugin_is_on(False)
        stash.edit(scenes[1]["id"], title=f"unheard but recent {RUN}")
        stash.plugin_is_on(True)
        house.until_quiet(daemon)
        assert house.item(scenes[1])["title"] != f"unheard but recent {RUN}"
        took = stash.task("Sync recent")
        house.until_equal([scenes[1]["id"]], "the edit that no hook told is in Plex")
        assert daemon.status()["timetable"]["recent"]["runs"] >= 1
    assert took < AT_ONCE
    show(f"the task Sync recent took {took:.2f} s")


def test_status_tells_in_the_log_whether_a_daemon_listens_and_what_waits(house: House, stash: Stash) -> None:
    house.install(start=False)
    stash.edit(stash.scenes()[0]["id"], title=f"nobody listens {RUN}")
    took = stash.task("Status")
    assert took < AT_ONCE
    assert house.logged("No daemon listens")
    assert house.logged("1 events wait")
    house.settings(house.spool)
    with house.daemon():
        stash.task("Status")
        assert house.logged("A daemon listens")
        answer = stash.operation(mode="status")
        assert (answer["listens"], answer["waiting"]) == (True, 0)
    show(f"the task Status took {took:.2f} s")


def test_tasks_that_nobody_takes_wait_for_the_next_daemon(house: House, stash: Stash) -> None:
    house.install(start=False)
    stash.task("Sync all")
    assert len(house.waiting()) == 1
    house.settings(house.spool)
    with house.daemon() as daemon:
        until(lambda: daemon.status()["accepted_events"] == 1, PATIENCE, "the wish is taken")
        house.until_quiet(daemon)
    assert house.waiting() == []


def test_connect_with_empty_settings_says_what_to_fill_in(house: House, stash: Stash) -> None:
    house.install(start=False)
    stash.task("Connect")
    assert house.logged("Daemon address is empty")


def test_a_task_of_the_daemon_returns_at_once_and_is_answered_in_the_log(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.spool)
    with house.daemon() as daemon:
        house.until_quiet(daemon)
        took = {name: stash.task(name) for name in ("Health check", "Outage report", "Queue status")}
        for answer in ("Health check: Stash answers.", "Outage report: Stash: ", "Queue status: Plex ("):
            until(lambda answer=answer: house.logged(answer), PATIENCE, f"the log says {answer}")  # type: ignore[misc]
    assert max(took.values()) < AT_ONCE
    show(", ".join(f"the task {name} took {seconds:.2f} s" for name, seconds in took.items()))


@pytest.mark.parametrize("name", ["Reconcile all", "Refresh Plex index", "Suggest path rules"])
def test_a_long_task_that_waits_shows_in_the_job_list_how_far_it_is(house: House, stash: Stash, name: str) -> None:
    house.install(start=False)
    house.settings(house.spool)
    stash.ask(SETTINGS, p=PLUGIN, m={"waitForTasks": True})
    try:
        with house.daemon() as daemon:
            house.until_quiet(daemon)
            job = stash.ask(START, p=PLUGIN, n=name)["job"]
            shown = set()

            def over() -> bool:
                found = stash.ask(JOB, id=job)["findJob"]
                shown.add(found["progress"])
                return bool(found["status"] == "FINISHED")

            until(over, PATIENCE, f"the task {name} ends", every=0.01)
            until(lambda: house.logged(f"{name}: done."), PATIENCE, "the log says that it is done")
    finally:
        stash.ask(SETTINGS, p=PLUGIN, m={})
    assert 1 in shown
    show(f"the task {name}, waiting, showed {sorted(one for one in shown if one is not None)}")
