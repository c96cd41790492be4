"""The folder in which pictures wait for their upload, or to be asked for again."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Bytes that the folder holds, about.
FOLDER_LIMIT = 500 * 1024**2
_OURS = (".jpg", ".tmp")


def sha1_of(content: bytes) -> str:
    """The name of a picture, which is Plex's own name for an upload too."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Pictures by the sha1 of their bytes, the newest within about `limit` bytes. To be called from a thread."""

    place: Path
    limit: int = FOLDER_LIMIT

    def load(self, sha1: str) -> bytes | None:
        """The bytes that were kept, unless they are gone or a power cut left something else in their place."""
        try:
            content = (self.place / f"{sha1}.jpg").read_bytes()
        except OSError:
            return None
        return content if sha1_of(content) == sha1 else None

    def keep(self, content: bytes) -> str:
        """Keep a picture; its sha1. OSError where that cannot be."""
        sha1 = sha1_of(content)
        self.place.mkdir(parents=True, exist_ok=True)
        # Two scenes with one cover may be here at the same time.
        with tempfile.NamedTemporaryFile(dir=self.place, suffix=".tmp", delete=False) as half:
            written = Path(half.name)
            try:
                half.write(content)
                half.flush()
                written.replace(self.place / f"{sha1}.jpg")
            except OSError:
                written.unlink(missing_ok=True)
                raise
        # The folder may be large, and one look in a while is enough.
        if sha1.startswith("0"):
            self.trim()
        return sha1

    def trim(self) -> None:
        """Let the oldest go. What others put beside them, as the software of a NAS does, is theirs."""
        kept: list[tuple[float, int, Path]] = []
        for path in self.place.iterdir():
            with suppress(FileNotFoundError):
                if path.suffix not in _OURS:
                    continue
                facts = path.stat()
                kept.append((facts.st_mtime, facts.st_size, path))
        total = 0
        for _, size, path in sorted(kept, reverse=True):
            total += size
            if total > self.limit:
                path.unlink(missing_ok=True)
