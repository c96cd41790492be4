"""A task that stays in Stash's job list until the daemon is done, and shows there how far that is."""

import json
import os
import subprocess
import time
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from pytest_httpserver import HTTPServer

from plugin.hook_process import PYTHONS, Ended, Hook, ended, task_call

TASK = "Task.ReconcileAll"


def connected(tmp_path: Path, httpserver: HTTPServer, python: str = PYTHONS[0]) -> Hook:
    """A plugin whose daemon elsewhere takes events."""
    hook = Hook(spool=tmp_path / "data", python=python)
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=202)
    hook.settings(url=httpserver.url_for(""), token="0123456789abcdef")
    return hook


def told(hook: Hook, done: float, task: str = TASK) -> Ended:
    return hook.task("progress", task=task, done=done)


def read_of(waits: "subprocess.Popen[bytes]") -> "Queue[str]":
    """The lines of a running task's log, as they come."""
    lines: Queue[str] = Queue()

    def read() -> None:
        assert waits.stderr is not None
        for line in waits.stderr:
            lines.put(line.decode().strip("\n\x01").replace("\x02", ": "))
        lines.put("")

    Thread(target=read, daemon=True).start()
    return lines


def until_shown(lines: "Queue[str]", line: str) -> None:
    while lines.get(timeout=30) != line:
        pass


def until_heard(hook: Hook, done: float) -> None:
    """Tell it as soon as somebody waits."""
    while not told(hook, done).answer["output"]["waits"]:
        pass


@pytest.mark.parametrize("python", PYTHONS)
def test_a_waiting_task_shows_what_the_daemon_tells_and_ends_with_it(
    tmp_path: Path, httpserver: HTTPServer, python: str
) -> None:
    hook = connected(tmp_path, httpserver, python)
    with hook.start(task_call("reconcile_all", {"from": "task", "wait": 60})) as waits:
        lines = read_of(waits)
        assert lines.get(timeout=30) == "i: Reconcile all: handed to the daemon; the answer follows in this log."
        for done in (0, 0.25, 0.5):
            until_heard(hook, done)
            until_shown(lines, f"p: {done:.4f}")
        assert waits.poll() is None
        until_heard(hook, 1)
        until_shown(lines, "p: 1.0000")
        until_shown(lines, "")
        assert waits.stdout is not None
        assert json.loads(waits.stdout.read())["output"]["text"] == "Reconcile all: done."
    assert waits.returncode == 0
    assert [name for name in hook.names() if name.startswith(("waits", "told"))] == []
    assert not told(hook, 0.7).answer["output"]["waits"]


def test_a_daemon_that_tells_nothing_any_more_is_not_waited_for(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = connected(tmp_path, httpserver)
    text = hook.task("refresh_index", wait=0.5).answer["output"]["text"]
    assert text.startswith("Refresh Plex index: the daemon has told nothing for 0.5 seconds")
    assert not told(hook, 0.5, "Task.RefreshIndex").answer["output"]["waits"]


def test_nobody_is_waited_for_where_no_daemon_takes_the_task(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    assert "no daemon takes this now" in hook.task("reconcile_all", wait=60).answer["output"]["text"]
    assert [name for name in hook.names() if name.startswith(("waits", "told"))] == []


def test_a_task_that_is_short_does_not_wait(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = connected(tmp_path, httpserver)
    text = hook.task("queue_status", wait=60).answer["output"]["text"]
    assert text.endswith("the answer follows in this log.")


def test_whoever_was_cancelled_waits_no_more(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = connected(tmp_path, httpserver)
    waits = hook.start(task_call("reconcile_all", {"wait": 60}))
    until_heard(hook, 0.1)
    waits.kill()
    waits.communicate()
    sign = hook.spool / f"waits-{TASK}"
    os.utime(sign, (time.time() - 60, time.time() - 60))
    assert not told(hook, 0.2).answer["output"]["waits"]


@pytest.mark.parametrize("stored", [True, False, None])
def test_whether_long_tasks_wait_stands_in_the_plugins_settings(
    tmp_path: Path, httpserver: HTTPServer, stored: bool | None
) -> None:
    hook = connected(tmp_path, httpserver)
    mine = {} if stored is None else {"PlexSyncDaemon": {"waitForTasks": stored}}
    answer = {"data": {"configuration": {"plugins": mine}}}
    httpserver.expect_request("/graphql", method="POST").respond_with_json(answer)
    process = hook.start(task_call("reconcile_all", {}, httpserver.port))
    if stored:
        until_heard(hook, 1)
    text = ended(process).answer["output"]["text"]
    assert text.endswith("done." if stored else "the answer follows in this log.")


@pytest.mark.parametrize(
    "wrong", [{}, {"task": "x", "done": 1}, {"task": TASK}, {"task": TASK, "done": "half"}, {"task": TASK, "done": 1.5}]
)
def test_what_is_no_progress_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    run = Hook(spool=tmp_path / "data").run(task_call("progress", wrong))
    assert "progress needs task" in run.answer["error"]
