"""The provider and what it needs, and nothing that works on Plex."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
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
from plexsync.store.database import Connection, Database
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
    with database.transaction() as connection:
        names = [server.name for server in config.servers] or _worked_on(connection)
    keeping = _Keeping(
        names=names,
        database=database,
        matches=Matches(database=database, clock=clock, servers=names, wake=_nothing),
        strangers=Strangers(database=database, clock=clock, servers=names),
        stash=known,
    )
    provider = provider_of(
        config,
        me=me,
        identity=known,
        database=database,
        clock=clock,
        turn=turn,
        servers=names,
        rest=Rest(faces=faces_of(config, None), matched=keeping.matched, unknown=keeping.unknown, heard=_nothing),
    )
    gallery = gallery_of(config, me=me, identity=known, database=database, rules=rules, clock=clock, turn=turn)
    return Alone(config=config, identity=me, provider=provider, gallery=gallery, stash=stash)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeping:
    """Keeps what Plex asked for. `names` are the servers of the settings; where these name none, those that daemons of
    this database worked on, of which the first may begin at any time.
    """

    names: list[str]
    database: Database
    matches: Matches
    strangers: Strangers
    stash: StashIdentity

    async def matched(self, scenes: Collection[int]) -> None:
        """Plex takes these scenes; no walk tells which Stash it is, so that it is known by these."""
        await self._learn()
        await self.matches.note(scenes)
        try:
            await self.stash.acquaint(list(scenes))
        except SyncError as error:
            _log.debug("the files of what Plex takes are not remembered", reason=error.message)

    async def unknown(self, plex_path: str) -> None:
        """Stash does not know the file."""
        await self._learn()
        await self.strangers.note(plex_path)

    async def _learn(self) -> None:
        if not self.names:
            self.names[:] = await self.database.run(_worked_on)


def _worked_on(connection: Connection) -> list[str]:
    return servers_among(owner.standing(connection))


def _nothing() -> None:
    """Nobody works here who could be woken."""
