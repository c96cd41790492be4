"""Programs as the user starts them: processes of their own, gone at the end whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

#: Real seconds until a condition has to hold, unless a test says otherwise.
PATIENCE = 90.0
_LOOK_EVERY = 0.05
_OURS = ("PLEXSYNC_", "PLEX_", "STASH_")

T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str, *, patience: float = PATIENCE, every: float = _LOOK_EVERY) -> T:
    """The first answer of `condition` that is true; the test fails when none is in time."""
    deadline = time.monotonic() + patience
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"after {patience:.0f} s still not: {what}"
        time.sleep(every)


@dataclass(slots=True)
class Program:
    """One `plexsync` process; what it says on its error stream is appended to `log`."""

    words: Sequence[str]
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    program: Sequence[str] = ("-m", "plexsync")  #: what Python is to run
    measured: bool = True  #: its coverage; one that is killed has none to tell, and measuring takes its time

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, once more if it has ended."""
        assert self.process is None or self.process.poll() is not None
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, *self.words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_without_settings(measured=self.measured) | dict(self.environ),
                start_new_session=True,
            )
        return self.process

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process, which has been started."""
        assert self.process is not None
        return self.process

    def facts(self, patience: float = PATIENCE) -> dict[str, Any]:
        """The line of JSON by which it says that it is ready; the test fails when it ends before."""
        process = self.running
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            told = selector.select(patience)
        assert told, f"not ready after {patience:.0f} s: {self.words}\n{self.last_words}"
        line = process.stdout.readline()
        assert line, f"ended with {process.wait()}: {self.words}\n{self.last_words}"
        return dict(json.loads(line))

    def lives(self, seconds: float) -> None:
        """Let it work so long; the test fails when it ends by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.running.wait(seconds)
            raise AssertionError(f"ended by itself with {code}: {self.words}\n{self.last_words}")

    def kill(self) -> None:
        """As `kill -9` does."""
        self._signal(signal.SIGKILL)
        self.running.wait()
        self._close()

    def terminate(self, patience: float = PATIENCE) -> float:
        """As the system asks a service to end; the seconds it took. The test fails when it does not end well."""
        began = time.monotonic()
        self._signal(signal.SIGTERM)
        code = self.running.wait(patience)
        took = time.monotonic() - began
        self._close()
        assert code == 0, f"ended with {code}: {self.words}\n{self.last_words}"
        return took

    def end(self) -> None:
        """Whatever state it is in: gone afterwards."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    @property
    def last_words(self) -> str:
        """The end of what it said on its error stream."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])

    def _signal(self, number: signal.Signals) -> None:
        if self.running.poll() is None:
            self.running.send_signal(number)

    def _close(self) -> None:
        if self.running.stdout is not None:
            self.running.stdout.close()


def finished(
    words: Sequence[str], environ: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """A verb that ends by itself: its exit code and what it said."""
    return subprocess.run(
        [sys.executable, "-m", "plexsync", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patience,
        env=_without_settings() | dict(environ or {}),
        check=False,
    )


@contextlib.contextmanager
def ending() -> Iterator[Callable[[Program], Program]]:
    """A place to hand programs to that have to be gone after the block."""
    with contextlib.ExitStack() as stack:

        def keep(program: Program) -> Program:
            stack.callback(program.end)
            return program

        yield keep


def _without_settings(*, measured: bool = True) -> dict[str, str]:
    left_out = _OURS if measured else (*_OURS, "COVERAGE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
