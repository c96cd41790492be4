"""The plugins that are loaded: their hooks, tasks and operations, what they logged and how long hooks took."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plexsync.sim.stash import manifest, process
from plexsync.sim.stash.refusal import Refused
from plexsync.sim.stash.sessions import MOST_VISITS, Chain, Sessions, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from plexsync.sim.stash.events import Event
    from plexsync.sim.stash.manifest import Hook, Plugin
    from plexsync.sim.stash.options import StashOptions
    from plexsync.sim.stash.store import Store


@dataclass(slots=True)
class Plugins:
    """Runs plugins. `port` is known once the server listens."""

    store: Store
    options: StashOptions
    sessions: Sessions
    port: int = 0
    loaded: dict[str, Plugin] = field(default_factory=dict)
    log: list[dict[str, str]] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)

    def reload(self) -> None:
        """Read all manifests anew; one that does not load leaves an error in the log."""
        self.loaded = {}
        for file in _manifests(self.options.plugins):
            try:
                plugin = manifest.load(file)
            except manifest.Unusable as error:
                self._note("error", file.stem, str(error))
                continue
            if plugin.id.casefold() in (known.casefold() for known in self.loaded):
                self._note("error", plugin.id, f"plugin ID {plugin.id} is used twice")
            else:
                self.loaded[plugin.id] = plugin

    def enabled(self, plugin: Plugin) -> bool:
        """Whether the user has it switched on."""
        return plugin.id not in self.store.disabled

    async def fire(self, events: Iterable[Event], chain: Chain) -> None:
        """Run all hooks of all events, one after another. Cancelled, it drops the rest."""
        for event in events:
            try:
                for plugin, hook in self._wanted(event):
                    visits = chain.count(Visit(plugin.id, event.type))
                    if visits < MOST_VISITS:
                        await self._hook(plugin, hook, event, chain)
            except process.NotStarted as error:
                self._note("error", plugin.name, str(error))

    async def task(
        self, plugin_id: str, name: str | None, arguments: dict[str, Any], progress: Callable[[float], None]
    ) -> process.Result:
        """Run a task. Raises `Refused` when there is none of that name, `NotStarted` when it cannot run."""
        plugin = self.plugin(plugin_id)
        tasks = {task.name: task for task in plugin.manifest.tasks}
        if name is not None and name not in tasks:
            raise Refused(f"Plugin returned error: no task with name {name} in plugin {plugin.name}")
        task = tasks.get(name or "")
        default = dict(task.defaultArgs) if task else {}
        result = await self._run(
            plugin, task.execArgs if task else (), _texts(default) | arguments, (), progress=progress
        )
        if result.error:
            self._note("error", plugin.name, f"Plugin returned error: {result.error}")
        return result

    async def operation(self, plugin_id: str, arguments: dict[str, Any]) -> Any:
        """Run the plugin at once and give what it says; its error is the request's error."""
        result = await self._run(self.plugin(plugin_id), (), arguments, ())
        if result.error:
            raise Refused(result.error)
        return result.output

    def plugin(self, plugin_id: str) -> Plugin:
        """The plugin of this id, which must be loaded and switched on."""
        plugin = self.loaded.get(plugin_id)
        if plugin is None or not self.enabled(plugin):
            raise Refused("internal system error")
        return plugin

    def _wanted(self, event: Event) -> Iterator[tuple[Plugin, Hook]]:
        for plugin in self.loaded.values():
            for hook in plugin.manifest.hooks:
                if self.enabled(plugin) and event.type in hook.triggeredBy:
                    yield plugin, hook

    async def _hook(self, plugin: Plugin, hook: Hook, event: Event, chain: Chain) -> None:
        arguments = _texts(hook.defaultArgs) | {"hookContext": event.context()}
        here = (*chain, Visit(plugin.id, event.type))
        begun, code = time.monotonic(), None
        try:
            result = await self._run(plugin, hook.execArgs, arguments, here)
            code = result.exit
        finally:
            took = round((time.monotonic() - begun) * 1000, 1)
            self.hooks.append({"type": event.type, "id": event.id, "ms": took, "exit": code})
        if result.error:
            self._note("error", plugin.name, f"error executing hook: {result.error}")

    async def _run(
        self,
        plugin: Plugin,
        extra: tuple[str, ...],
        arguments: dict[str, Any],
        chain: Chain,
        progress: Callable[[float], None] | None = None,
    ) -> process.Result:
        if plugin.manifest.interface != "raw" or not plugin.manifest.exec:
            raise process.NotStarted(f"not simulated: interface {plugin.manifest.interface}")
        told = {
            "server_connection": self._connection(plugin, chain),
            "args": {key: arguments[key] for key in sorted(arguments)},
        }
        line = process.command(plugin, extra, self.options.python_path)

        def log(level: str, message: str) -> None:
            if level != "progress":
                self._note(level, plugin.name, message)
            elif progress:
                with suppress(ValueError):
                    progress(float(message))

        return await process.run(plugin, line, process.go_json(told), log)

    def _connection(self, plugin: Plugin, chain: Chain) -> dict[str, Any]:
        return {
            "Scheme": "http",
            "Host": "0.0.0.0",  # noqa: S104  # what Stash tells: its listen address
            "Port": self.port,
            "SessionCookie": self.sessions.cookie(chain),
            "Dir": str(self.options.config_dir.absolute()),
            "PluginDir": str(plugin.folder),
        }

    def _note(self, level: str, plugin: str, message: str) -> None:
        self.log.append({"level": level, "plugin": plugin, "message": message})


def _manifests(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.rglob("*.yml"))


def _texts(arguments: dict[str, Any]) -> dict[str, str]:
    """Default arguments always arrive as text."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in arguments.items()}
