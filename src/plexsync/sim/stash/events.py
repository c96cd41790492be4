"""Hook events: what each change tells to plugins, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLSchema

    from plexsync.sim.stash.records import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One trigger for one object."""

    id: int
    type: str  #: such as Scene.Update.Post
    input: Any = None
    fields: tuple[str, ...] = ()  #: the keys that the client sent

    def context(self) -> dict[str, Any]:
        """The `hookContext` of a plugin's arguments."""
        told: dict[str, Any] = {"id": self.id, "type": self.type, "input": self.input}
        return told | ({"inputFields": list(self.fields)} if self.fields else {})


def filled(schema: GraphQLSchema, name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """An input with all keys of its type in their order; what was not sent is null."""
    return {key: sent.get(key) for key in schema.type_map[name].fields}  # type: ignore[attr-defined]  # an input


def scene_destroyed(scene: Scene, key: str, sent: dict[str, Any]) -> Event:
    """The event of a scene that is gone; `key` is `id` or `ids`, as it was asked."""
    first = scene.files[0] if scene.files else None
    told = {
        key: sent[key],
        "delete_file": sent.get("delete_file"),
        "delete_generated": sent.get("delete_generated"),
        "checksum": "",
        "oshash": first.oshash if first else "",
        "path": first.path if first else "",
    }
    return Event(id=scene.id, type="Scene.Destroy.Post", input=told)


def updated(kind: str, ids: Iterable[int], told: Any, sent: dict[str, Any]) -> list[Event]:
    """One update event per object, all with the same input and the keys of `sent`."""
    return [Event(id=each, type=f"{kind}.Update.Post", input=told, fields=tuple(sent)) for each in ids]
