"""What a scanner makes of a file's path: a title, a year, and the name that a provider is told."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plexsync.sim.plex.options import FilenameForm

_YEAR = re.compile(r"[ ._(\[]((?:19|20)\d\d)(?=[ ._)\]]|$)")
_GAPS = re.compile(r"[._]+|\s+")


def title_and_year(path: str) -> tuple[str, int | None]:
    """The words of the file's name before the year, if there is one, without signs in place of spaces."""
    stem = PurePosixPath(path).stem
    found = _YEAR.search(stem)
    words = stem[: found.start()] if found is not None else stem
    title = _GAPS.sub(" ", words).strip(" -([")
    return title or stem, int(found[1]) if found is not None else None


def filename(path: str, folder: str, form: FilenameForm) -> str:
    """A file as a provider is told of it; `folder` is the library's."""
    inner = path.removeprefix(folder.rstrip("/") + "/")
    match form:
        case "relative":
            return inner
        case "slash":
            return f"/{inner}"
        case "folder":
            return f"{PurePosixPath(folder).name}/{inner}"
        case "backslashes":
            return inner.replace("/", "\\")
        case "absolute":
            return path
