"""Find, sort and page scenes and the objects they refer to."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from plexsync.sim.stash import criteria
from plexsync.sim.stash.filters import Filter, Filters
from plexsync.sim.stash.records import Entity, Kind, Scene
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plexsync.sim.stash.store import Store

Record = TypeVar("Record", Scene, Entity)
PAGE = 25

SORTS: dict[str, Callable[[Scene], Any]] = {
    "id": attrgetter("id"),
    "title": attrgetter("title"),
    "date": attrgetter("date"),
    "rating": attrgetter("rating100"),
    "organized": attrgetter("organized"),
    "created_at": attrgetter("created_at"),
    "updated_at": attrgetter("updated_at"),
    "code": attrgetter("code"),
    "path": lambda scene: scene.files[0].path if scene.files else None,
    "filesize": lambda scene: scene.files[0].size if scene.files else None,
    "duration": lambda scene: scene.files[0].duration if scene.files else None,
    "file_mod_time": lambda scene: scene.files[0].mod_time if scene.files else None,
    "file_count": lambda scene: len(scene.files),
    "tag_count": lambda scene: len(scene.tag_ids),
    "performer_count": lambda scene: len(scene.performer_ids),
    "play_count": lambda scene: len(scene.play_history),
    "o_counter": lambda scene: len(scene.o_history),
}


@dataclass(frozen=True, slots=True)
class Finder:
    """Answers searches over one store."""

    store: Store

    def scenes(self, find: Filter, scene_filter: Filter) -> tuple[list[Scene], list[Scene]]:
        """The matching scenes: all of them in order, and the page that was asked for."""
        matching = self._walk(find, scene_filter)
        if matching is None:
            test, searched = Filters(self.store).scene_test(scene_filter), _searched(find.get("q"))
            matching = [scene for scene in self.store.scenes.values() if test(scene) and searched(scene)]
            _sort(matching, find, SORTS, attrgetter("title"))
        return matching, page(matching, find)

    def entities(self, kind: Kind, find: Filter, wanted: Filter) -> tuple[list[Entity], list[Entity]]:
        """The matching objects of a kind: all of them in order, and the page that was asked for."""
        test, words = Filters(self.store).entity_test(kind, wanted), (find.get("q") or "").split()
        patterns = [criteria.like(f"%{word}%") for word in words]
        matching = [
            entity
            for entity in self.store.entities[kind].values()
            if test(entity) and all(pattern.fullmatch(entity.name) for pattern in patterns)
        ]
        keys = {each: attrgetter(each) for each in ("id", "name", "created_at", "updated_at")}
        _sort(matching, find | {"sort": find.get("sort") or "name"}, keys, attrgetter("name"))
        return matching, page(matching, find)

    def _walk(self, find: Filter, wanted: Filter) -> list[Scene] | None:
        """The scenes above an id in order of id, without looking at each; None for any other question."""
        plain = set(wanted) == {"id"} and wanted["id"]["modifier"] == "GREATER_THAN"
        upward = find.get("sort") in {"id", None} and find.get("direction") in {"ASC", None}
        if find.get("q") or not plain or not upward:
            return None
        scenes = list(self.store.scenes.values())
        return scenes[bisect_right(scenes, wanted["id"]["value"], key=attrgetter("id")) :]


def page(matching: list[Record], find: Filter) -> list[Record]:
    """One page; `per_page` -1 gives everything, 0 nothing."""
    size = PAGE if find.get("per_page") is None else find["per_page"]
    if size < 0:
        return matching
    start = (max(find.get("page") or 1, 1) - 1) * size
    return matching[start : start + size]


def _sort(
    records: list[Record],
    find: Filter,
    keys: Mapping[str, Callable[[Record], Any]],
    tie: Callable[[Record], Any],
) -> None:
    sort, down = find.get("sort"), find.get("direction") == "DESC"
    if not sort:
        return
    if sort.startswith("random"):
        random.Random(sort).shuffle(records)  # noqa: S311  # a shuffle that can be repeated
        return
    if sort not in keys:
        raise Refused(f"invalid sort: {sort}")
    key = keys[sort]
    if sort != "id":
        records.sort(key=lambda record: (tie(record) or "").casefold())
    records.sort(key=lambda record: _null_first(key(record)), reverse=down)


def _null_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)


def _searched(q: str | None) -> Callable[[Scene], bool]:
    words = [criteria.like(f"%{word}%") for word in (q or "").split()]

    def matches(scene: Scene) -> bool:
        places = [scene.title or "", scene.details or ""]
        places += [each for file in scene.files for each in (file.path, file.oshash)]
        return all(any(word.fullmatch(place) for place in places) for word in words)

    return matches if words else lambda _: True
