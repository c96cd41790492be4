"""The real Stash as a process of these tests: stopped and started as a user does."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from plexsync.demo.waiting import until

#: Seconds in which it starts, and in which it ends.
PATIENCE = 120.0


@dataclass(slots=True)
class Keeper:
    """`command` starts the Stash at `url` and stays with it until it ends; what it says is appended to `log`."""

    command: str
    url: str
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None)

    def answers(self) -> bool:
        """Whether somebody answers there."""
        try:
            return httpx2.get(f"{self.url}/healthz", trust_env=False, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def start(self) -> None:
        """It answers afterwards."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                shlex.split(self.command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(self._is_there, PATIENCE, f"Stash answers at {self.url}; {self.log} has what it said")

    def stop(self) -> None:
        """It is asked to end, and has ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def _is_there(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the command ended with {self._process.returncode}: {self.command}"
        return self.answers()
