"""Paths of two systems: the normal form in which they are compared."""

from __future__ import annotations

import re
import unicodedata

_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/]|\Z)")
_SHARE = "\\\\"


def is_windows(path: str) -> bool:
    """A drive letter or a UNC share: there the backslash separates and case does not count."""
    return path.startswith(_SHARE) or bool(_DRIVE.match(path))


def parts_of(path: str) -> list[str]:
    """The segments of a path as they are spelled, root first; none is empty."""
    return [part for part in (path.replace("\\", "/") if is_windows(path) else path).split("/") if part]


def root_of(path: str) -> str:
    """What stands before the first segment: two backslashes for a UNC share, a slash, or nothing."""
    if path.startswith(_SHARE):
        return _SHARE
    return "/" if path.startswith("/") else ""


def normal_path(path: str) -> str:
    """The form in which paths are compared by segment: NFC, forward slashes, no empty or trailing segment.

    A UNC share keeps its two backslashes, which tell it from a path with a doubled slash.
    """
    text = unicodedata.normalize("NFC", path)
    normal = root_of(text) + "/".join(parts_of(text))
    return normal[0].upper() + normal[1:] if _DRIVE.match(normal) else normal


def path_key(path: str) -> str:
    """Equal for two spellings of the same file's path; Windows paths are equal without case."""
    text = normal_path(path)
    return text.casefold() if is_windows(text) else text


def file_name(path: str) -> str:
    """The last segment as it is spelled; "" for a root."""
    return (parts_of(path) or [""])[-1]


def name_key(path: str) -> str:
    """Equal for file names that may be the same file on different systems: the last segment, without case."""
    return file_name(unicodedata.normalize("NFC", path)).casefold()


def segments(path: str) -> tuple[str, ...]:
    """The segments of a path, casefolded, root first."""
    return tuple(parts_of(unicodedata.normalize("NFC", path).casefold()))
