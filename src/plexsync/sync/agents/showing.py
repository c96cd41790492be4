"""How Plex and our provider stand to each other, as facts and in lines for people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from plexsync.model.provider import FOLDER
from plexsync.model.spans import many
from plexsync.plex.client import PlexClient
from plexsync.sync.agents.address import ProviderAddress, Reach, masked, reach_of
from plexsync.sync.agents.making import strangers_line
from plexsync.sync.agents.naming import not_synced, synced_by
from plexsync.sync.agents.shares import shares_of
from plexsync.sync.agents.standing import Standing, asks_providers, refuses_private_pictures, standing_of


async def provider_facts(
    server: str, plex: PlexClient, address: ProviderAddress, synced: Sequence[str]
) -> dict[str, Any]:
    """What one Plex tells; its items are listed to count who matched them. SyncError when it does not tell."""
    version = (await plex.check()).version
    facts: dict[str, Any] = {"server": server, "version": version, "asks_providers": asks_providers(version)}
    if not facts["asks_providers"]:
        return facts
    standing = await standing_of(plex.agents)
    # Without an own word, pictures have the address by which Plex asks.
    base = address.base or (standing.ours.uri if standing.ours is not None else "")
    reach = await asyncio.to_thread(reach_of, base) if base else Reach.UNKNOWN
    return facts | {
        "known": _known(standing, address),
        "url_from_plex": address.base or None,
        "agents": _agents(standing),
        "libraries": [await _library(plex, standing, one.key, synced) for one in standing.named_by_us],
        "pictures": {"reach": reach.value, "public_only": refuses_private_pictures(version)},
        "notes": _notes(standing, synced),
    }


def _known(standing: Standing, address: ProviderAddress) -> dict[str, Any] | None:
    ours = standing.ours
    if ours is None:
        return None
    return {
        "address": masked(ours.uri),
        "same": address.is_at(ours.uri),
        "same_secret": address.is_ours(ours.uri),
        "online": ours.online,
    }


def _agents(standing: Standing) -> list[dict[str, Any]]:
    found = [*standing.beginning_with_us, *standing.with_us_behind]
    return [
        {
            "title": one.title,
            "first": one in standing.beginning_with_us,
            "asks": [p.title for p in standing.asked_by(one)],
        }
        for one in found
    ]


async def _library(plex: PlexClient, standing: Standing, key: int, synced: Sequence[str]) -> dict[str, Any]:
    library = next(one for one in standing.libraries if one.key == key)
    agent, shares = standing.agent_of(library), await shares_of(plex, key)
    return {
        "library": library.title,
        "key": key,
        "agent": agent.title if agent is not None else library.identifier,
        "items": shares.items,
        "plexsync": shares.plexsync,
        "others": shares.others,
        "nobody": shares.nobody,
        "synced": synced_by(library, synced),
    }


def _notes(standing: Standing, synced: Sequence[str]) -> list[str]:
    agents = standing.beginning_with_us
    found = [strangers_line(one, some) for one in agents if (some := standing.strangers_behind_us(one))]
    return [*found, *(not_synced(one) for one in standing.named_by_us if not synced_by(one, synced))]


def known_lines(facts: dict[str, Any]) -> list[str]:
    """What Plex knows of us, and whom it asks."""
    if not facts["asks_providers"]:
        return [f"Plex {facts['version'] or 'of unknown version'} asks no providers; 1.43 and later do."]
    known = facts["known"]
    if known is None:
        return ["Plex does not know PlexSync: `plexsync provider register` makes it known."]
    lines = [_place(known, facts["url_from_plex"]), _life(known)]
    for one in facts["agents"]:
        asks = ", then ".join(one["asks"])
        lines.append(f'The agent "{one["title"]}" asks {asks}.')
    if not facts["agents"]:
        lines.append("No agent asks PlexSync: `plexsync provider register` makes one.")
    if not facts["libraries"]:
        lines.append("No library is named by it yet: `plexsync provider register --library NAME` gives it one.")
    return [*lines, *facts["notes"]]


def _place(known: dict[str, Any], base: str | None) -> str:
    if known["same"]:
        return "Plex knows PlexSync at this address."
    if known["same_secret"] and base is None:
        return (
            f"Plex asks PlexSync at {known['address']}: set url_from_plex to what stands before {FOLDER} there, and "
            "start the daemon anew."
        )
    if known["same_secret"]:
        return (
            f"Plex asks PlexSync at {known['address']}, which is not what url_from_plex leads to: "
            "`plexsync provider register` changes it."
        )
    return (
        f"Plex asks a provider of PlexSync's name at {known['address']}, which is not this one. Leave it so where that "
        "one is to answer, for the same Stash; else `plexsync provider register` changes it."
    )


def _life(known: dict[str, Any]) -> str:
    if known["online"] is None:
        return "Whether it answers, Plex does not say."
    return "Plex says that it answers." if known["online"] else "Plex says that it does not answer."


def matched_line(library: dict[str, Any]) -> str:
    """What there still is to do where items are not matched by us; "" where all are."""
    left = library["others"] + library["nobody"]
    if not left:
        return ""
    return (
        f"{library['library']!r}: {many(left, 'item')} not matched by PlexSync. Refresh All Metadata in Plex matches "
        "them anew, Fix Match a single one."
    )


def picture_line(facts: dict[str, Any]) -> str:
    """Whether Plex can take pictures from our address."""
    reach, public_only = Reach(facts["pictures"]["reach"]), facts["pictures"]["public_only"]
    instead = (
        "the sync uploads posters, and people's pictures need a public https address that leads to PlexSync's /art/"
    )
    if reach is Reach.WORLD:
        return "Pictures: the address is a public one, from which Plex can take posters and people's pictures."
    if reach is Reach.UNKNOWN:
        return (
            "Pictures: whether the address is public cannot be told from here. From private ones Plex 1.43.5 and later "
            f"may take none: then {instead}."
        )
    if public_only:
        return f"Pictures: the address is private, and this Plex may take none from there: {instead}."
    return (
        "Pictures: the address is private. This Plex can take pictures from there, from 1.43.5 on it may not: then "
        f"{instead}."
    )
