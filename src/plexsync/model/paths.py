"""Paths of two systems: their normal form, and the rules that lead from one to the other."""

from __future__ import annotations

import re
import unicodedata

_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


def is_windows(path: str) -> bool:
    """A drive letter or a UNC share: there the backslash separates and case does not count."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def normal_path(path: str) -> str:
    """The form in which paths are compared by segment: NFC, forward slashes, no empty or trailing segment."""
    text = unicodedata.normalize("NFC", path)
    if is_windows(path):
        text = text.replace("\\", "/")
        text = text[0].upper() + text[1:]
    lead = "//" if is_windows(path) and text.startswith("//") else "/" if text.startswith("/") else ""
    return lead + "/".join(part for part in text.split("/") if part)


def path_key(path: str) -> str:
    """Equal for two spellings of the same file's path; Windows paths are equal without case."""
    text = normal_path(path)
    return text.casefold() if is_windows(path) else text


def name_key(path: str) -> str:
    """Equal for file names that may be the same file on different systems: the last segment, without case."""
    return normal_path(path).rpartition("/")[2].casefold()


def segments(path: str) -> tuple[str, ...]:
    """The segments of a path, casefolded, root first."""
    return tuple(part for part in normal_path(path).casefold().split("/") if part)
