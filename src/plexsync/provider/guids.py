"""What a scene is called in the catalogues that Plex knows."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SCHEMES = (
    (
        "imdb",
        re.compile(r"https?://(?:[a-z]+\.)?imdb\.com/(?:[a-z]{2}/)?title/(tt[0-9]{5,10})(?:[/?#]|$)", re.IGNORECASE),
    ),
    ("tmdb", re.compile(r"https?://(?:www\.)?themoviedb\.org/movie/([1-9][0-9]{0,9})(?:[-/?#]|$)", re.IGNORECASE)),
    (
        "tvdb",
        re.compile(r"https?://(?:www\.)?thetvdb\.com/dereferrer/movie/([1-9][0-9]{0,9})(?:[/?#]|$)", re.IGNORECASE),
    ),
)


def guids_in(urls: Iterable[str]) -> list[str]:
    """Each scheme once: of two addresses in one catalogue the first is the scene's."""
    found: dict[str, str] = {}
    for url in urls:
        for scheme, pattern in _SCHEMES:
            if match := pattern.match(url.strip()):
                found.setdefault(scheme, f"{scheme}://{match[1].lower()}")
    return list(found.values())
