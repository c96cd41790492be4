"""Bad input and bad places: the hook ends in time, with 0 and one line that helps."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from plugin.hook_process import PYTHONS, Hook, hook_call

OK = {"output": "ok"}
CALL = hook_call("Scene.Update.Post", 17)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"   ",
        b"hello",
        CALL[:-1],
        b"[]",
        b"17",
        b"null",
        b"{}",
        b'{"args":null}',
        b'{"args":{"hookContext":null}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        hook_call("Scene.Update.Post", 0),
        hook_call("Scene.Update.Post", None),
        hook_call("Scene.Destroy.Post", 0, {"path": None}),
    ],
    ids=lambda stdin: stdin[-30:].decode("latin-1"),
)
def test_a_call_that_names_no_object_asks_for_a_walk(tmp_path: Path, stdin: bytes, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    run = hook.run(stdin)
    assert (run.status, run.answer) == (0, OK)
    assert run.log[-1].startswith("w: PlexSync: ")
    assert "compare all scenes" in run.log[-1]
    assert hook.names() == ["walk-needed.json"]


def test_the_log_never_repeats_a_broken_call(tmp_path: Path) -> None:
    run = Hook(spool=tmp_path / "data").run(CALL[:-1])
    assert "SECRET-COOKIE" not in "".join(run.log)


def test_fifty_megabytes_of_nonsense_end_in_time(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    started = time.monotonic()
    run = hook.run(b'{"args":{"hookContext":{"id":17,"type":"' + b"A" * 50_000_000)
    assert time.monotonic() - started < 5
    assert (run.answer, len(run.log), hook.names()) == (OK, 1, ["walk-needed.json"])


def test_bytes_that_are_not_utf8_do_not_cost_the_event(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    call = hook_call("Scene.Destroy.Post", 17, {"path": "/data/HERE.mp4"}).replace(b"HERE", b"\xff\xfe")
    run = hook.run(call)
    assert [line["id"] for line in hook.lines()] == ["17"]
    assert len(run.log) == 1
    assert "not UTF-8" in run.log[0]


@pytest.mark.parametrize("kind", ["Image.Update.Post", "Movie.Create.Post", "Scene", "", 5, None])
def test_an_unknown_event_is_one_warning_and_no_note(tmp_path: Path, kind: str) -> None:
    hook = Hook(spool=tmp_path / "data")
    run = hook.event(kind, 17)
    assert (run.status, run.answer, len(run.log)) == (0, OK, 1)
    assert repr(str(kind)) in run.log[0]
    assert not hook.spool.exists()


def test_a_file_in_place_of_the_folder_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    run = Hook(spool=tmp_path / "data").run(CALL)
    assert (run.status, run.answer, len(run.log)) == (0, OK, 1)
    for part in ("Scene.Update.Post", '"17"', str(tmp_path / "data"), "Not a directory", "STASH_PLUGIN_DATA"):
        assert part in run.log[0]


def test_a_write_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data", before=("sh", "-c", 'ulimit -f 0; exec "$@"', "sh"))
    run = hook.run(CALL)
    assert (run.status, run.answer, len(run.log), hook.names()) == (0, OK, 1, [])
    assert "File too large" in run.log[0]


def in_own_mounts(script: str) -> tuple[str, ...]:
    """A command that runs the hook where a mount made by the script holds; skips where that is not allowed."""
    allowed = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    if allowed.returncode:
        pytest.skip("needs the right to mount")
    return ("unshare", "--mount", "sh", "-c", script + ' && exec "$@"', "sh")


def test_a_full_disk_is_called_full(tmp_path: Path) -> None:
    spool = tmp_path / "data"
    spool.mkdir()
    fill = f"mount -t tmpfs -o size=4k none {spool} && head -c 4096 /dev/zero > {spool}/filling"
    run = Hook(spool=spool, before=in_own_mounts(fill)).run(CALL)
    assert (run.status, run.answer, len(run.log)) == (0, OK, 1)
    for part in ("No space left on device", str(spool), "Free space"):
        assert part in run.log[0]


def test_a_read_only_folder_still_sends_to_a_daemon_elsewhere(tmp_path: Path, httpserver: HTTPServer) -> None:
    spool = tmp_path / "data"
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=202)
    plain = Hook(spool=spool)
    plain.settings(url=httpserver.url_for(""), token="abc")
    if os.geteuid():
        spool.chmod(0o555)
        run = plain.run(CALL)
    else:
        bind = f"mount --bind {spool} {spool} && mount -o remount,ro,bind {spool}"
        run = Hook(spool=spool, before=in_own_mounts(bind)).run(CALL)
    assert len(run.log) == 1
    assert str(spool) in run.log[0]
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\xff", "[" * 70_000])
def test_a_broken_daemon_json_costs_one_warning_and_no_event(tmp_path: Path, text: str) -> None:
    hook = Hook(spool=tmp_path)
    (tmp_path / "daemon.json").write_bytes(text.encode("latin-1"))
    run = hook.run(CALL)
    assert [line["id"] for line in hook.lines()] == ["17"]
    assert run.answer == OK
    assert str(tmp_path / "daemon.json") in run.log[-1]
    assert "Connect" in run.log[-1]


def test_a_full_pipe_for_the_log_does_not_stop_the_answer(tmp_path: Path) -> None:
    """Stash closes the log after a line of 64 KiB."""
    hook = Hook(spool=tmp_path / "data", before=("sh", "-c", 'exec "$@" 2>&-', "sh"))
    assert hook.run(b"hello").answer == OK
