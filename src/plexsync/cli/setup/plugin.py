"""The plugin: installed where this computer sees Stash's folder, else what to do in its place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexsync.app.sources import PLUGIN_ID
from plexsync.cli.call import Call, Failed
from plexsync.cli.plugin_install import installed
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue
from plexsync.cli.setup.known import Known
from plexsync.cli.setup.stash import StashFound
from plexsync.model.errors import StoreError, SyncError
from plexsync.pluginfiles import PLUGIN_NAME, SPOOL_NAME, plugin_files, plugin_version
from plexsync.stash.installation import InstalledPlugin, installed_plugins, reload_plugins

_LATER = "Without it a change arrives up to stash_poll later (30 s), else within 2 s"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginStep:
    """All that the step needs."""

    talk: Dialogue
    call: Call
    known: Known
    clients: Clients
    stash: StashFound

    def ask(self) -> dict[str, Any]:
        """Install or say how; what became of it, as JSON facts. Nothing that goes wrong here undoes the settings."""
        self.talk.heading("Plugin")
        if not self.known.options.plugin:
            self.talk.say(f"Left out (--no-plugin). {_LATER}.")
            return {"installed": False}
        there = self._there()
        folder = self._folder()
        if there is not None and there.version == plugin_version() and self._watched(folder):
            self.talk.well(f"The plugin {there.version} is in Stash already")
            return {"installed": True, "version": there.version}
        if folder is None:
            return self._by_hand(there)
        if not self.talk.yes(f"Put the plugin into {folder}?"):
            self.talk.say(f"Later: plexsync plugin install --plugins-folder '{folder}'. {_LATER}.")
            return {"installed": False}
        return self._installed(folder)

    def _folder(self) -> Path | None:
        """Stash's plugins folder as this computer sees it; None when it cannot be told to be the same one."""
        if self.known.options.plugins_folder is not None:
            return self.known.options.plugins_folder.absolute()
        for spool in self.known.config.spool_folders:
            # A folder that two containers share, each at a place of its own.
            if (spool.parent.name, spool.name) == (PLUGIN_NAME, SPOOL_NAME) and spool.parent.is_dir():
                return spool.parent.parent
        plugins, settings = Path(self.stash.places.plugins), Path(self.stash.places.settings)
        same = plugins.is_absolute() and settings.is_absolute() and plugins.is_dir() and settings.is_file()
        return plugins if same else None

    def _watched(self, folder: Path | None) -> bool:
        return folder is None or folder / PLUGIN_NAME / SPOOL_NAME in self.known.config.spool_folders

    def _there(self) -> InstalledPlugin | None:
        async def look() -> InstalledPlugin | None:
            stash = self.clients.stash(self.stash.url, self.stash.api_key)
            try:
                return next((one for one in await installed_plugins(stash) if one.id == PLUGIN_ID), None)
            finally:
                await stash.close()

        try:
            return asyncio.run(look())
        except SyncError as error:
            self.talk.refuse(f"Stash does not tell of its plugins: {error.message}")
            return None

    def _installed(self, folder: Path) -> dict[str, Any]:
        # Where Stash sees other folders it could not start this program.
        start = self.known.options.start and folder == Path(self.stash.places.plugins)
        try:
            facts, lines = installed(self.call, folder, start=start, hooks=True)
        except (Failed, StoreError) as error:
            self.talk.refuse(f"{error}")
            self.talk.say(f"Then: plexsync plugin install --plugins-folder '{folder}'. {_LATER}.")
            return {"installed": False}
        self.talk.well(f"The plugin is in {facts['plugin']}")
        for line in lines:
            self.talk.say(line)
        return facts | {"installed": self._seen(folder)}

    def _seen(self, folder: Path) -> bool:
        """Have Stash load it, and see that it did."""

        async def reload() -> None:
            stash = self.clients.stash(self.stash.url, self.stash.api_key)
            try:
                await reload_plugins(stash)
            finally:
                await stash.close()

        try:
            asyncio.run(reload())
        except SyncError as error:
            self.talk.refuse(
                f"Stash has not loaded it ({error.message}): press Settings > Plugins > Reload plugins there"
            )
            return False
        there = self._there()
        if there is None:
            self.talk.refuse(
                f"Stash does not see it: {folder} is the folder of another Stash. Its own is "
                f"{self.stash.places.plugins}, as it sees that itself"
            )
            return False
        state = "and enabled" if there.enabled else "but switched off: enable it under Settings > Plugins"
        (self.talk.well if there.enabled else self.talk.refuse)(f"Stash has loaded the plugin {there.version}, {state}")
        return there.enabled

    def _by_hand(self, there: InstalledPlugin | None) -> dict[str, Any]:
        seen = self.stash.places.plugins or "its plugins folder"
        if there is not None:
            self.talk.refuse(
                f"The plugin in Stash has version {there.version}, this PlexSync brings {plugin_version()}"
            )
        self.talk.refuse(f"Stash keeps its plugins in {seen}, which this computer does not see (a container?)")
        self.talk.say("Either name that folder as this computer sees it:")
        self.talk.screen.block("    plexsync plugin install --plugins-folder FOLDER")
        self.talk.say(
            f"or copy the folder {plugin_files()} there as {PLUGIN_NAME}, reload the plugins in Stash, and say"
        )
        self.talk.say("how Stash reaches this computer once PlexSync runs:")
        self.talk.screen.block("    plexsync plugin connect --url http://THIS-COMPUTER:9797")
        self.talk.say(f'(host = "0.0.0.0" in {self.known.file} lets others than this computer in.) {_LATER}.')
        return {"installed": False, "plugins_folder_in_stash": seen}
