"""The root fields that are read."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from plexsync.sim.stash.finding import Finder
from plexsync.sim.stash.records import Kind, Scene, VideoFile
from plexsync.sim.stash.refusal import Refused
from plexsync.sim.stash.types import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plexsync.sim.stash.asked import Info, Resolver
    from plexsync.sim.stash.jobs import Jobs
    from plexsync.sim.stash.manifest import Plugin
    from plexsync.sim.stash.options import StashOptions
    from plexsync.sim.stash.plugins import Plugins
    from plexsync.sim.stash.store import Store

VERSION = {"version": "v0.30.1", "hash": "simulated", "build_time": "2025-12-18 00:00:00"}
DATABASE = 75
DIAGNOSTIC = frozenset({"version", "systemStatus", "configuration", "jobQueue", "findJob"})
PLURAL: dict[Kind, str] = {"performer": "performers", "tag": "tags", "studio": "studios", "group": "groups"}
ZERO = {"String": "", "Int": 0, "Float": 0.0, "Boolean": False}


def number(text: Any) -> int:
    """An id as a number; text that is none fails as in Go."""
    try:
        return int(text)
    except ValueError as error:
        raise Refused(f'converting id: strconv.Atoi: parsing "{text}": invalid syntax') from error


@dataclass(slots=True)
class Queries:
    """Answers reading requests. `status` may be set to make the server need setup or a migration."""

    store: Store
    options: StashOptions
    plugins: Plugins
    jobs: Jobs
    status: str = "OK"

    def resolvers(self) -> Mapping[str, Resolver]:
        """Field to resolver, for all root fields that are simulated."""
        table: dict[str, Resolver] = {
            "version": lambda _root, _info: VERSION,
            "systemStatus": lambda _root, _info: self._system(),
            "configuration": lambda _root, info: self._configuration(info),
            "plugins": lambda _root, _info: [self._plugin(each) for each in self.plugins.loaded.values()],
            "pluginTasks": lambda _root, _info: self._plugin_tasks(),
            "jobQueue": lambda _root, _info: list(self.jobs.queue) or None,
            "findJob": lambda _root, _info, input: self.jobs.find(number(input["id"])),  # noqa: A006
            "findScene": lambda _root, _info, **wanted: self._scene(wanted),
            "findSceneByHash": lambda _root, _info, input: self._by_hash(input),  # noqa: A006
            "findScenes": lambda _root, _info, **wanted: self._scenes(wanted),
            "findScenesByPathRegex": lambda _root, _info, **wanted: self._by_regex(wanted),
            "findSceneMarkers": lambda _root, _info, **_wanted: {"count": 0, "scene_markers": []},
            "findFile": lambda _root, _info, **wanted: self._file(wanted),
            "allScenes": lambda _root, _info: list(self.store.scenes.values()),
        }
        for kind in PLURAL:
            table |= self._of_kind(kind)
        return self.gated(table)

    def gated(self, table: Mapping[str, Resolver]) -> Mapping[str, Resolver]:
        """The same resolvers, which refuse while the server needs setup or a migration."""

        def gate(resolver: Resolver) -> Resolver:
            def answer(root: Any, info: Info, **given: Any) -> Any:
                if self.status != "OK":
                    raise Refused("database not initialized")
                return resolver(root, info, **given)

            return answer

        return {name: each if name in DIAGNOSTIC else gate(each) for name, each in table.items()}

    def _of_kind(self, kind: Kind) -> dict[str, Resolver]:
        plural, entities = PLURAL[kind], self.store.entities[kind]

        def find(_root: Any, _info: Info, **wanted: Any) -> dict[str, Any]:
            ids = wanted.get("ids") or [str(each) for each in wanted.get("performer_ids") or ()]
            if ids:
                found = [self.store.entity(kind, number(each)) for each in ids]
                return {"count": len(found), plural: found}
            given = wanted.get(f"{kind}_filter") or {}
            matching, page = Finder(self.store).entities(kind, wanted.get("filter") or {}, given)
            return {"count": len(matching), plural: page}

        table: dict[str, Resolver] = {
            f"find{plural.title()}": find,
            f"find{kind.title()}": lambda _root, _info, id: entities.get(number(id)),  # noqa: A006
        }
        if kind != "group":
            table[f"all{plural.title()}"] = lambda _root, _info: list(entities.values())
        return table

    def _scene(self, wanted: dict[str, Any]) -> Scene | None:
        if wanted.get("id") is not None:
            return self.store.scenes.get(number(wanted["id"]))
        if wanted.get("checksum") is not None:
            return None
        raise Refused("id or checksum must be given")

    def _by_hash(self, wanted: dict[str, Any]) -> Scene | None:
        return next((scene for scene, file in self._files() if file.oshash == wanted.get("oshash")), None)

    def _scenes(self, wanted: dict[str, Any]) -> Found:
        ids = wanted.get("ids") or wanted.get("scene_ids")
        if ids:
            numbers = [number(each) for each in ids]
            if len(set(numbers)) < len(numbers):
                raise Refused("scene ids must be unique")
            scenes = [self.store.scene(each) for each in numbers]
            return Found(scenes, scenes)
        finder = Finder(self.store)
        return Found(*finder.scenes(wanted.get("filter") or {}, wanted.get("scene_filter") or {}))

    def _by_regex(self, wanted: dict[str, Any]) -> Found:
        find = dict(wanted.get("filter") or {})
        pattern = f"(?i){find.pop('q', None) or ''}"
        criterion = {"path": {"modifier": "MATCHES_REGEX", "value": pattern}}
        return Found(*Finder(self.store).scenes(find, criterion))

    def _file(self, wanted: dict[str, Any]) -> VideoFile:
        for _scene, file in self._files():
            if str(file.id) == wanted.get("id") or file.path == wanted.get("path"):
                return file
        raise Refused(f"file with {wanted} not found")

    def _files(self) -> list[tuple[Scene, VideoFile]]:
        return [(scene, file) for scene in self.store.scenes.values() for file in scene.files]

    def _system(self) -> dict[str, Any]:
        schema = {"OK": DATABASE, "NEEDS_MIGRATION": DATABASE - 1}
        return {
            "databaseSchema": schema.get(self.status),
            "databasePath": str(self.options.config_dir / "stash-go.sqlite"),
            "configPath": str(self.options.config_dir / "config.yml"),
            "appSchema": DATABASE,
            "status": self.status,
            "os": platform.system().lower(),
            "workingDir": str(Path.cwd()),
            "homeDir": os.environ.get("HOME", "/"),
            "ffmpegPath": None,
            "ffprobePath": None,
        }

    def _configuration(self, info: Info) -> dict[str, Any]:
        def settings(_info: Info, include: list[str] | None = None) -> dict[str, Any]:
            stored = self.store.settings
            return dict(stored) if include is None else {key: stored[key] for key in include if key in stored}

        stash = {"path": self.store.prefix, "excludeVideo": False, "excludeImage": False}
        general = zero(info.schema.type_map["ConfigGeneralResult"]) | {
            "apiKey": self.options.api_key or "",
            "username": "user" if self.options.api_key else "",
            "maxSessionAge": self.options.session_seconds,
            "pythonPath": self.options.python_path,
            "configFilePath": str(self.options.config_dir / "config.yml"),
            "pluginsPath": str(self.options.plugins[0] if self.options.plugins else "plugins"),
            "stashes": [stash],
        }
        return {"general": general, "plugins": settings, "ui": {}}

    def _plugin(self, plugin: Plugin) -> dict[str, Any]:
        own = plugin.manifest
        told: dict[str, Any] = {
            "id": plugin.id,
            "name": plugin.name,
            "description": own.description or None,
            "url": own.url or None,
            "version": str(own.version) or None,
            "enabled": self.plugins.enabled(plugin),
            "requires": list(own.ui.requires) or None,
            "settings": [_setting(key, each) for key, each in own.settings.items()],
            "paths": {"javascript": list(own.ui.javascript) or None, "css": list(own.ui.css) or None},
        }
        told["tasks"] = [
            {"name": task.name, "description": task.description or None, "plugin": told} for task in own.tasks
        ]
        told["hooks"] = [
            {
                "name": hook.name,
                "description": hook.description or None,
                "hooks": list(hook.triggeredBy),
                "plugin": told,
            }
            for hook in own.hooks
        ]
        return told

    def _plugin_tasks(self) -> list[dict[str, Any]]:
        loaded = (each for each in self.plugins.loaded.values() if self.plugins.enabled(each))
        return [task for plugin in loaded for task in self._plugin(plugin)["tasks"]]


def zero(kind: Any) -> dict[str, Any]:
    """An object of this type in which every field has its empty value."""
    return {name: _empty(field.type) for name, field in kind.fields.items()}


def _empty(kind: Any) -> Any:
    if not isinstance(kind, GraphQLNonNull):
        return None
    inner = kind.of_type
    if isinstance(inner, GraphQLList):
        return []
    if isinstance(inner, GraphQLEnumType):
        return next(iter(inner.values))
    return zero(inner) if isinstance(inner, GraphQLObjectType) else ZERO.get(inner.name)


def _setting(key: str, setting: Any) -> dict[str, Any]:
    return {
        "name": key,
        "display_name": setting.displayName or None,
        "description": setting.description or None,
        "type": setting.type,
    }
