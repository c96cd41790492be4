"""The root fields that write. Each commits first and then runs the hooks, within the request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from plexsync.sim.stash.editing import Editor
from plexsync.sim.stash.events import Event, filled, scene_destroyed, updated
from plexsync.sim.stash.filing import Filing
from plexsync.sim.stash.naming import Naming
from plexsync.sim.stash.queries import PLURAL, number
from plexsync.sim.stash.records import Entity, Kind, Scene
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from plexsync.sim.stash.asked import Info, Resolver
    from plexsync.sim.stash.jobs import Job, Jobs
    from plexsync.sim.stash.plugins import Plugins
    from plexsync.sim.stash.scanning import Scanner
    from plexsync.sim.stash.store import Store

Input = dict[str, Any]
Handler: TypeAlias = "Callable[[Info, Input], Awaitable[Any]]"


@dataclass(frozen=True, slots=True)
class Mutations:
    """Answers writing requests."""

    store: Store
    plugins: Plugins
    jobs: Jobs
    scanner: Scanner

    def resolvers(self) -> Mapping[str, Resolver]:
        """Field to resolver, for all root fields that are simulated."""
        table: dict[str, Handler] = {
            "sceneUpdate": self._scene_update,
            "scenesUpdate": self._scenes_update,
            "bulkSceneUpdate": self._bulk_update,
            "sceneCreate": self._scene_create,
            "sceneDestroy": self._scene_destroy,
            "scenesDestroy": self._scenes_destroy,
            "sceneMerge": self._scene_merge,
            "tagsMerge": self._tags_merge,
            "performerMerge": self._performer_merge,
            "moveFiles": self._move_files,
            "sceneAssignFile": self._assign_file,
            "deleteFiles": self._delete_files,
            "configurePlugin": self._configure_plugin,
            "setPluginsEnabled": self._set_enabled,
            "reloadPlugins": self._reload,
            "runPluginTask": self._run_task,
            "runPluginOperation": self._run_operation,
            "metadataScan": self._scan,
            "stopJob": self._stop_job,
        }
        for kind in PLURAL:
            table |= self._of_kind(kind)
        return {name: _resolver(handler) for name, handler in table.items()}

    async def _fire(self, info: Info, *events: Event) -> None:
        await self.plugins.fire(events, info.context.chain)

    async def _scene_update(self, info: Info, given: Input) -> Scene | None:
        sent = given["input"]
        told = filled(info.schema, "SceneUpdateInput", sent)
        scene = Editor(self.store).edited(self.store.scene(number(sent["id"])), sent, self.store.now())
        self.store.commit(scene)
        await self._fire(info, *updated("Scene", [scene.id], told, sent))
        return self.store.scenes.get(scene.id)

    async def _scenes_update(self, info: Info, given: Input) -> list[Scene | None]:
        at, editor, inputs = self.store.now(), Editor(self.store), given["input"]
        scenes = [editor.edited(self.store.scene(number(sent["id"])), sent, at) for sent in inputs]
        self.store.commit(*scenes)
        told = [filled(info.schema, "SceneUpdateInput", sent) for sent in inputs]
        for scene, sent in zip(scenes, inputs, strict=True):
            await self._fire(info, *updated("Scene", [scene.id], told, sent))
        return [self.store.scenes.get(scene.id) for scene in scenes]

    async def _bulk_update(self, info: Info, given: Input) -> list[Scene | None]:
        at, editor, sent = self.store.now(), Editor(self.store), given["input"]
        ids = [number(each) for each in sent.get("ids") or ()]
        self.store.commit(*(editor.bulk_edited(self.store.scene(each), sent, at) for each in ids))
        await self._fire(info, *updated("Scene", ids, sent, sent))
        return [self.store.scenes.get(each) for each in ids]

    async def _scene_create(self, info: Info, given: Input) -> Scene | None:
        if given["input"].get("file_ids"):
            raise Refused("not simulated: file_ids")
        at = self.store.now()
        scene = Editor(self.store).edited(Scene(id=0, created_at=at, updated_at=at), given["input"], at)
        scene = replace(scene, id=self.store.new_id("scene"))
        self.store.commit(scene)
        await self._fire(info, Event(id=scene.id, type="Scene.Create.Post"))
        return self.store.scenes.get(scene.id)

    async def _scene_destroy(self, info: Info, given: Input) -> bool:
        scene = self.store.scene(number(given["input"]["id"]))
        self.store.commit(gone=[("scene", scene.id)])
        await self._fire(info, scene_destroyed(scene, "id", given["input"]))
        return True

    async def _scenes_destroy(self, info: Info, given: Input) -> bool:
        scenes = [self.store.scene(number(each)) for each in given["input"]["ids"]]
        self.store.commit(gone=[("scene", scene.id) for scene in scenes])
        await self._fire(info, *(scene_destroyed(scene, "ids", given["input"]) for scene in scenes))
        return True

    async def _scene_merge(self, _info: Info, given: Input) -> Scene:
        sent = given["input"]
        target = self.store.scene(number(sent["destination"]))
        sources = [self.store.scene(number(each)) for each in sent["source"]]
        if target in sources:
            raise Refused("cannot merge a scene into itself")
        merged = Editor(self.store).merged(target, sources, sent.get("values") or {}, self.store.now())
        self.store.commit(merged, gone=[("scene", source.id) for source in sources])
        return merged

    async def _tags_merge(self, info: Info, given: Input) -> Entity:
        sent = given["input"]
        sources = [number(each) for each in sent["source"]]
        tag = Naming(self.store).merge("tag", sources, number(sent["destination"]))
        told = {"source": sent["source"], "destination": sent["destination"]}
        await self._fire(info, Event(id=tag.id, type="Tag.Merge.Post", input=told))
        return tag

    async def _performer_merge(self, _info: Info, given: Input) -> Entity:
        sent = given["input"]
        sources = [number(each) for each in sent["source"]]
        values = sent.get("values") or {}
        return Naming(self.store).merge("performer", sources, number(sent["destination"]), values)

    async def _move_files(self, _info: Info, given: Input) -> bool:
        sent = given["input"]
        if sent.get("destination_folder_id") is not None:
            raise Refused("not simulated: destination_folder_id")
        ids = [number(each) for each in sent["ids"]]
        Filing(self.store).move(ids, sent.get("destination_folder"), sent.get("destination_basename"))
        return True

    async def _assign_file(self, _info: Info, given: Input) -> bool:
        sent = given["input"]
        Filing(self.store).assign(number(sent["file_id"]), number(sent["scene_id"]))
        return True

    async def _delete_files(self, _info: Info, given: Input) -> bool:
        Filing(self.store).delete([number(each) for each in given["ids"]])
        return True

    def _of_kind(self, kind: Kind) -> dict[str, Handler]:
        """Create, update and destroy of one kind."""
        naming, title = Naming(self.store), kind.title()

        async def create(info: Info, given: Input) -> Entity:
            made = naming.create(kind, given["input"])
            told = filled(info.schema, f"{title}CreateInput", given["input"])
            await self._fire(info, *_twins(Event(id=made.id, type=f"{title}.Create.Post", input=told)))
            return made

        async def update(info: Info, given: Input) -> Entity | None:
            sent = given["input"]
            entity = naming.update(kind, sent | {"id": number(sent["id"])})
            told = filled(info.schema, f"{title}UpdateInput", sent)
            for event in updated(title, [entity.id], told, sent):
                await self._fire(info, *_twins(event))
            return self.store.entities[kind].get(entity.id)

        async def destroy(info: Info, given: Input) -> bool:
            told = {"id": given["input"]["id"]} if "input" in given else given["ids"]
            numbers = [number(each) for each in (told if isinstance(told, list) else told.values())]
            naming.destroy(kind, numbers)
            for each in numbers:
                await self._fire(info, *_twins(Event(id=each, type=f"{title}.Destroy.Post", input=told)))
            return True

        return {
            f"{kind}Create": create,
            f"{kind}Update": update,
            f"{kind}Destroy": destroy,
            f"{PLURAL[kind]}Destroy": destroy,
        }

    async def _configure_plugin(self, _info: Info, given: Input) -> Input:
        self.store.configure(given["plugin_id"], given["input"])
        return self.store.settings[given["plugin_id"]]

    async def _set_enabled(self, _info: Info, given: Input) -> bool:
        wanted: dict[str, bool] = given["enabledMap"]
        off = set(self.store.disabled) | {plugin for plugin, on in wanted.items() if not on}
        self.store.disable(off - {plugin for plugin, on in wanted.items() if on})
        return True

    async def _reload(self, _info: Info, _given: Input) -> bool:
        self.plugins.reload()
        return True

    async def _run_task(self, _info: Info, given: Input) -> int:
        name = given.get("task_name")
        listed = {each["key"]: _argument(each.get("value")) for each in given.get("args") or ()}
        arguments = given.get("args_map") or listed

        async def work(job: Job) -> None:
            def progress(value: float) -> None:
                job.progress = value

            await self.plugins.task(given["plugin_id"], name, arguments, progress)

        return self.jobs.add(given.get("description") or f"Running plugin task: {name}", work).id

    async def _run_operation(self, _info: Info, given: Input) -> Any:
        return await self.plugins.operation(given["plugin_id"], given.get("args") or {})

    async def _scan(self, _info: Info, given: Input) -> int:
        async def work(_job: Job) -> None:
            await self.scanner.scan(given["input"].get("paths") or [])

        return self.jobs.add("Scanning...", work).id

    async def _stop_job(self, _info: Info, given: Input) -> bool:
        self.jobs.stop(number(given["job_id"]))
        return True


def _resolver(handler: Handler) -> Resolver:
    return lambda _root, info, **given: handler(info, given)


def _twins(event: Event) -> tuple[Event, ...]:
    """A group's events are also told under their older name."""
    if not event.type.startswith("Group."):
        return (event,)
    return event, replace(event, type=event.type.replace("Group.", "Movie.", 1))


def _argument(value: Input | None) -> Any:
    """A `PluginValueInput` as the plain value that it stands for."""
    if not value:
        return None
    if "o" in value:
        return {each["key"]: _argument(each.get("value")) for each in value["o"]}
    if "a" in value:
        return [_argument(each) for each in value["a"]]
    return next(iter(value.values()))
