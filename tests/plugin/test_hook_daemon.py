"""A daemon that shares the folder: it is woken, or started when there is none."""

import json
import os
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugin.hook_process import PYTHONS, Hook, ended, hook_call

CALL = hook_call("Scene.Update.Post", 17)
#: A daemon that tells about itself through the pipe named in its first argument.
DAEMON = """
import json, os, sys
about = {"sid": os.getsid(0), "pid": os.getpid(), "home": os.environ.get("PLEXSYNC_DATA_DIR"),
         "mark": os.environ.get("MARK"), "stdout": os.readlink("/proc/self/fd/1")}
print("hello log", flush=True)
with open(sys.argv[1], "w") as pipe:
    pipe.write(json.dumps(about) + chr(10))
"""


@contextmanager
def listening(spool: Path) -> Iterator[socket.socket]:
    """A daemon's socket; bound by a short name, as paths of tests are long."""
    spool.mkdir(exist_ok=True, parents=True)
    home = Path.cwd()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        os.chdir(spool)
        try:
            bell.bind("nudge.sock")
        finally:
            os.chdir(home)
        bell.settimeout(5)
        yield bell


def pipe_command(tmp_path: Path) -> tuple[list[str], int]:
    """A command that stands for the daemon, and where it tells that it runs."""
    script = tmp_path / "daemon.py"
    script.write_text(DAEMON)
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    return [sys.executable, str(script), str(tmp_path / "pipe")], reading


def told(reading: int) -> dict[str, object]:
    assert select.select([reading], [], [], 10)[0], "the daemon did not start"
    document: dict[str, object] = json.loads(os.read(reading, 4096))
    return document


def fill(bell: socket.socket) -> None:
    """Send until the queue takes no more."""
    try:
        while True:
            bell.sendto(b"1", "nudge.sock")
    except BlockingIOError:
        return


@pytest.mark.parametrize("python", PYTHONS)
def test_a_listening_daemon_is_woken_after_the_event_is_there(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    with listening(hook.spool) as bell:
        run = hook.run(CALL)
        assert bell.recv(100)
    assert (run.log, [line["id"] for line in hook.lines()]) == ([], ["17"])


def test_a_path_too_long_for_a_socket_still_wakes_the_daemon(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / ("long" * 20) / ("longer" * 20))
    with listening(hook.spool) as bell:
        assert hook.run(CALL).log == []
        assert bell.recv(100)


def test_a_daemon_that_went_away_is_no_trouble(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    with listening(hook.spool):
        pass
    run = hook.run(CALL)
    assert (run.log, [line["id"] for line in hook.lines()]) == ([], ["17"])


def test_a_daemon_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    """It never reads its socket, so that the queue of datagrams fills."""
    hook = Hook(spool=tmp_path / "data")
    hook.debug()
    with listening(hook.spool), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        home = Path.cwd()
        os.chdir(hook.spool)
        try:
            fill(other)
        finally:
            os.chdir(home)
        started = time.monotonic()
        run = hook.run(CALL)
        assert time.monotonic() - started < 2
    assert "daemon woken" in run.log[0]


def test_a_command_is_started_apart_from_stash(tmp_path: Path) -> None:
    """Stash waits until all who hold stdout closed it, so the daemon must not have it."""
    hook = Hook(spool=tmp_path / "data")
    command, reading = pipe_command(tmp_path)
    hook.settings(command=command, data_dir="/srv/plexsync")
    run = ended(hook.start(CALL, MARK="kept"))
    about = told(reading)
    os.close(reading)
    assert run.log == []
    assert about["sid"] == about["pid"]
    assert about["home"] == "/srv/plexsync"
    assert about["mark"] == "kept"
    assert about["stdout"] == str(hook.spool / "daemon.log")
    assert (hook.spool / "daemon.log").read_text() == "hello log\n"


def test_ten_at_once_start_one_daemon(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    command, reading = pipe_command(tmp_path)
    hook.settings(command=command)
    hook.debug()
    running = [hook.start(CALL) for _ in range(10)]
    logs = [ended(process).log[0] for process in running]
    told(reading)
    os.close(reading)
    assert sum("daemon started" in log for log in logs) == 1
    assert sum("daemon is starting" in log for log in logs) == 9
    assert len(hook.lines()) == 10


def test_a_start_that_came_to_nothing_is_tried_again_after_thirty_seconds(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(command=["/bin/true"])
    hook.debug()
    assert "daemon started" in hook.run(CALL).log[0]
    assert "daemon is starting" in hook.run(CALL).log[0]
    long_ago = time.time() - 31
    os.utime(hook.spool / "starting", (long_ago, long_ago))
    assert "daemon started" in hook.run(CALL).log[0]


def test_no_command_runs_while_a_daemon_listens(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(command=["/bin/true"])
    with listening(hook.spool):
        hook.run(CALL)
    assert not (hook.spool / "starting").exists()


@pytest.mark.parametrize("command", [["/no/such/program"], "a text", [1], [[]]])
def test_a_command_that_cannot_start_is_named(tmp_path: Path, command: object) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(command=command)
    run = hook.run(CALL)
    (line,) = run.log
    assert str(hook.spool / "daemon.json") in line
    assert [line["id"] for line in hook.lines()] == ["17"]


def test_a_command_that_others_may_have_written_is_not_run(tmp_path: Path) -> None:
    """The folder is open to all users of the machine, and Stash often runs as root."""
    hook = Hook(spool=tmp_path / "data")
    hook.settings(command=["/bin/true"])
    (hook.spool / "daemon.json").chmod(0o666)
    (line,) = hook.run(CALL).log
    assert "0600" in line
    assert not (hook.spool / "starting").exists()
