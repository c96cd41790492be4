"""State that outlives the process: an append-only file of changed rows, rewritten whole when it is opened or closed.

A line is `[kind, row]`. Each change is handed to the operating system at once, so that nothing is lost when the
process is killed; a torn last line is dropped. Pictures lie beside it under their SHA-1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

KEPT_BYTES = 64_000_000


class Journal:
    """The file below `folder`; with None, everything is kept in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._pictures: dict[str, bytes] = {}
        self._kept = 0

    def read(self) -> Iterator[tuple[str, msgspec.Raw]]:
        """Every row written so far, oldest first; a later row of the same key replaces an earlier one."""
        if self._folder is None or not (self._folder / "plex.jsonl").exists():
            return
        for line in (self._folder / "plex.jsonl").read_bytes().splitlines():
            try:
                kind, row = msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
            except msgspec.DecodeError:
                return
            yield kind, row

    def rewrite(self, rows: Iterable[tuple[str, object]]) -> None:
        """Replace the file by exactly these rows, atomically, and go on appending to it."""
        if self._folder is None:
            return
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / "plex.jsonl.new"
        with fresh.open("wb") as file:
            file.writelines(msgspec.json.encode(row) + b"\n" for row in rows)
        fresh.replace(self._folder / "plex.jsonl")
        self._file = (self._folder / "plex.jsonl").open("ab")

    def append(self, kind: str, row: object) -> None:
        """Write one changed row through."""
        if self._file is not None:
            self._file.write(msgspec.json.encode((kind, row)) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; it may be opened again by `rewrite`."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def keep_picture(self, sha1: str, content: bytes) -> None:
        """Keep a picture's bytes; without a folder only so many of them."""
        if self._folder is not None:
            folder = self._folder / "uploads"
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f"{sha1}.new"
            fresh.write_bytes(content)
            fresh.replace(folder / sha1)
        elif sha1 not in self._pictures and self._kept + len(content) <= KEPT_BYTES:
            self._pictures[sha1] = content
            self._kept += len(content)

    def picture(self, sha1: str) -> bytes | None:
        """A picture's bytes, if they were kept."""
        if self._folder is None:
            return self._pictures.get(sha1)
        path = self._folder / "uploads" / sha1
        return path.read_bytes() if path.exists() else None
