"""The disk side of the simulated Stash: whole commits, one line each, readable after any kill."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """How the library was made; with it all that was never edited can be made again."""

    scenes: int
    prefix: str
    started: str
    secret: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record as it now is; no value means that it is gone. The last change of a key counts."""

    kind: str
    key: str
    value: Any = None


class Journal:
    """A folder with a journal of changes and a folder of pictures."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "journal.jsonl"
        self._pictures = folder / "pictures"
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._open: IO[bytes] | None = None

    def header(self) -> Header | None:
        """The header of an earlier run, or none."""
        if not self._file.exists():
            return None
        with self._file.open("rb") as lines:
            return msgspec.json.decode(lines.readline(), type=Header)

    def changes(self) -> Iterator[Change]:
        """All changes of complete commits in order. A commit that a kill cut short is left out."""
        with self._file.open("rb") as lines:
            lines.readline()
            for line in lines:
                if line.endswith(b"\n"):
                    yield from msgspec.json.decode(line, type=list[Change])

    def start(self, header: Header, changes: Iterable[Change]) -> None:
        """Replace the journal by its shortest form and keep it open for new commits."""
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as out:
            out.write(msgspec.json.encode(header) + b"\n")
            for change in changes:
                out.write(msgspec.json.encode([change]) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
        self._open = self._file.open("ab")

    def commit(self, changes: list[Change]) -> None:
        """Append one commit; it outlives a kill of the process from here on."""
        if self._open is None:
            raise RuntimeError("the journal is not open")
        self._open.write(msgspec.json.encode(changes) + b"\n")
        self._open.flush()

    def keep(self, name: str, content: bytes) -> None:
        """Store a picture under its name, whole or not at all."""
        fresh = self._pictures / (name + ".new")
        fresh.write_bytes(content)
        fresh.replace(self._pictures / name)

    def picture(self, name: str) -> bytes:
        """A picture kept earlier."""
        return (self._pictures / name).read_bytes()

    def close(self) -> None:
        """Write everything through to the disk and let go of it."""
        if self._open is not None:
            os.fsync(self._open.fileno())
            self._open.close()
            self._open = None
