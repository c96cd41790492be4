"""What has to do with pictures, as the settings ask for it."""

from __future__ import annotations

import asyncio

from plexsync.app.sure import sure_of
from plexsync.art import Art
from plexsync.art.addresses import Addresses
from plexsync.art.gallery import Gallery
from plexsync.config import Config
from plexsync.model.fields import Field
from plexsync.model.pictures import Recipe
from plexsync.model.portraits import PeoplePictures
from plexsync.model.rules import RuleBook
from plexsync.plex.client import PlexClient
from plexsync.provider.reading import Reading
from plexsync.stash.client import StashClient
from plexsync.store.database import Database
from plexsync.store.fence import Transactions
from plexsync.store.identity import Identity
from plexsync.sync.clock import Clock
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.index.outsiders import Outsiders
from plexsync.sync.story.portraits import Portraits
from plexsync.sync.walks.portraitwatch import PortraitWatch


def art_of(config: Config, stash: StashClient, rows: Transactions) -> Art:
    """The pictures of Stash, in the data folder."""
    return Art(folder=config.data_dir / "art", stash=stash, database=rows)


def addresses_of(config: Config, me: Identity) -> Addresses | None:
    """What makes addresses of people's pictures; None where none are to be written."""
    wanted = config.sync_enabled and config.people_pictures is not PeoplePictures.NEVER
    if not wanted or not config.url_from_plex:
        return None
    return Addresses(key=me.signing_key, base=config.url_from_plex)


def hints_of(config: Config) -> tuple[str, ...]:
    """What is not done for want of a setting, in full sentences; nothing is wrong."""
    if config.url_from_plex or config.people_pictures is PeoplePictures.NEVER or not config.writes(Field.ACTORS):
        return ()
    return (
        "actors get no pictures, because Plex fetches those from PlexSync: set url_from_plex to the address at which "
        'Plex reaches it, or people_pictures = "never"',
    )


def recipe_of(rules: RuleBook) -> Recipe:
    """What is made of pictures that belong to no library."""
    return rules.default.recipe(Field.BACKGROUND)


def portraits_of(
    art: Art, config: Config, me: Identity, rules: RuleBook, plex: PlexClient, libraries: Libraries, clock: Clock
) -> Portraits:
    """The pictures of people on one server."""
    safe = config.people_pictures is PeoplePictures.SAFE
    return Portraits(
        server=libraries.server,
        database=art.database,
        art=art,
        clock=clock,
        recipe=recipe_of(rules),
        addresses=addresses_of(config, me),
        outsiders=Outsiders(plex=plex, libraries=libraries, clock=clock) if safe else None,
    )


def watch_of(config: Config, me: Identity, rules: RuleBook) -> PortraitWatch | None:
    """What looks in walks for people whose pictures differ, if any are written."""
    addresses = addresses_of(config, me)
    return None if addresses is None else PortraitWatch(addresses=addresses, recipe=recipe_of(rules), rules=rules)


def gallery_of(
    config: Config,
    *,
    me: Identity,
    identity: StashIdentity,
    database: Database,
    rules: RuleBook,
    clock: Clock,
    turn: asyncio.Lock,
) -> Gallery:
    """What Plex may fetch without a key, also by addresses that it was given long ago, of the Stash that `identity`
    knows; `turn` is held by each of its questions."""
    reading = Reading(database=database, now=clock.now)
    return Gallery(
        art=art_of(config, identity.stash, database),
        reads=reading,
        recipe=recipe_of(rules),
        now=clock.now,
        addresses=Addresses(key=me.signing_key, base=""),
        sure=sure_of(identity, reading),
        doubt=identity.doubt,
        turn=turn,
    )
