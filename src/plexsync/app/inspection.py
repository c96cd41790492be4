"""Clients of all servers for one who only asks: no store is made, no lock is held, nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from plexsync.app.advice import own_provider
from plexsync.app.clients import plex_client, stash_client
from plexsync.app.rules import paths_of
from plexsync.app.sources import Sources, complete
from plexsync.config import Config
from plexsync.log import Redactor
from plexsync.plex.client import PlexClient
from plexsync.pluginfiles import PLUGIN_NAME, plugin_version
from plexsync.stash.client import StashClient
from plexsync.store import identity, preferences
from plexsync.store.database import Database
from plexsync.sync.checks import Doctor
from plexsync.sync.clock import SystemClock
from plexsync.sync.paths.advice import PathAdvice, PlexSide

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that may be asked."""

    config: Config
    me: identity.Identity
    stash: StashClient
    plexes: dict[str, PlexClient]

    def doctor(self, database: Database | None) -> Doctor:
        """What is looked at to see whether all is well; `database`, opened for reading, tells since when."""
        return Doctor(
            advice=self.advice,
            clock=SystemClock(),
            data_dir=self.config.data_dir,
            spool_folders=tuple(self.config.spool_folders),
            plugin=PLUGIN_NAME,
            ours=plugin_version(),
            provider=own_provider(self.config, self.me, database),
            database=database,
        )

    @property
    def advice(self) -> PathAdvice:
        """What can be told about path rules."""
        return PathAdvice(
            stash=self.stash,
            servers=tuple(
                PlexSide(name=one.name, plex=self.plexes[one.name], chosen=tuple(one.libraries))
                for one in self.config.servers
            ),
            rules=paths_of(self.config),
        )


@asynccontextmanager
async def inspecting(sources: Sources) -> AsyncIterator[Inspection]:
    """The clients, closed again at the end. ConfigurationError where an address or token is missing."""
    config = last_known(sources)
    complete(config)
    me = identity.load_or_new(config.data_dir / identity.FILE_NAME)
    redactor = Redactor()
    for secret in config.secrets():
        redactor.add(secret)
    async with AsyncExitStack() as stack:
        stash = stash_client(config, redactor)
        stack.push_async_callback(stash.close)
        plexes = {}
        for setting in config.servers:
            plexes[setting.name] = plex = plex_client(setting, config, me, redactor, _never)
            stack.push_async_callback(plex.aclose)
        yield Inspection(config=config, me=me, stash=stash, plexes=plexes)


@contextmanager
def reading(config: Config) -> Iterator[Database | None]:
    """The store, to look something up; None while there is none."""
    if not has_store(config):
        yield None
        return
    database = Database.open_reading(config.database_url)
    try:
        yield database
    finally:
        database.close()


def last_known(sources: Sources) -> Config:
    """The settings of files and variables, with those saved in the pages and in Stash as they were last known."""
    config = sources.load()
    with reading(config) as database:
        if database is None:
            return config
        with database.transaction() as connection:
            saved = preferences.all_under(connection, "setting:")
            plugin = preferences.get(connection, "plugin settings")
    return sources.load(plugin=plugin, saved={name.removeprefix("setting:"): value for name, value in saved.items()})


def has_store(config: Config) -> bool:
    """Whether anything was ever kept."""
    url = config.database_url
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()


async def _never() -> None:
    raise AssertionError("an inspection writes nothing to Plex")
