"""The provider and what it needs, and nothing that works on Plex."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from plexsync.app.clients import stash_client
from plexsync.app.pictures import gallery_of
from plexsync.app.provider import faces_of, provider_of
from plexsync.app.rules import rules_of
from plexsync.app.sources import complete_for_stash
from plexsync.art.gallery import Gallery
from plexsync.config import Config
from plexsync.log import Redactor, logger
from plexsync.model.errors import SyncError
from plexsync.provider.provider import Provider, Rest
from plexsync.stash.client import StashClient
from plexsync.store import identity, owner
from plexsync.store.database import Database
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.strangers import Strangers
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.gates.peers import servers_among
from plexsync.sync.matched import Matches

_log = logger("plexsync.alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """Everything that was built."""

    config: Config
    identity: identity.Identity
    provider: Provider
    gallery: Gallery
    stash: StashClient


def provider_alone(config: Config, database: Database, *, clock: Clock, redactor: Redactor) -> Alone:
    """The provider beside no daemon. What it tells lies in the store, for a daemon that works on the same one."""
    complete_for_stash(config)
    me = identity.load_or_create(config.data_dir / identity.FILE_NAME)
    for secret in (*config.secrets(), me.api_key, me.events_token, me.signing_key, me.provider_path):
        redactor.add(secret)
    rules, turn = rules_of(config), asyncio.Lock()
    stash = stash_client(config, redactor, tag_parents=rules.asks_for_tag_parents)
    known = StashIdentity(stash=stash, database=database, clock=clock)
    names = _names(config, database)
    provider = provider_of(
        config,
        me=me,
        identity=known,
        database=database,
        clock=clock,
        turn=turn,
        servers=names,
        rest=Rest(
            faces=faces_of(config, None),
            matched=_taken(Matches(database=database, clock=clock, servers=names, wake=_nothing), known),
            unknown=Strangers(database=database, clock=clock, servers=names).note,
            heard=_nothing,
        ),
    )
    gallery = gallery_of(config, me=me, identity=known, database=database, rules=rules, clock=clock, turn=turn)
    return Alone(config=config, identity=me, provider=provider, gallery=gallery, stash=stash)


def _names(config: Config, database: Database) -> tuple[str, ...]:
    """The Plex servers of the settings; where these name none, those that daemons of this database worked on."""
    if config.servers:
        return tuple(server.name for server in config.servers)
    with database.transaction() as connection:
        return tuple(servers_among(owner.standing(connection)))


def _taken(matches: Matches, stash: StashIdentity) -> Callable[[Collection[int]], Awaitable[None]]:
    """Hears of the scenes that Plex takes; no walk tells which Stash it is, so that it is known by these."""

    async def taken(scenes: Collection[int]) -> None:
        await matches.note(scenes)
        try:
            await stash.acquaint(list(scenes))
        except SyncError as error:
            _log.debug("the files of what Plex takes are not remembered", reason=error.message)

    return taken


def _nothing() -> None:
    """Nobody works here who could be woken."""
