"""A process at a terminal of its own, and somebody who reads what it says and types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

#: The first terminal that the leader of a session opens becomes its own, which Ctrl-C and hidden input need.
_TAKE_IT = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execv(sys.argv[1], sys.argv[1:])"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: Seconds of silence after which it hangs.
SILENCE = 90.0
#: Seconds after which a person presses a key again.
AGAIN = 5.0
CTRL_C, CTRL_D = "\x03", "\x04"


@dataclass(slots=True, kw_only=True)
class Terminal:
    """What was said so far stands in `said`; `reads` looks only at what has not been looked at yet."""

    process: subprocess.Popen[bytes]
    descriptor: int
    said: str = ""
    _at: int = 0
    _raw: bytes = field(default=b"", repr=False)

    def reads(self, text: str) -> str:
        """Wait until the program says this; all that it said before, from the last time on."""
        while (found := self.said.find(text, self._at)) < 0:
            assert self._more(), f"it ended and never said {text!r}:\n{self.said}"
        before, self._at = self.said[self._at : found], found + len(text)
        return before

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        self.presses(line + "\n")

    def presses(self, keys: str) -> None:
        """Press these keys only."""
        os.write(self.descriptor, keys.encode())

    def answers(self, question: str, line: str = "") -> str:
        """Wait for the question, then type; what was said before it."""
        before = self.reads(question)
        self.reads(": ")
        self.types(line)
        return before

    def ends(self) -> int:
        """Read to the end; the exit code."""
        while self._more():
            pass
        return self.process.wait()

    def leaves(self, keys: str, saying: str) -> int:
        """Press these keys until it says that; the exit code.

        Python misses a Ctrl-C of the very moment in which it begins to read a line, and a person whom nothing answers
        presses it again.
        """
        end = time.monotonic() + SILENCE
        while saying not in self.said[self._at :]:
            assert time.monotonic() < end, f"it does not say {saying!r}:\n{self.said}"
            self.presses(keys)
            while saying not in self.said[self._at :] and select.select([self.descriptor], [], [], AGAIN)[0]:
                assert self._more(), f"it ended and never said {saying!r}:\n{self.said}"
        return self.ends()

    def _more(self) -> bool:
        """Take what comes next; False at the end."""
        ready, _, _ = select.select([self.descriptor], [], [], SILENCE)
        assert ready, f"nothing was said for {SILENCE:g} s:\n{self.said}"
        try:
            piece = os.read(self.descriptor, 65536)
        except OSError:  # Linux says the end of a terminal so.
            piece = b""
        self._raw += piece
        self.said = _ESCAPES.sub("", self._raw.decode(errors="replace").replace("\r", ""))
        return bool(piece)


@contextmanager
def terminal(words: Sequence[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """The program at a terminal of 200 columns; killed after the block if it still runs."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_IT, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**environ, "TERM": "dumb"},
        start_new_session=True,
    )
    os.close(slave)
    made = Terminal(process=process, descriptor=master)
    try:
        yield made
    finally:
        process.kill()
        process.wait()
        os.close(master)
