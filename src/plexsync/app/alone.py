"""The provider and what it needs, and nothing that works on Plex."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from plexsync.app.clients import stash_client
from plexsync.app.pictures import art_of, gallery_of
from plexsync.app.provider import faces_of, provider_of
from plexsync.app.rules import rules_of
from plexsync.app.sources import complete_for_stash
from plexsync.art.gallery import Gallery
from plexsync.config import Config
from plexsync.log import Redactor
from plexsync.provider import Provider, Rest
from plexsync.stash.client import StashClient
from plexsync.store import identity
from plexsync.store.database import Database
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.strangers import Strangers
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.matched import Matches


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
    names = tuple(server.name for server in config.servers)
    provider = provider_of(
        config,
        me=me,
        identity=StashIdentity(stash=stash, database=database, clock=clock),
        database=database,
        clock=clock,
        turn=turn,
        rest=Rest(
            faces=faces_of(config, None),
            matched=Matches(database=database, clock=clock, servers=names, wake=_nothing).note,
            unknown=Strangers(database=database, clock=clock, servers=names).note,
            heard=_nothing,
        ),
    )
    gallery = gallery_of(art_of(config, stash, database), me, rules, clock, turn)
    return Alone(config=config, identity=me, provider=provider, gallery=gallery, stash=stash)


def _nothing() -> None:
    """Nobody works here who could be woken."""
