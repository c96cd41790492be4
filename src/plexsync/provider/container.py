"""The envelope of every list that Plex gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexsync import __version__
from plexsync.model.provider import IDENTIFIER
from plexsync.provider.asked import Page
from plexsync.provider.identifiers import MATCHES, METADATA, MOVIE

Json = dict[str, Any]


def container(entries: Sequence[Json], *, of: str = "Metadata", page: Page = Page()) -> Json:  # noqa: B008 -- frozen
    """Entries under the name that Plex expects, or the part of them that was asked for."""
    start = min(page.start, len(entries))
    shown = entries[start : None if page.size is None else start + page.size]
    facts = {"offset": start, "totalSize": len(entries), "size": len(shown), "identifier": IDENTIFIER}
    return {"MediaContainer": {**facts, of: list(shown)}}


def root() -> Json:
    """What the provider is and can do: films, found by match and told by metadata."""
    return {
        "MediaProvider": {
            "identifier": IDENTIFIER,
            "title": "PlexSync (Stash)",
            "version": __version__,
            "Types": [{"type": MOVIE, "Scheme": [{"scheme": IDENTIFIER}]}],
            "Feature": [{"type": "metadata", "key": METADATA}, {"type": "match", "key": MATCHES}],
        }
    }
