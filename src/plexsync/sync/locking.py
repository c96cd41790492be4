"""What is pinned is locked in Plex where it asks our provider: a refresh takes whatever is not."""

from __future__ import annotations

from collections.abc import Collection

from plexsync.model.work import Lane, Put, PutKind
from plexsync.store import brakes, jobs, pins
from plexsync.store.database import Connection
from plexsync.sync.brakes.brake import HELD, PENDING, REJECTED
from plexsync.sync.causes import PINNED


def puts_to_lock(connection: Connection, server: str, scenes: Collection[int], lane: Lane) -> list[Put]:
    """Have what is pinned of these scenes locked. What waits for a person's answer, or was turned down, stays so."""
    asked = brakes.among(connection, server, scenes, (HELD, REJECTED))
    judged = brakes.among(connection, server, scenes, (PENDING,))
    return [
        Put(
            server=server,
            scene=scene,
            # What comes in the user's own lane is written, whoever was asked about it.
            lane=max(lane, Lane.CHANGE) if scene in asked else lane,
            reason=PINNED,
            # One that is under way may have looked for pins already.
            kind=PutKind.GAP if scene in judged else PutKind.CHANGED,
        )
        for scene in scenes
    ]


def lock_pinned(connection: Connection, server: str, sections: Collection[int], now: float) -> None:
    """These libraries ask our provider from now on."""
    scenes = pins.scenes_in(connection, server, sections)
    jobs.put(connection, puts_to_lock(connection, server, scenes, Lane.CHANGE), now)
