"""Where settings come from, and what is in force once all of them are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync import config as settings
from plexsync.app.clients import stash_client
from plexsync.config import Config
from plexsync.log import Redactor, logger
from plexsync.model.errors import ConfigurationError, SyncError
from plexsync.store import preferences
from plexsync.store.database import Database

_log = logger("plexsync.app")

PLUGIN_ID = "PlexSyncDaemon"
#: Settings of the plugin itself: how its hook reaches the daemon, and whether its tasks wait.
PLUGIN_OWN = frozenset({"daemonUrl", "eventsToken", "debugLog", "waitForTasks"})


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
    stash = stash_client(config, redactor)
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
    if faults := [*_without_stash(config), *_without_plex(config)]:
        raise ConfigurationError(faults)


def complete_for_stash(config: Config) -> None:
    """The same of what only asks Stash."""
    if faults := _without_stash(config):
        raise ConfigurationError(faults)


def complete_for_plex(config: Config) -> None:
    """The same of what only asks Plex."""
    if faults := _without_plex(config):
        raise ConfigurationError(faults)


def _without_plex(config: Config) -> list[str]:
    faults = []
    if not config.servers:
        faults.append('plex_url is missing: where does Plex answer? For example PLEXSYNC_PLEX_URL="http://plex:32400"')
    faults += [
        f"the token of the Plex server {server.name!r} is missing: set plex_token (or token in [[servers]])"
        for server in config.servers
        if server.token is None
    ]
    return faults


def _without_stash(config: Config) -> list[str]:
    if config.stash_url is not None:
        return []
    return ['stash_url is missing: where does Stash answer? For example PLEXSYNC_STASH_URL="http://stash:9999"']
