"""Filters of scenes and of what they refer to, as one test on a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from plexsync.sim.stash import criteria
from plexsync.sim.stash.records import Entity, Kind, Scene, VideoFile, stamp
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plexsync.sim.stash.store import Store

Test = TypeVar("Test")
Filter = dict[str, Any]

TEXTS: dict[str, Callable[[Scene], str | None]] = {
    "title": attrgetter("title"),
    "code": attrgetter("code"),
    "details": attrgetter("details"),
    "director": attrgetter("director"),
}
PLAIN_TEXTS: dict[str, Callable[[Scene], Iterable[str]]] = {
    "path": lambda scene: (file.path for file in scene.files),
    "oshash": lambda scene: (file.oshash for file in scene.files),
    "url": lambda scene: scene.urls or ("",),
}
MISSING: dict[str, Callable[[Scene], bool]] = {
    "title": lambda scene: not scene.title,
    "code": lambda scene: not scene.code,
    "details": lambda scene: not scene.details,
    "director": lambda scene: not scene.director,
    "url": lambda scene: not scene.urls,
    "date": lambda scene: not scene.date,
    "rating": lambda scene: scene.rating100 is None,
    "studio": lambda scene: scene.studio_id is None,
    "performers": lambda scene: not scene.performer_ids,
    "tags": lambda scene: not scene.tag_ids,
    "group": lambda scene: not scene.group_places,
    "stash_id": lambda scene: not scene.stash_ids,
    "cover": lambda scene: scene.cover is None,
    "galleries": lambda _: True,
    "phash": lambda _: True,
}


def _studio(scene: Scene) -> tuple[int, ...]:
    return () if scene.studio_id is None else (scene.studio_id,)


def _groups(scene: Scene) -> tuple[int, ...]:
    return tuple(place.group_id for place in scene.group_places)


RELATED: dict[str, tuple[Kind, Callable[[Scene], Iterable[int]]]] = {
    "performers_filter": ("performer", attrgetter("performer_ids")),
    "tags_filter": ("tag", attrgetter("tag_ids")),
    "studios_filter": ("studio", _studio),
    "movies_filter": ("group", _groups),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Reads filter inputs over one store."""

    store: Store

    def scene_test(self, wanted: Filter) -> Callable[[Scene], bool]:
        """One test for a whole `SceneFilterType`."""
        return _combined(wanted, self.scene_test, self._scene_criterion)

    def entity_test(self, kind: Kind, wanted: Filter) -> Callable[[Entity], bool]:
        """One test for a whole filter of performers, tags, studios or groups."""
        return _combined(
            wanted,
            lambda inner: self.entity_test(kind, inner),
            lambda key, value: self._entity_criterion(kind, key, value),
        )

    def _scene_criterion(self, key: str, value: Any) -> Callable[[Scene], bool]:
        if key in TEXTS:
            return _on(TEXTS[key], criteria.text(value))
        if key in {"id", "rating100"}:
            return _on(attrgetter(key), criteria.ordered(value))
        if key in {"updated_at", "created_at"}:
            return _on(attrgetter(key), criteria.ordered(value, self._far()))
        if key in {"performers", "tags", "studios", "groups"}:
            return self._linked(key, value)
        if key.endswith("_filter"):
            return self._related(key, value)
        return _plain_criterion(key, value)

    def _linked(self, key: str, value: Any) -> Callable[[Scene], bool]:
        depth = value.get("depth") or 0
        match key:
            case "performers":
                return _on(attrgetter("performer_ids"), criteria.links(value))
            case "tags":
                return _on(attrgetter("tag_ids"), criteria.links(value, self._below("tag", depth)))
            case "studios":
                return _on(_studio, criteria.links(value, self._below("studio", depth)))
            case _:
                return _on(_groups, criteria.links(value))

    def _below(self, kind: Kind, depth: int) -> Callable[[int], set[int]]:
        def parents(entity: Entity) -> Sequence[Any]:
            if kind == "tag":
                found: Sequence[Any] = entity.values.get("parent_ids") or ()
                return found
            return [entity.values.get("parent_id")]

        def widen(number: int) -> set[int]:
            found, level, left = {number}, {number}, depth
            while level and left != 0:
                each = self.store.entities[kind].values()
                level = {child.id for child in each if not level.isdisjoint(parents(child))} - found
                found |= level
                left -= 1
            return found

        return widen

    def _related(self, key: str, value: Any) -> Callable[[Scene], bool]:
        """A filter on what a scene refers to. That for groups is ignored and that for markers is
        all or nothing, as in Stash; there are no markers here."""
        if key in RELATED:
            return self._any_of(*RELATED[key], value)
        if key == "files_filter":
            test = _combined(value, _no_nesting, self._file_criterion)
            return lambda scene: any(test(file) for file in scene.files)
        if key in {"groups_filter", "markers_filter"}:
            return lambda _: key == "groups_filter"
        raise Refused(f"not simulated: scene_filter.{key}")

    def _any_of(self, kind: Kind, ids: Callable[[Scene], Iterable[int]], value: Any) -> Callable[[Scene], bool]:
        test = self.entity_test(kind, value)
        good = {entity.id for entity in self.store.entities[kind].values() if test(entity)}
        return lambda scene: any(number in good for number in ids(scene))

    def _entity_criterion(self, kind: Kind, key: str, value: Any) -> Callable[[Entity], bool]:
        if key == "name":
            return _on(attrgetter("name"), criteria.text(value))
        if key in {"updated_at", "created_at"}:
            return _on(attrgetter(key), criteria.ordered(value, self._far()))
        raise Refused(f"not simulated: {kind}_filter.{key}")

    def _file_criterion(self, key: str, value: Any) -> Callable[[VideoFile], bool]:
        if key in {"path", "basename"}:
            return _on(attrgetter(key), criteria.text(value))
        if key in {"updated_at", "created_at", "mod_time"}:
            return _on(attrgetter(key), criteria.ordered(value, self._far()))
        raise Refused(f"not simulated: files_filter.{key}")

    def _far(self) -> str:
        return stamp(datetime.fromisoformat(self.store.now()) + timedelta(days=1))


def _plain_criterion(key: str, value: Any) -> Callable[[Scene], bool]:
    if key in PLAIN_TEXTS:
        texts, test = PLAIN_TEXTS[key], criteria.text(value)
        return lambda scene: any(map(test, texts(scene)))
    if key == "date":
        return _on(attrgetter("date"), criteria.ordered(value))
    if key == "file_count":
        return _on(lambda scene: len(scene.files), criteria.ordered(value))
    if key == "organized":
        return lambda scene: scene.organized == value
    if key == "is_missing" and value in MISSING:
        return MISSING[value]
    raise Refused(f"not simulated: scene_filter.{key}")


def _combined(
    wanted: Filter,
    inner: Callable[[Filter], Callable[[Test], bool]],
    criterion: Callable[[str, Any], Callable[[Test], bool]],
) -> Callable[[Test], bool]:
    joined = [key for key in ("AND", "OR", "NOT") if wanted.get(key) is not None]
    if len(joined) > 1:
        raise Refused("only one of AND, OR and NOT may be given on one level")
    tests = [criterion(key, value) for key, value in wanted.items() if key not in joined and value is not None]

    def own(record: Test) -> bool:
        return all(test(record) for test in tests)

    if not joined:
        return tests[0] if len(tests) == 1 else own
    other = inner(wanted[joined[0]])
    match joined[0]:
        case "AND":
            return lambda record: own(record) and other(record)
        case "OR":
            return lambda record: own(record) or other(record)
        case _:
            return lambda record: own(record) and not other(record)


def _on(value: Callable[[Test], Any], test: Callable[[Any], bool]) -> Callable[[Test], bool]:
    return lambda record: test(value(record))


def _no_nesting(_wanted: Filter) -> Callable[[VideoFile], bool]:
    raise Refused("not simulated: files_filter with AND, OR or NOT")
