"""How the fields of the interface's types are read from records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from plexsync.sim.stash.editing import TEXTS
from plexsync.sim.stash.records import Entity, Kind, Scene, VideoFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plexsync.sim.stash.asked import Asked, Info, Resolver
    from plexsync.sim.stash.store import Store


EMPTY: dict[str, Any] = {
    "favorite": False,
    "ignore_auto_tag": False,
    "alias_list": (),
    "urls": (),
    "stash_ids": (),
}


#: Texts that are never null.
EMPTY_TEXTS = frozenset({"disambiguation", "details", "description", "sort_name", "synopsis", "director"})


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search for scenes; sums are made only when asked for."""

    matching: list[Scene]
    scenes: list[Scene]

    @property
    def count(self) -> int:
        """How many match, on all pages."""
        return len(self.matching)

    @property
    def duration(self) -> float:
        """Seconds of all that match."""
        return sum(file.duration for scene in self.matching for file in scene.files[:1])

    @property
    def filesize(self) -> float:
        """Bytes of all that match."""
        return float(sum(file.size for scene in self.matching for file in scene.files[:1]))


def plain(source: Any, info: Info, **arguments: Any) -> Any:
    """The value of the same name; a field that is not held is an error, never silently null."""
    name = info.field_name
    if isinstance(source, dict):
        if name in source:
            value = source[name]
            return value(info, **arguments) if callable(value) else value
    elif hasattr(source, name):
        return getattr(source, name)
    raise GraphQLError(f"not simulated: {info.parent_type.name}.{name}")


def resolvers(store: Store) -> Mapping[str, Mapping[str, Resolver]]:
    """Type and field to resolver, for all fields that are more than a plain value."""
    return {
        "Scene": _scene(store),
        "ScenePathsType": _paths(),
        "VideoFile": _file(),
        "Performer": _performer(store),
        "Tag": _tag(store),
        "Studio": _studio(store),
        "Group": _group(store),
    }


def _scene(store: Store) -> dict[str, Resolver]:
    entities = store.entities

    def many(kind: Kind, ids: tuple[int, ...]) -> list[Entity]:
        table = entities[kind]
        return [table[number] for number in sorted(ids)]

    def groups(name: str) -> Resolver:
        return lambda scene, _info: [
            {name: entities["group"][place.group_id], "scene_index": place.scene_index} for place in scene.group_places
        ]

    def text(name: str) -> Resolver:
        return lambda scene, _info: getattr(scene, name) or ""

    return {
        **{name: text(name) for name in TEXTS},
        "url": lambda scene, _info: scene.urls[0] if scene.urls else None,
        "o_counter": lambda scene, _info: len(scene.o_history),
        "interactive": lambda _scene, _info: False,
        "interactive_speed": lambda _scene, _info: None,
        "captions": lambda _scene, _info: None,
        "last_played_at": lambda scene, _info: max(scene.play_history, default=None),
        "play_count": lambda scene, _info: len(scene.play_history),
        "paths": lambda scene, _info: scene,
        "scene_markers": lambda _scene, _info: (),
        "galleries": lambda _scene, _info: (),
        "studio": lambda scene, _info: entities["studio"].get(scene.studio_id),
        "groups": groups("group"),
        "movies": groups("movie"),
        "tags": lambda scene, _info: sorted(many("tag", scene.tag_ids), key=_by_name),
        "performers": lambda scene, _info: many("performer", scene.performer_ids),
        "sceneStreams": lambda scene, info: [
            {"url": _stream(scene, info.context), "mime_type": "video/mp4", "label": "Direct stream"}
        ],
    }


def _paths() -> dict[str, Resolver]:
    def below(path: str) -> Resolver:
        return lambda scene, info: f"{info.context.base}/scene/{scene.id}/{path}"

    def named(tail: str) -> Resolver:
        return lambda scene, info: f"{info.context.base}/scene/{scene.files[0].oshash if scene.files else ''}_{tail}"

    return {
        "screenshot": lambda scene, info: f"{info.context.base}/scene/{scene.id}/screenshot?t={unix(scene.updated_at)}",
        "stream": lambda scene, info: _stream(scene, info.context),
        "vtt": named("thumbs.vtt"),
        "sprite": named("sprite.jpg"),
        **{each: below(each) for each in ("preview", "webp", "funscript", "interactive_heatmap", "caption")},
    }


def _stream(scene: Scene, asked: Asked) -> str:
    return f"{asked.base}/scene/{scene.id}/stream" + (f"?apikey={asked.key}" if asked.key else "")


def _file() -> dict[str, Resolver]:
    def hashes(file: VideoFile) -> list[dict[str, str]]:
        return [{"type": "oshash", "value": file.oshash}]

    fixed = {
        "format": "mp4",
        "video_codec": "h264",
        "audio_codec": "aac",
        "frame_rate": 25.0,
        "zip_file": None,
        "zip_file_id": None,
    }
    return {
        **{name: lambda _file, _info, _value=value: _value for name, value in fixed.items()},
        "bit_rate": lambda file, _info: int(file.size * 8 / max(file.duration, 1)),
        "fingerprints": lambda file, _info: hashes(file),
        "fingerprint": lambda file, _info, type: file.oshash if type == "oshash" else None,  # noqa: A006
        "parent_folder": lambda file, _info: {"id": "1", "path": file.folder},
        "parent_folder_id": lambda _file, _info: "1",
    }


def _values(names: str) -> dict[str, Resolver]:
    """Fields that hold what was set, or their empty value."""

    def value(name: str) -> Resolver:
        empty = "" if name in EMPTY_TEXTS else EMPTY.get(name)
        return lambda entity, _info: empty if entity.values.get(name) is None else entity.values[name]

    return {name: value(name) for name in names.split()}


def _image(kind: Kind, path: str) -> Resolver:
    def address(entity: Entity, info: Info) -> str:
        own = "" if entity.image else "&default=true"
        return f"{info.context.base}/{kind}/{entity.id}/{path}?t={unix(entity.updated_at)}{own}"

    return address


def _tags(store: Store) -> Resolver:
    tags = store.entities["tag"]
    return lambda entity, _info: [tags[each] for each in entity.values.get("tag_ids", ()) if each in tags]


def _performer(store: Store) -> dict[str, Resolver]:
    texts = (
        "disambiguation urls gender birthdate ethnicity country eye_color height_cm measurements fake_tits "
        "penis_length circumcised career_length tattoos piercings alias_list favorite ignore_auto_tag stash_ids "
        "rating100 details death_date hair_color weight"
    )
    return {
        **_values(texts),
        "image_path": _image("performer", "image"),
        "tags": _tags(store),
        "custom_fields": lambda entity, _info: entity.values.get("custom_fields") or {},
        "scene_count": lambda entity, _info: sum(entity.id in scene.performer_ids for scene in store.scenes.values()),
        "scenes": lambda entity, _info: [scene for scene in store.scenes.values() if entity.id in scene.performer_ids],
    }


def _tag(store: Store) -> dict[str, Resolver]:
    tags = store.entities["tag"]

    def parents(entity: Entity) -> list[Entity]:
        found = [tags[each] for each in entity.values.get("parent_ids", ()) if each in tags]
        return sorted(found, key=_by_name)

    def children(entity: Entity) -> list[Entity]:
        return [tag for tag in tags.values() if entity.id in tag.values.get("parent_ids", ())]

    return {
        **_values("sort_name description favorite ignore_auto_tag stash_ids"),
        "image_path": _image("tag", "image"),
        "aliases": lambda entity, _info: entity.values.get("aliases") or (),
        "parents": lambda entity, _info: parents(entity),
        "children": lambda entity, _info: children(entity),
        "parent_count": lambda entity, _info: len(parents(entity)),
        "child_count": lambda entity, _info: len(children(entity)),
        "scene_count": lambda entity, _info, **_depth: sum(
            entity.id in scene.tag_ids for scene in store.scenes.values()
        ),
    }


def _studio(store: Store) -> dict[str, Resolver]:
    studios = store.entities["studio"]
    return {
        **_values("urls rating100 favorite ignore_auto_tag details stash_ids"),
        "image_path": _image("studio", "image"),
        "tags": _tags(store),
        "url": lambda entity, _info: next(iter(entity.values.get("urls") or ()), None),
        "aliases": lambda entity, _info: entity.values.get("aliases") or (),
        "parent_studio": lambda entity, _info: studios.get(entity.values.get("parent_id") or 0),
        "child_studios": lambda entity, _info: [
            each for each in studios.values() if each.values.get("parent_id") == entity.id
        ],
        "scene_count": lambda entity, _info, **_depth: sum(
            entity.id == scene.studio_id for scene in store.scenes.values()
        ),
    }


def _group(store: Store) -> dict[str, Resolver]:
    scenes = store.scenes
    return {
        **_values("aliases duration date rating100 director synopsis urls"),
        "tags": _tags(store),
        "front_image_path": _image("group", "frontimage"),
        "back_image_path": lambda _entity, _info: None,
        "studio": lambda entity, _info: store.entities["studio"].get(entity.values.get("studio_id") or 0),
        "containing_groups": lambda _entity, _info: (),
        "sub_groups": lambda _entity, _info: (),
        "scenes": lambda entity, _info: [
            scene for scene in scenes.values() if any(place.group_id == entity.id for place in scene.group_places)
        ],
    }


def _by_name(tag: Entity) -> tuple[tuple[str | int, ...], int]:
    """Numbers in a name in their own order, capitals or not."""
    name = tag.values.get("sort_name") or tag.name
    parts = re.split(r"(\d+)", name.lower())
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), tag.id


def unix(text: str) -> int:
    """Seconds since the epoch of a stored time."""
    return int(datetime.fromisoformat(text).timestamp())
