"""The whole program as a process, over simulated servers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexsync.cli import main
from plexsync.demo.processes import Running, start, without_settings

LIBRARY = "Open movies"
PROGRAM = (sys.executable, "-m", "plexsync")


@dataclass(frozen=True, slots=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """The last line of standard output as JSON."""
        return json.loads(self.out.splitlines()[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A data folder, and the addresses of its simulated Stash and Plex."""

    data_dir: Path
    plugins: Path  #: Stash's plugins folder
    stash: str
    plex: str

    def call(self, *words: str) -> Done:
        """Run a verb to its end, in this process: a dozen interpreters would take longer than the verbs."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in set(os.environ) - set(environment()):
                patch.delenv(name)
            patch.setenv("COLUMNS", environment()["COLUMNS"])
            with pytest.raises(SystemExit) as end:
                main(["--data-dir", str(self.data_dir), *words])
        return Done(int(end.value.code or 0), out.getvalue(), err.getvalue())

    def run(self, *words: str) -> Done:
        """The same as a process of its own."""
        done = subprocess.run(
            [*PROGRAM, "--data-dir", str(self.data_dir), *words],
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def configure(self, text: str) -> None:
        """Write the settings file."""
        (self.data_dir / "plexsync.toml").write_text(text, encoding="utf-8")

    def items(self) -> dict[str, dict[str, Any]]:
        """What Plex holds, by title."""
        found: dict[str, dict[str, Any]] = httpx2.get(f"{self.plex}/_sim/items", verify=False).json()
        return {item["title"]: item for item in found.values()}

    def writes(self) -> int:
        """How often Plex was written to."""
        return int(httpx2.get(f"{self.plex}/_sim/requests", verify=False).json()["writes"])

    @contextmanager
    def daemon(self, *words: str) -> Iterator[Running]:
        """The daemon at work for the length of the block."""
        command = [*PROGRAM, "--data-dir", str(self.data_dir), "--json", "run", *words]
        running = start("daemon", command, self.data_dir, environment())
        try:
            yield running
        finally:
            running.end()


def environment() -> dict[str, str]:
    """This process's environment without settings of PlexSync; wide enough that no table is folded."""
    return without_settings(os.environ) | {"COLUMNS": "200"}
