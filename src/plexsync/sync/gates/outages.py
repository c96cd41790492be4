"""The record of outages as people ask for it: which there were, and what they say of a peer over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from plexsync.store import outages
from plexsync.store.database import Connection
from plexsync.store.outages import KEPT, Outage
from plexsync.sync.gates.peers import STASH, name_of, plex_key

#: How many outages are shown, the newest.
SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the outages of one peer amount to; lengths of time in seconds.

    `mttr` is the mean time until it was back (None: no outage is over), `mtbf` the mean time from the beginning of one
    outage to the beginning of the next (None: fewer than two), `availability` the share of the observed time in which
    it was well, from 0 to 1.
    """

    count: int
    mttr: float | None
    mtbf: float | None
    availability: float


def figures(records: Sequence[Outage], watched_since: float, now: float) -> Figures:
    """The figures of one peer's outages, in any order, observed since that time."""
    by_time = sorted(records, key=lambda one: (one.began_at, one.id))
    over = [one.ended_at - one.began_at for one in by_time if one.ended_at is not None]
    between = [later.began_at - earlier.began_at for earlier, later in pairwise(by_time)]
    return Figures(
        count=len(by_time),
        mttr=sum(over) / len(over) if over else None,
        mtbf=sum(between) / len(between) if between else None,
        availability=_availability(by_time, watched_since, now),
    )


def _availability(by_time: Sequence[Outage], watched_since: float, now: float) -> float:
    if not by_time:
        return 1.0
    # What was before the oldest record that is kept is not known any more.
    since = by_time[0].began_at if len(by_time) >= KEPT else min(watched_since, by_time[0].began_at)
    away = sum(max(0.0, (now if one.ended_at is None else one.ended_at) - one.began_at) for one in by_time)
    observed = max(now - since, away)
    return 1.0 - away / observed if observed > 0 else 0.0


def servers_of(servers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The servers whose jobs need each peer: all of them Stash, each its Plex."""
    return {STASH: tuple(servers), **{plex_key(server): (server,) for server in servers}}


def report(connection: Connection, servers: Sequence[str], now: float, *, shown: int = SHOWN) -> dict[str, Any]:
    """The figures of Stash and of each server, and the newest outages of all of them, the newest first."""
    behind = servers_of(servers)
    records = {key: outages.listing(connection, key) for key in behind}
    newest = sorted((one for some in records.values() for one in some), key=lambda one: (one.began_at, one.id))
    return {
        "now": now,
        "peers": [_peer(connection, key, some, now) for key, some in records.items()],
        "outages": [_one(connection, one, behind[one.peer], now) for one in reversed(newest[-shown:])],
    }


def _peer(connection: Connection, key: str, records: Sequence[Outage], now: float) -> dict[str, Any]:
    since = outages.watched_since(connection, key)
    found = figures(records, now if since is None else since, now)
    return {
        "peer": key,
        "name": name_of(key),
        "watched_since": since,
        "outages": found.count,
        "going_on": any(one.ended_at is None for one in records),
        "mttr": found.mttr,
        "mtbf": found.mtbf,
        "availability": found.availability,
    }


def _one(connection: Connection, one: Outage, servers: Sequence[str], now: float) -> dict[str, Any]:
    held = outages.waiting(connection, servers, now) if one.ended_at is None else one.held
    return {
        "id": one.id,
        "peer": one.peer,
        "name": name_of(one.peer),
        "kind": one.kind.value,
        "cause": one.cause,
        "first_failure_at": one.first_failure_at,
        "began_at": one.began_at,
        "ended_at": one.ended_at,
        "lasted": max(0.0, (now if one.ended_at is None else one.ended_at) - one.began_at),
        "held": held,
        "drained": one.drained,
        "first_drained_at": one.first_drained_at,
        "last_drained_at": one.last_drained_at,
    }
