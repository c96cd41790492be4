"""The object graph: from settings to a service at work, and back down again."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync import config as settings
from plexsync.art import Art
from plexsync.config import Config, ServerSetting
from plexsync.log import Redactor, logger
from plexsync.model.errors import ConfigurationError, PlexServerDown, SyncError
from plexsync.model.fields import Field
from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.rules import Rules
from plexsync.model.work import Peer
from plexsync.plex.client import PlexClient
from plexsync.plex.writer import Writer
from plexsync.stash.client import StashClient
from plexsync.store import dead, dialect, history, identity, owner, preferences
from plexsync.store.database import Connection, Database
from plexsync.sync.backoff import standard
from plexsync.sync.clock import Clock
from plexsync.sync.finder import Finder
from plexsync.sync.gatekeeper import Gatekeeper
from plexsync.sync.intake import Intake
from plexsync.sync.libraries import Libraries
from plexsync.sync.server import Server
from plexsync.sync.service import Service
from plexsync.sync.spool import Spool
from plexsync.sync.storedgate import StoredGate
from plexsync.sync.timetable import Entry, Timetable
from plexsync.sync.tools import Tools
from plexsync.sync.walk import Walker
from plexsync.sync.worker import Worker
from plexsync.sync.writerlock import WriterLock

_log = logger("plexsync.app")

PLUGIN_ID = "PlexSyncDaemon"
#: Settings of the plugin itself: how its hook reaches the daemon.
PLUGIN_OWN = frozenset({"daemonUrl", "eventsToken", "debugLog"})
IDENTITY_FILE = identity.FILE_NAME
#: Seconds between two looks at Plex's list of libraries.
_LIBRARIES_EVERY = 30.0
#: Seconds within which a living Plex answers a health check.
_CHECK_SECONDS = 5.0
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where settings come from, as given to the program."""

    environ: Mapping[str, str]
    config_file: Path | None = None
    data_dir: Path | None = None

    def load(self, *, plugin: Mapping[str, Any] | None = None, saved: Mapping[str, Any] | None = None) -> Config:
        """The settings in force; ConfigurationError with one line for each fault."""
        return settings.load(
            config_file=self.config_file, data_dir=self.data_dir, environ=self.environ, plugin=plugin, saved=saved
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everything that was built, and how to take it down."""

    config: Config
    identity: identity.Identity
    database: Database
    service: Service
    stash: StashClient
    plexes: tuple[PlexClient, ...]

    async def close(self) -> None:
        """Close connections and the store. The service has to be at rest."""
        await self.stash.close()
        for plex in self.plexes:
            await plex.aclose()
        self.database.close()


def open_store(config: Config) -> Database:
    """The store of a data folder, made when it is not there; StoreError when it cannot be used."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return Database.open(config.database_url)


async def merged(sources: Sources, config: Config, database: Database, redactor: Redactor) -> Config:
    """The settings with what was saved in the pages and in Stash's plugin settings, as last known."""
    saved = await database.run(lambda c: preferences.all_under(c, "setting:"))
    plain = {name.removeprefix("setting:"): value for name, value in saved.items()}
    config = sources.load(saved=plain)
    plugin = await _plugin_settings(config, database, redactor)
    return sources.load(plugin=plugin, saved=plain)


async def _plugin_settings(config: Config, database: Database, redactor: Redactor) -> dict[str, Any]:
    stored: Any = await database.run(lambda c: preferences.get(c, "plugin settings"))
    known: dict[str, Any] = stored or {}
    if config.stash_url is None:
        return known
    stash = _stash_client(config, redactor)
    try:
        found = await stash.plugin_settings(PLUGIN_ID)
    except SyncError as error:
        _log.warning("the plugin's settings cannot be read, the last known ones count", reason=error.message)
        return known
    finally:
        await stash.close()
    ours = {name: value for name, value in found.items() if name not in PLUGIN_OWN}
    await database.run(lambda c: preferences.put(c, "plugin settings", ours))
    return ours


def complete(config: Config) -> None:
    """ConfigurationError when something is missing without which there is no work."""
    faults = []
    if config.stash_url is None:
        faults.append(
            'stash_url is missing: where does Stash answer? For example PLEXSYNC_STASH_URL="http://stash:9999"'
        )
    if not config.servers:
        faults.append('plex_url is missing: where does Plex answer? For example PLEXSYNC_PLEX_URL="http://plex:32400"')
    faults += [
        f"the token of the Plex server {server.name!r} is missing: set plex_token (or token in [[servers]])"
        for server in config.servers
        if server.token is None
    ]
    if faults:
        raise ConfigurationError(faults)


def rules_of(config: Config) -> Rules:
    """The rules of the fields that the settings ask for."""
    return Rules(
        enabled=frozenset(name for name in Field if config.writes(name)),
        owners={name: config.owner(name) for name in Field},
        title_from_stem=config.title_when_empty is settings.TitleWhenEmpty.STEM,
        clear_foreign=frozenset(config.clear_foreign),
    )


def paths_of(config: Config) -> PathRules:
    """The path rules that the settings ask for; ConfigurationError names those that cannot work."""
    return path_rules(
        [
            RuleText(
                name=rule.name,
                plex=rule.plex or "",
                stash=rule.stash or "",
                plex_pattern=rule.plex_pattern or "",
                stash_pattern=rule.stash_pattern or "",
                case_insensitive=rule.case_insensitive,
            )
            for rule in config.path_rules
        ]
    )


def build(config: Config, database: Database, *, clock: Clock, chance: random.Random, redactor: Redactor) -> Graph:
    """The whole graph, not yet at work. Call it under the folder lock."""
    complete(config)
    me = identity.load_or_create(config.data_dir / IDENTITY_FILE)
    for secret in (*config.secrets(), me.api_key, me.events_token, me.signing_key, me.provider_path):
        redactor.add(secret)
    return _Builder(config, database, me, clock, chance, redactor).graph()


@dataclass(slots=True)
class _Builder:
    config: Config
    database: Database
    me: identity.Identity
    clock: Clock
    chance: random.Random
    redactor: Redactor

    def graph(self) -> Graph:
        config, rules, paths = self.config, rules_of(self.config), paths_of(self.config)
        stash = _stash_client(config, self.redactor)
        names = tuple(server.name for server in config.servers)
        stash_gate = self._gate("Stash", "stash", names).keeper(Peer.STASH, stash.healthy)
        art = Art(folder=config.data_dir / "art", stash=stash, database=self.database)
        plexes = tuple(self._plex_client(server) for server in config.servers)
        servers = tuple(
            self._server(setting, plex, stash, stash_gate, art, rules, paths)
            for setting, plex in zip(config.servers, plexes, strict=True)
        )

        def wake() -> None:
            for server in servers:
                server.worker.wake()

        walker = Walker(stash=stash, database=self.database, clock=self.clock, rules=rules, servers=names, wake=wake)
        timetable = self._timetable(walker, servers, stash_gate)

        def ask(wish: str) -> None:
            if wish == "full walk":
                walker.start_over()
            timetable.ask(wish)

        intake = Intake(database=self.database, clock=self.clock, servers=names, wake=wake, ask=ask)
        service = Service(
            database=self.database,
            clock=self.clock,
            stash=stash,
            stash_gate=stash_gate,
            servers=servers,
            intake=intake,
            walker=walker,
            timetable=timetable,
            spools=tuple(Spool(folder=folder, intake=intake) for folder in config.spool_folders),
            refused_settings=config.refused,
            poll_interval=config.poll_interval,
        )
        return Graph(
            config=config, identity=self.me, database=self.database, service=service, stash=stash, plexes=plexes
        )

    def _server(
        self,
        setting: ServerSetting,
        plex: PlexClient,
        stash: StashClient,
        stash_gate: Gatekeeper,
        art: Art,
        rules: Rules,
        paths: PathRules,
    ) -> Server:
        name, config = setting.name, self.config
        libraries = Libraries(
            server=name,
            plex=plex,
            database=self.database,
            paths=paths,
            clock=self.clock,
            chosen=tuple(setting.libraries),
            preview=config.preview_first_contact,
        )
        finder = Finder(
            server=name,
            libraries=libraries,
            paths=paths,
            strict=config.strict_matching,
            skip_missing=config.skip_not_found,
        )
        epoch = self._take_over(name)
        tools = Tools(
            server=name,
            database=self.database,
            plex=plex,
            writer=Writer(plex),
            pen=WriterLock(),
            art=art,
            rules=rules,
            libraries=libraries,
            finder=finder,
            clock=self.clock,
            run=f"daemon {epoch}",
        )
        gate = self._gate(f"Plex ({name})", f"plex:{name}", (name,)).keeper(Peer.PLEX, _checking(plex))
        worker = Worker(
            tools=tools,
            stash=stash,
            stash_gate=stash_gate,
            plex_gate=gate,
            backoff=standard(config.max_retries),
            chance=self.chance,
            token=f"{name}/{epoch}",
        )
        return Server(
            name=name, gate=gate, libraries=libraries, tools=tools, worker=worker, pin=self._pinning(name, plex)
        )

    def _take_over(self, server: str) -> int:
        with self.database.transaction() as connection:
            return owner.take(connection, server, f"process {os.getpid()}", self.clock.now())

    def _pinning(self, name: str, plex: PlexClient) -> Callable[[], Awaitable[None]]:
        async def pin() -> None:
            await plex.verify_identity()
            if plex.machine_identifier is not None:
                identity.pin(self.config.data_dir / IDENTITY_FILE, name, plex.machine_identifier)

        return pin

    def _gate(self, name: str, key: str, servers: tuple[str, ...]) -> StoredGate:
        return StoredGate(name=name, key=key, servers=servers, database=self.database, clock=self.clock)

    def _timetable(self, walker: Walker, servers: tuple[Server, ...], stash_gate: Gatekeeper) -> Timetable:
        entries = [
            Entry(name="full walk", run=walker.full, every=self.config.full_walk_hours * 3600),
            Entry(name="recent", run=walker.recent, at_start=False),
            Entry(name="housekeeping", run=self._housekeeping, every=_DAY),
        ]
        entries += [
            Entry(name=f"libraries of {server.name}", run=server.refresh, every=_LIBRARIES_EVERY) for server in servers
        ]
        return Timetable(
            clock=self.clock,
            entries={entry.name: entry for entry in entries},
            gates=(stash_gate, *(s.gate for s in servers)),
        )

    async def _housekeeping(self) -> None:
        """Nothing grows for ever."""
        now, config = self.clock.now(), self.config

        def trim(connection: Connection) -> None:
            history.trim(connection, now - config.history_days * _DAY)
            dead.dead_purge(connection, now - config.dead_letter_days * _DAY)
            dialect.tidy(connection)

        await self.database.run(trim)

    def _plex_client(self, setting: ServerSetting) -> PlexClient:
        return PlexClient(
            setting.url or "",
            setting.token.get_secret_value() if setting.token is not None else "",
            client_identifier=self.me.client_identifier,
            machine_identifier=self.me.machine_identifiers.get(setting.name),
            connect_timeout=self.config.connect_timeout,
            read_timeout=self.config.read_timeout,
            verify=_verify(self.config),
            redact=self.redactor.redact,
        )


def _checking(plex: PlexClient) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await plex.check()
        except TimeoutError as error:
            raise PlexServerDown(f"Plex gave no answer to a health check within {_CHECK_SECONDS:g} s") from error

    return check


def _stash_client(config: Config, redactor: Redactor) -> StashClient:
    key = config.stash_api_key
    return StashClient(
        config.stash_url or "",
        key.get_secret_value() if key is not None else None,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
        verify=_verify(config),
        redact=redactor.redact,
    )


def _verify(config: Config) -> bool | ssl.SSLContext:
    if not config.tls_verify or config.ca_file is None:
        return config.tls_verify
    return ssl.create_default_context(cafile=str(config.ca_file))
