"""The processes of the show: started apart from the terminal, and ended whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync.demo.waiting import NotReached, until

#: Seconds until a process has told that it is ready, and until it has to be gone.
READY_SECONDS = 90.0
_END_SECONDS = 10.0
_LAST_LINES = 15


@dataclass(slots=True, kw_only=True)
class Running:
    """One process. `facts` is the line of JSON by which it said that it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    facts: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.facts["url"])

    def must_live(self) -> None:
        """NotReached, with the end of its log, when it ended by itself."""
        if self.process.poll() is not None:
            raise NotReached(f"{self.name} ended with code {self.process.returncode}\n{_end_of(self.log)}")

    def end(self) -> None:
        """SIGTERM, and SIGKILL when that does not help. A second call does nothing."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Running:
    """Start and wait until it tells on standard output that it is ready; NotReached when it does not."""
    log, said = folder / f"{name}.log", folder / f"{name}.out"
    with log.open("ab") as errors, said.open("wb") as out:
        # A session of its own: Ctrl-C is for the show alone, which then ends them in order.
        process = subprocess.Popen(  # noqa: S603 -- our own program
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=dict(environ), start_new_session=True
        )
    running = Running(name=name, process=process, log=log, facts={})

    def ready() -> dict[str, Any] | None:
        running.must_live()
        line, end, _ = said.read_text(encoding="utf-8").partition("\n")
        return dict(json.loads(line)) if end else None

    try:
        running.facts = until(ready, READY_SECONDS, f"{name} is ready")
    except BaseException:
        running.end()
        raise
    return running


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without anything that would set PlexSync or its plugin up."""
    ours = ("PLEXSYNC_", "PLEX_", "STASH_")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return os.linesep.join(lines[-_LAST_LINES:])
