"""What Plex asks while it scans, as the settings want it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from plexsync.app.pictures import recipe_of
from plexsync.app.rules import paths_of, rules_of
from plexsync.app.sure import sure_of
from plexsync.config import Config
from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.errors import StoreError, SyncError
from plexsync.model.paths import path_key
from plexsync.model.portraits import PeoplePictures
from plexsync.model.scene import Scene
from plexsync.provider.catalogue import Catalogue
from plexsync.provider.match import Matcher
from plexsync.provider.pictures import Pictures
from plexsync.provider.provider import Provider, Rest
from plexsync.provider.reading import Reading
from plexsync.provider.shelves import Shelves
from plexsync.store import seen
from plexsync.store.database import Database
from plexsync.store.identity import Identity
from plexsync.sync.clock import Clock
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.index.outsiders import Outsiders

_log = logger("plexsync.provider")

Faces = Callable[[Sequence[str]], Awaitable[Collection[str]]]
#: Seconds that Plex is waited for while it waits for us.
_PLEX_SECONDS = 2.0


def provider_of(
    config: Config,
    *,
    me: Identity,
    identity: StashIdentity,
    database: Database,
    clock: Clock,
    turn: asyncio.Lock,
    rest: Rest,
    servers: Sequence[str],
) -> Provider:
    """The provider of the Stash that `identity` knows, for the libraries of these servers; `turn` is held by each of
    its questions."""
    reading = Reading(database=database, now=clock.now)
    # The master switch is about writing. Values that are withheld from a Plex that asks, it would take away.
    book = rules_of(config.model_copy(update={"sync_enabled": True}))
    shelves = Shelves(servers=servers, reading=reading, paths=paths_of(config), book=book)
    catalogue = Catalogue(
        stash=identity.stash,
        sure=sure_of(identity, reading),
        doubt=identity.doubt,
        strange=_strange(reading),
        now=clock.now,
        last_known=config.provider_last_known,
        turn=turn,
    )
    return Provider(
        catalogue=catalogue,
        matcher=Matcher(catalogue=catalogue, shelves=shelves),
        shelves=shelves,
        pictures=Pictures(reading=reading, key=me.signing_key, usual=recipe_of(book), servers=servers),
        rest=rest,
        now=clock.now,
        base=config.url_from_plex or "",
        heeds_adult=config.provider_heeds_adult,
    )


def faces_of(config: Config, outsiders: Callable[[], Awaitable[Sequence[Outsiders]]] | None) -> Faces:
    """Whose pictures may be shown; `outsiders` are the people of libraries outside the synced ones, None: not known."""
    asking: set[asyncio.Task[list[str]]] = set()

    async def everybody(names: Sequence[str]) -> Collection[str]:
        return names if config.people_pictures is PeoplePictures.ALWAYS else ()

    async def safe(names: Sequence[str]) -> Collection[str]:
        assert outsiders is not None  # noqa: S101 -- for the type checker: chosen below
        task = asyncio.create_task(_insiders(names, outsiders))
        # One that takes long goes on: what it learns is there for the next question.
        asking.add(task)
        task.add_done_callback(asking.discard)
        done, _ = await asyncio.wait({task}, timeout=_PLEX_SECONDS)
        return task.result() if done else ()

    return safe if config.people_pictures is PeoplePictures.SAFE and outsiders is not None else everybody


async def _insiders(names: Sequence[str], outsiders: Callable[[], Awaitable[Sequence[Outsiders]]]) -> list[str]:
    """Those of the names that no other library lists; none as long as one of them does not tell."""
    try:
        others = await outsiders()
        return [name for name in names if not any([await one.lists(text_key(name)) for one in others])]
    except (SyncError, StoreError) as error:
        _log.debug("pictures of people are left out", reason=str(error))
        return []


def _strange(reading: Reading) -> Callable[[Mapping[int, Scene | None]], Awaitable[bool]]:
    """Whether one of these scenes is gone, or has none of the files that it was last seen with."""

    async def strange(scenes: Mapping[int, Scene | None]) -> bool:
        try:
            known = await reading.run(lambda connection: seen.paths(connection, scenes))
        except StoreError:
            return False
        return any(not _is_at(scenes[number], paths) for number, paths in known.items())

    return strange


def _is_at(scene: Scene | None, paths: Sequence[str]) -> bool:
    return scene is not None and not {path_key(file.path) for file in scene.files}.isdisjoint(map(path_key, paths))
