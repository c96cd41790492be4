"""The libraries of each Plex as they were last listed, and which of them take part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from plexsync.model.item import Section
from plexsync.model.paths import normal_path
from plexsync.store import preferences


def known(conn: Connection, server: str) -> tuple[Section, ...]:
    """All libraries of the server, none before its first list."""
    return tuple(_section(row) for row in preferences.get(conn, f"sections:{server}") or ())


def keep(conn: Connection, server: str, sections: Sequence[Section]) -> None:
    """Remember them as they were listed."""
    preferences.put(conn, f"sections:{server}", [facts(section) for section in sections])


def synced(conn: Connection, server: str) -> tuple[Section, ...]:
    """Those that take part."""
    keys = synced_keys(conn, server) or ()
    return tuple(section for section in known(conn, server) if section.key in keys)


def synced_keys(conn: Connection, server: str) -> list[int] | None:
    """The keys of those that take part, in their order; None before the first list."""
    return preferences.get(conn, f"synced:{server}")


def keep_synced(conn: Connection, server: str, keys: Sequence[int]) -> None:
    """Remember which take part."""
    preferences.put(conn, f"synced:{server}", list(keys))


def facts(section: Section) -> dict[str, Any]:
    """What is remembered of a library: equal for two lists that tell the same of it."""
    return {
        "key": section.key,
        "title": section.title,
        "type": section.type,
        "agent": section.agent,
        "locations": [normal_path(place) for place in section.locations],
        "marks": section.marks,
        "uuid": section.uuid,
    }


def _section(row: dict[str, Any]) -> Section:
    return Section(
        key=row["key"],
        title=row["title"],
        type=row["type"],
        agent=row["agent"],
        locations=tuple(row["locations"]),
        marks=row["marks"],
        uuid=row.get("uuid", ""),
    )
