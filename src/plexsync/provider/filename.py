"""What Plex calls a file: by its place in a library, with or without the library's folder, or by its whole path."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plexsync.model.paths import is_windows, parts_of, root_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Filename:
    """One reading of what Plex wrote: `parts` are the segments in NFC, `rooted` when it may be a whole path."""

    text: str
    parts: tuple[str, ...]
    rooted: bool

    def places_in(self, location: str) -> list[str]:
        """Where in a library with this folder the file may be, with as much of the folder told as may be."""
        return [_joined(location, self.parts[count:]) for count in self._shared(location)]

    def folders_told(self, location: str) -> int:
        """How many of the last segments of a library's folder were told, at most."""
        return max(self._shared(location))

    def _shared(self, location: str) -> list[int]:
        folders = [unicodedata.normalize("NFC", part) for part in parts_of(location)]
        fold = is_windows(location)
        told = _keys(self.parts, fold=fold)
        above = _keys(folders, fold=fold)
        most = min(len(folders), len(self.parts) - 1)
        return [count for count in range(most + 1) if count == 0 or above[-count:] == told[:count]]

    def ends(self, path: str) -> bool:
        """Whether a path ends in all that was told, whatever the case."""
        told = _keys(self.parts, fold=True)
        held = _keys([unicodedata.normalize("NFC", part) for part in parts_of(path)], fold=True)
        return held[-len(told) :] == told


def readings(text: str) -> list[Filename]:
    """Every way to read it; none where it names no file. A backslash separates, or is a sign of a name."""
    separated = text.replace("\\", "/")
    found = [_reading(one) for one in dict.fromkeys((text, text if is_windows(text) else separated))]
    # What is no file one way is not to be one the other way.
    return [one for one in found if one is not None] if all(found) else []


def _reading(text: str) -> Filename | None:
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts_of(text))
    if not parts or {".", ".."} & set(parts) or text.endswith("/"):
        return None
    return Filename(text=text, parts=parts, rooted=bool(root_of(text)) or is_windows(text))


def _joined(location: str, parts: Iterable[str]) -> str:
    return "/".join([location.rstrip("/\\"), *parts])


def _keys(parts: Sequence[str], *, fold: bool) -> list[str]:
    return [part.casefold() for part in parts] if fold else list(parts)
