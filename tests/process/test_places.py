"""A data folder that cannot be worked in, and a stop that comes early: one clear line, one clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from process.programs import Program, ending, until

pytestmark = pytest.mark.process

SETTINGS = {
    "PLEXSYNC_STASH_URL": "http://127.0.0.1:9",
    "PLEXSYNC_PLEX_URL": "http://127.0.0.1:9",
    "PLEXSYNC_PLEX_TOKEN": "abcdefgh",
    "PLEXSYNC_PORT": "0",
}
#: Root may write everywhere, unless these are taken from it.
_RIGHTS = "-dac_override,-dac_read_search,-fowner"


def told(data: Path, *words: str) -> tuple[int, str]:
    """The exit code and the last words of a daemon that may not do more than files allow."""
    command = [sys.executable, "-m", "plexsync", "--data-dir", str(data), "run", *words]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set", _RIGHTS, "--inh-caps", _RIGHTS, *command]
    done = subprocess.run(command, env=os.environ | SETTINGS, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def closed(folder: Path) -> Path:
    """A folder that belongs to another user, or that its owner may not write in."""
    folder.mkdir()
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.chown(folder, 4242, 4242)
    return folder


@pytest.mark.parametrize("words", [(), ("--only", "provider")])
def test_a_data_folder_that_cannot_be_written_to_is_named_in_one_line(tmp_path: Path, words: Sequence[str]) -> None:
    data = closed(tmp_path / "data")
    code, said = told(data, *words)
    assert (code, said.count("\n")) == (1, 1), said
    assert f"The data folder {data} of user {data.stat().st_uid} cannot be written to by user {os.geteuid()}" in said
    assert "choose another data_dir" in said
    assert list(data.iterdir()) == []


def test_a_data_folder_that_cannot_be_made_is_named_in_one_line(tmp_path: Path) -> None:
    data = closed(tmp_path / "closed") / "data"
    code, said = told(data)
    assert (code, said.count("\n")) == (1, 1), said
    assert f"The data folder {data} cannot be made (Permission denied)" in said


def test_a_folder_of_logs_that_is_somebody_elses_is_named_in_one_line(tmp_path: Path) -> None:
    logs = closed(tmp_path / "logs")
    code, said = told(tmp_path)
    assert (code, said.count("\n")) == (1, 1), said
    assert f"Logs cannot be written in {logs}" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: a file of another user's could not be made")
@pytest.mark.parametrize("name", ["identity.json", "plexsync.lock"])
def test_a_file_that_is_somebody_elses_is_named_in_one_line_and_kept(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("kept")
    file.chmod(0o400)
    os.chown(file, 4242, 4242)
    code, said = told(tmp_path)
    assert (code, len([line for line in said.splitlines() if line.startswith("plexsync: ")])) == (1, 1), said
    assert name in said
    assert "to PlexSync's user" in said
    assert file.read_text() == "kept"


def test_a_stop_before_the_daemon_works_ends_it_as_well(tmp_path: Path) -> None:
    log = tmp_path / "said"
    with ending() as keep:
        daemon = keep(Program(words=["--data-dir", str(tmp_path / "data"), "run"], log=log, environ=SETTINGS))
        process = daemon.start()
        until(lambda: _hears(process.pid), "it asks for the signal")
        daemon.terminate()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("words", [(), ("--only", "provider")])
def test_a_stop_while_the_start_waits_for_a_silent_stash_ends_it_as_well(tmp_path: Path, words: Sequence[str]) -> None:
    log = tmp_path / "said"
    with socket.create_server(("127.0.0.1", 0)) as stash, ending() as keep:
        settings = {"PLEXSYNC_STASH_URL": f"http://127.0.0.1:{stash.getsockname()[1]}", "PLEXSYNC_READ_TIMEOUT": "120"}
        run = ["--data-dir", str(tmp_path / "data"), "run", *words]
        daemon = keep(Program(words=run, log=log, environ=SETTINGS | settings))
        daemon.start()
        with stash.accept()[0]:
            daemon.terminate()
    assert "Traceback" not in log.read_text()


def _hears(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (caught,) = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(caught >> (signal.SIGTERM - 1) & 1)
