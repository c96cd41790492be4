"""The show, unattended: it verifies everything, and it can fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plexsync.demo.processes import without_settings
from plexsync.demo.waiting import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

#: The program, but its writer leaves the summary out.
FORGETFUL = """
from plexsync.cli import main
from plexsync.model.fields import Field
from plexsync.plex.writer import Writer

write = Writer.write


async def forgetful(self, item, expected_path, edits, *more, **named):
    return await write(self, item, expected_path, [e for e in edits if e.field is not Field.SUMMARY], *more, **named)


Writer.write = forgetful
main()
"""


def demo(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start it with its temporary folder below `folder`."""
    # Whoever runs the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "plexsync", "demo", "--check", "--scenes", "12", *words],
            env=without_settings(os.environ) | {"TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def verdict(out: bytes) -> dict[str, Any]:
    """The last line of standard output."""
    facts: dict[str, Any] = json.loads(out.splitlines()[-1])
    return facts


def started_in(folder: Path) -> list[str]:
    """The commands of living processes that work below a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def test_the_demo_finds_every_field_of_every_scene_in_plex(tmp_path: Path) -> None:
    """It ends with 0 and leaves nothing behind."""
    running = demo(tmp_path)
    out, err = running.communicate()
    facts = verdict(out)
    assert running.returncode == 0, (facts, err)
    assert facts["ok"]
    assert facts["differences"] == facts["second_run_writes"] == facts["writes_before_go"] == 0
    assert facts["hook_runs"] >= facts["edits"] > 0
    assert list(tmp_path.iterdir()) == []
    assert started_in(tmp_path) == []


def test_the_demo_fails_when_a_field_is_not_written(tmp_path: Path) -> None:
    """A writer that forgets the summary is found out, and nothing is left behind either."""
    program = tmp_path / "forgetful.py"
    program.write_text(FORGETFUL)
    folder = tmp_path / "folder"
    folder.mkdir()
    words = [f"--daemon-command={sys.executable}", f"--daemon-command={program}", "--patience=6"]
    running = demo(folder, *words)
    out, _ = running.communicate()
    facts = verdict(out)
    assert running.returncode == 1
    assert not facts["ok"]
    assert {one["field"] for one in facts["examples"]} == {"summary"}
    assert started_in(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_takes_everything_down_when_it_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    """Neither processes nor folders stay."""
    running = demo(tmp_path)
    until(lambda: len(started_in(tmp_path)) >= 3, 60, "the servers run")
    running.send_signal(number)
    running.communicate()
    assert running.returncode == 1
    assert list(tmp_path.iterdir()) == []
    assert started_in(tmp_path) == []
