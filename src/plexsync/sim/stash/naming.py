"""Performers, tags, studios and groups: made, edited, and taken out of everything that names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plexsync.sim.stash.records import Entity, Kind, Scene
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from plexsync.sim.stash.store import Store

PICTURES = ("image", "front_image")


@dataclass(frozen=True, slots=True)
class Naming:
    """Edits of the objects that scenes refer to. None of them moves a scene's `updated_at`."""

    store: Store
    circles: bool = False  #: whether something may come to stand above itself, as in data that Stash did not check

    def create(self, kind: Kind, sent: dict[str, Any]) -> Entity:
        """Make and store a new object; its name must be free."""
        at = self.store.now()
        made = Entity(kind=kind, id=0, name="", created_at=at, updated_at=at)
        made = replace(self._edited(made, sent, at), id=self.store.new_id(kind))
        self.store.commit(made)
        return made

    def update(self, kind: Kind, sent: dict[str, Any]) -> Entity:
        """Edit and store an object."""
        entity = self.store.entity(kind, int(sent["id"]))
        result = self._edited(entity, sent, self.store.now())
        self.store.commit(result)
        return result

    def destroy(self, kind: Kind, ids: list[int]) -> None:
        """Forget objects and every link to them."""
        for number in ids:
            self.store.entity(kind, number)
        scenes = [_without(kind, scene, ids) for scene in self._naming(kind, ids)]
        self.store.commit(*scenes, gone=[(kind, number) for number in ids])

    def merge(self, kind: Kind, sources: list[int], target: int, values: dict[str, Any] | None = None) -> Entity:
        """Put the target in the place of the sources. With `values` the target itself is edited too."""
        if target in sources:
            raise Refused("destination must not be among the sources")
        result = self.store.entity(kind, target)
        for number in sources:
            self.store.entity(kind, number)
        if values is not None:
            result = self._edited(result, values, self.store.now())
        scenes = [_instead(kind, scene, sources, target) for scene in self._naming(kind, sources)]
        self.store.commit(result, *scenes, gone=[(kind, number) for number in sources])
        return result

    def named(self, kind: Kind, name: str) -> int:
        """The id of the object with this name, which is made when there is none."""
        found = (entity.id for entity in self.store.entities[kind].values() if entity.name == name)
        return next(found, None) or self.create(kind, {"name": name}).id

    def _naming(self, kind: Kind, ids: Collection[int]) -> list[Scene]:
        gone = set(ids)
        return [scene for scene in self.store.scenes.values() if not gone.isdisjoint(_links(kind)(scene))]

    def _edited(self, entity: Entity, sent: dict[str, Any], at: str) -> Entity:
        values = dict(entity.values)
        sent = _custom(values, sent)
        values |= {key: value for key, value in sent.items() if key not in {"id", "name", *PICTURES}}
        name = (entity.name if sent.get("name") is None else sent["name"]).strip()
        self._check(entity, name, values)
        image = entity.image
        for key in PICTURES:
            if key in sent:
                image = self.store.pictures.keep(sent[key]) if sent[key] else None
        return replace(entity, name=name, image=image, values=_tidy(values, at), updated_at=at)

    def _check(self, entity: Entity, name: str, values: dict[str, Any]) -> None:
        if not name:
            raise Refused("name cannot be empty" if entity.kind == "group" else f"{entity.kind} name must not be blank")
        if entity.kind == "performer":
            _check_aliases(name, values.get("alias_list") or ())
        if entity.kind != "group":
            self._check_free(entity, name, values)
        if not self.circles:
            self._check_above(entity, name, values)

    def _check_free(self, entity: Entity, name: str, values: dict[str, Any]) -> None:
        more = values.get("disambiguation") or ""
        key, beside = plain(name), plain(more)
        aliases = {plain(alias): alias for alias in values.get("aliases") or ()}
        for other in self.store.entities[entity.kind].values():
            if other.id == entity.id:
                continue
            theirs = plain(other.name)
            if theirs == key and plain(other.values.get("disambiguation") or "") == beside:
                told = f" and disambiguation '{more}'" if more else ""
                raise Refused(f"{entity.kind} with name '{name}'{told} already exists")
            if entity.kind == "performer":
                continue
            if theirs in aliases:
                raise Refused(f"{entity.kind} with name '{aliases[theirs]}' already exists")
            if key in map(plain, other.values.get("aliases") or ()):
                raise Refused(f"name '{name}' is used as alias for '{other.name}'")

    def _check_above(self, entity: Entity, name: str, values: dict[str, Any]) -> None:
        """Nothing may come to stand above itself."""
        table, met = self.store.entities[entity.kind], set[int]()
        level = _parents(values)
        while level:
            met |= level
            level = {above for each in level if each in table for above in _parents(table[each].values)} - met
        if entity.id in met:
            raise Refused(
                "studio cannot be an ancestor of itself"
                if entity.kind == "studio"
                else f'cannot apply a parent of "{name}" as it is already a descendant'
            )


def plain(text: str) -> str:
    """What the database compares: only the letters of ASCII lose their capitals."""
    if text.isascii():
        return text.lower()
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def _check_aliases(name: str, aliases: Iterable[str]) -> None:
    met = {plain(name)}
    for alias in aliases:
        if plain(alias) in met:
            raise Refused(f"performer contains duplicate alias '{alias}'")
        met.add(plain(alias))


def _parents(values: dict[str, Any]) -> set[int]:
    one = values.get("parent_id")
    return {int(each) for each in values.get("parent_ids") or ()} | ({int(one)} if one is not None else set())


def _tidy(values: dict[str, Any], at: str) -> dict[str, Any]:
    """Ids as numbers, `url` among the urls, stash ids with a time."""
    if "url" in values:
        values["urls"] = [url] if (url := values.pop("url")) else []
    for key in ("tag_ids", "parent_ids"):
        if key in values:
            values[key] = [int(each) for each in values[key] or ()]
    for key in ("parent_id", "studio_id"):
        if values.get(key) is not None:
            values[key] = int(values[key])
    if "alias_list" in values:
        values["alias_list"] = [alias.strip() for alias in values["alias_list"] or ()]
    if "stash_ids" in values:
        values["stash_ids"] = [{"updated_at": at} | each for each in values["stash_ids"] or ()]
    return values


def _custom(values: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The input with custom fields as a plain map: `full` replaces, `partial` adds to what there was."""
    given = sent.get("custom_fields")
    if not isinstance(given, dict) or not given.keys() & {"full", "partial"}:
        return sent
    before = given.get("full") or values.get("custom_fields") or {}
    return sent | {"custom_fields": before | (given.get("partial") or {})}


def _links(kind: Kind) -> Callable[[Scene], Collection[int]]:
    match kind:
        case "performer":
            return lambda scene: scene.performer_ids
        case "tag":
            return lambda scene: scene.tag_ids
        case "studio":
            return lambda scene: () if scene.studio_id is None else (scene.studio_id,)
        case _:
            return lambda scene: [place.group_id for place in scene.group_places]


def _without(kind: Kind, scene: Scene, ids: Collection[int]) -> Scene:
    if kind == "studio":
        return replace(scene, studio_id=None)
    if kind == "group":
        kept = tuple(place for place in scene.group_places if place.group_id not in ids)
        return replace(scene, group_places=kept)
    left = tuple(each for each in _links(kind)(scene) if each not in ids)
    return _linked(kind, scene, left)


def _instead(kind: Kind, scene: Scene, sources: Collection[int], target: int) -> Scene:
    moved = dict.fromkeys(target if each in sources else each for each in _links(kind)(scene))
    return _linked(kind, scene, tuple(moved))


def _linked(kind: Kind, scene: Scene, ids: tuple[int, ...]) -> Scene:
    return replace(scene, tag_ids=ids) if kind == "tag" else replace(scene, performer_ids=ids)
