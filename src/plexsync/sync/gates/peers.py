"""What the peers are called: by the store, and for people."""

from __future__ import annotations

from collections.abc import Iterable

#: What is owned beside the servers: walks, upkeep, and what is remembered of Stash.
TIMETABLE = "timetable"
#: Stash's name in the store.
STASH = "stash"
_PLEX = "plex:"


def plex_key(server: str) -> str:
    """The name in the store of a Plex server."""
    return f"{_PLEX}{server}"


def servers_among(keys: Iterable[str]) -> list[str]:
    """The Plex servers whose names in the store these are; other names are passed over."""
    return [key.removeprefix(_PLEX) for key in keys if key.startswith(_PLEX)]


def plex_name(server: str) -> str:
    """What people call that server."""
    return f"Plex ({server})"


def name_of(key: str) -> str:
    """What people call the peer of that name in the store."""
    return plex_name(key.removeprefix(_PLEX)) if key.startswith(_PLEX) else "Stash"


def ownable(servers: Iterable[str]) -> dict[str, str]:
    """What daemons own, and what people call it: the timetable, and each Plex server."""
    return {TIMETABLE: "the timetable", **{plex_key(server): plex_name(server) for server in servers}}
