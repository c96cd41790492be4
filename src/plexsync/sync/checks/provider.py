"""Whether Plex asks our provider as it should, where it is used at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from plexsync.model.errors import Incompatible, SyncError
from plexsync.model.provider import FOLDER
from plexsync.model.spans import many
from plexsync.plex.agents import AgentProvider
from plexsync.sync.agents.address import ProviderAddress, Reach, masked, reach_of
from plexsync.sync.agents.making import strangers_line
from plexsync.sync.agents.naming import not_synced, synced_by
from plexsync.sync.agents.standing import (
    Standing,
    asks_providers,
    providers_line,
    refuses_private_pictures,
    standing_of,
)
from plexsync.sync.checks.finding import Finding, note, warning, well
from plexsync.sync.paths.advice import PlexSide

_REGISTER = "Run `plexsync provider register`"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProvider:
    """Ours: its address, whether posters are written, and to how many items of a server's libraries one was uploaded
    (None where nobody can tell).
    """

    address: ProviderAddress
    writes_posters: bool
    uploaded: Callable[[str, Sequence[int]], Awaitable[int | None]]


async def provider_findings(side: PlexSide, version: str, own: OwnProvider) -> list[Finding]:
    """What there is to say; one line where this Plex does not ask us, and none where it is too old to."""
    if not asks_providers(version):
        return []
    check = f"plex {side.name} provider"
    try:
        standing = await standing_of(side.plex.agents)
    except Incompatible:
        return []
    except SyncError as error:
        return [
            warning(
                check,
                f"Plex ({side.name}) does not tell whom it asks while it scans: {error.message}",
                "Look at its log",
            )
        ]
    if standing.ours is None:
        return [_unknown(check, side.name, standing)]
    return [
        _place(check, side.name, standing.ours, own.address),
        *_life(check, side.name, standing, standing.ours),
        *_order(check, standing),
        *(
            warning(f"{check} of {one.title}", not_synced(one).partition(". ")[0], "Add it to `libraries`")
            for one in standing.named_by_us
            if not synced_by(one, side.chosen)
        ),
        *await _pictures(check, side.name, version, standing, own),
    ]


def _unknown(check: str, server: str, standing: Standing) -> Finding:
    mine = standing.named_by_us
    if not mine:
        return well(
            check,
            f"Plex ({server}) does not ask PlexSync while it scans; `plexsync provider register` would have it ask",
        )
    return warning(
        check,
        f"{_titles(standing)} named by PlexSync's provider, which Plex ({server}) does not know any more: new files "
        "there get no metadata as they are scanned",
        _REGISTER,
    )


def _place(check: str, server: str, ours: AgentProvider, address: ProviderAddress) -> Finding:
    shown = masked(ours.uri)
    if address.is_at(ours.uri):
        return well(check, f"Plex ({server}) asks PlexSync at {shown} while it scans")
    if not address.is_ours(ours.uri):
        return warning(
            check,
            f"Plex ({server}) asks another PlexSync, at {shown}: its address ends otherwise",
            "Leave it so where that one is to answer, for the same Stash; else run `plexsync provider register`",
        )
    if not address.base:
        return warning(
            check,
            f"Plex ({server}) asks PlexSync at {shown}, and url_from_plex is not set: people get no pictures",
            f"Set url_from_plex to what stands before {FOLDER} there, and start the daemon anew",
        )
    return warning(
        check,
        f"Plex ({server}) asks PlexSync at {shown}, while url_from_plex is {address.base}",
        f"{_REGISTER}, or correct url_from_plex",
    )


def _life(check: str, server: str, standing: Standing, ours: AgentProvider) -> list[Finding]:
    alive = f"{masked(ours.uri).partition(FOLDER)[0]}/healthz"
    if ours.online is not False:
        return []
    what = f"Plex ({server}) says that PlexSync's provider does not answer"
    if standing.named_by_us:
        what += f": new files of {_titles(standing, verb=False)} get no metadata as they are scanned"
    return [
        warning(
            f"{check} answers",
            what,
            f"Start the daemon, and open {alive} on Plex's computer, or inside its container. Where it answers there, "
            "restart Plex, so that it looks again",
        )
    ]


def _order(check: str, standing: Standing) -> list[Finding]:
    found = []
    for one in standing.beginning_with_us:
        if strangers := standing.strangers_behind_us(one):
            what, _, remedy = strangers_line(one, strangers).rstrip(".").partition(". ")
            found.append(warning(f"{check} agent {one.title}", what, remedy))
    for one in standing.with_us_behind:
        before = [asked for asked in standing.asked_by(one) if asked != standing.ours][:1]
        found.append(
            warning(
                f"{check} agent {one.title}",
                f'The agent "{one.title}" asks {providers_line(before) or "another provider"} before PlexSync, which '
                "so matches no item and only fills gaps",
                "Take PlexSync out of it, and give the library our own agent by `plexsync provider register --library "
                "NAME`",
            )
        )
    return found


async def _pictures(check: str, server: str, version: str, standing: Standing, own: OwnProvider) -> list[Finding]:
    mine = standing.named_by_us
    if not mine or not refuses_private_pictures(version) or not own.address.base:
        return []
    if await asyncio.to_thread(reach_of, own.address.base) is Reach.WORLD:
        return []
    what = (
        f"Plex ({server}) {version.partition('-')[0]} may refuse pictures from private networks, as {own.address.base}"
    )
    if not own.writes_posters:
        return [warning(f"{check} posters", f"{what}, and posters are not written", "Switch sync_cover on")]
    count = await own.uploaded(server, [one.key for one in mine])
    posters = f"the posters of {many(count, 'item')} came by upload" if count else "posters come by upload"
    return [note(f"{check} posters", f"{what}; {posters}")]


def _titles(standing: Standing, *, verb: bool = True) -> str:
    titles = [repr(one.title) for one in standing.named_by_us]
    return f"{', '.join(titles)}{(' is' if len(titles) == 1 else ' are') if verb else ''}"
