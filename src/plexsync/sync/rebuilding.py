"""The index of Plex made anew because somebody asks for it, and how far it follows Plex."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.model.compare import text_key
from plexsync.model.spans import many, moment
from plexsync.store import index, listings, preferences, wishes
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.peers import plex_name

#: Seconds between two looks whether it is made.
_LOOK_EVERY = 1.0
#: What is told of a listing that is about to be over.
_NEARLY = 0.99


def index_of(server: str) -> str:
    """The entry of the server's timetable that lists all items anew."""
    return f"index of {server}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """`servers` are the names of the Plex servers; `look` is called with each wish once it is kept."""

    database: Transactions
    clock: Clock
    servers: tuple[str, ...]
    look: Callable[[str], None]

    async def ask(self) -> list[str]:
        """Have all items of all synced libraries listed anew; on which servers."""

        def ask(connection: Connection) -> None:
            for server in self.servers:
                wishes.ask(connection, index_of(server), self.clock.now())

        await self.database.run(ask)
        for server in self.servers:
            self.look(index_of(server))
        return list(self.servers)

    async def facts(self) -> dict[str, Any]:
        """Each library that is followed, how far, and where a listing is still to be made."""
        return await self.database.run(lambda c: index_facts(c, self.servers))

    async def made(self, patience: float, show: Callable[[float], Awaitable[None]]) -> dict[str, Any]:
        """The same once all is listed, at the latest after so many seconds.

        `show` is told again and again how much of it is listed, from 0 to 1.
        """
        end = self.clock.now() + patience
        while (found := await self.facts())["asked"] and self.clock.now() < end:
            await show(_listed(found["libraries"]))
            await self.clock.wait(asyncio.Event(), _LOOK_EVERY)
        return found


def index_facts(connection: Connection, servers: Sequence[str]) -> dict[str, Any]:
    """Each library that is followed: how many items, and when they were last listed; `asked` are the servers on which
    somebody waits for all to be listed anew.
    """
    waiting = wishes.waiting(connection)
    libraries = [{"server": server, **row} for server in servers for row in _libraries(connection, server)]
    return {"asked": [server for server in servers if index_of(server) in waiting], "libraries": libraries}


def _libraries(connection: Connection, server: str) -> list[dict[str, Any]]:
    found, counts = [], index.count(connection, server)
    for section in preferences.get(connection, f"sections:{server}") or []:
        listing = listings.get(connection, server, int(section["key"]))
        if listing is not None:
            progress = listing.progress
            found.append(
                {
                    "library": section["title"],
                    "key": section["key"],
                    "items": counts.get(int(section["key"]), 0),
                    "listed_at": listing.whole_at or None,
                    "listed_so_far": None if progress is None else progress.position,
                    "doubted": listing.doubted,
                }
            )
    return sorted(found, key=lambda row: text_key(row["library"]))


def _listed(libraries: Sequence[Mapping[str, Any]]) -> float:
    """How much of what is listed now was listed so far, by what there was; less than 1, for it is not over."""
    listed = [row for row in libraries if row["listed_so_far"] is not None]
    known = sum(max(row["items"], row["listed_so_far"], 1) for row in listed)
    return _NEARLY * sum(row["listed_so_far"] for row in listed) / known if known else 0.0


def index_lines(found: Mapping[str, Any]) -> list[str]:
    """A sentence for each library, and one for each server that is yet to be listed."""
    lines = [
        f"{plex_name(row['server'])}, {row['library']}: {many(row['items'], 'item')}, {_standing(row)}."
        for row in found["libraries"]
    ] or ["no library is followed yet: choose some in `libraries`."]
    return lines + [f"{plex_name(name)} is listed anew as soon as it answers." for name in found["asked"]]


def _standing(row: Mapping[str, Any]) -> str:
    if row["listed_so_far"] is not None:
        return f"being listed ({row['listed_so_far']} so far)"
    return "never listed as a whole" if row["listed_at"] is None else f"listed as a whole {moment(row['listed_at'])}"
