"""Edits of scenes: new records out of old ones and an input; nothing is stored here."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from plexsync.sim.stash.records import GroupPlace, Kind, Scene, StashId
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plexsync.sim.stash.store import Store

Input = dict[str, Any]
TEXTS = ("title", "code", "details", "director")
PLAIN = (*TEXTS, "rating100", "organized", "resume_time", "play_duration")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Editor:
    """Reads inputs in the sense of Stash: an absent key keeps, null clears, a list replaces."""

    store: Store

    def edited(self, scene: Scene, sent: Input, at: str) -> Scene:
        """The scene after a `SceneUpdateInput`, changed at this time even where nothing differs."""
        changes: dict[str, Any] = {key: sent[key] for key in PLAIN if key in sent}
        changes |= {key: (changes[key] or "").strip() for key in TEXTS if key in changes}
        for key, value in sent.items():
            changes |= self._special(scene, key, value, at)
        for key, empty in (("organized", False), ("resume_time", 0.0), ("play_duration", 0.0)):
            if key in changes and changes[key] is None:
                changes[key] = empty
        result = replace(scene, updated_at=at, **changes)
        if not result.files and not result.title:
            raise Refused("title must be set if scene has no files")
        return result

    def bulk_edited(self, scene: Scene, sent: Input, at: str) -> Scene:
        """The scene after a `BulkSceneUpdateInput`, whose lists are set, added to or taken from."""
        current: dict[str, list[Any]] = {
            "performer_ids": list(scene.performer_ids),
            "tag_ids": list(scene.tag_ids),
            "urls": list(scene.urls),
        }
        plain = {key: value for key, value in sent.items() if key not in {"ids", "clientMutationId"}}
        for key, had in current.items():
            if plain.get(key):
                plain[key] = _merged(had, plain[key])
        if plain.get("group_ids"):
            had = [place.group_id for place in scene.group_places]
            groups = _merged(had, plain.pop("group_ids"))
            kept = {place.group_id: place.scene_index for place in scene.group_places}
            plain["groups"] = [{"group_id": each, "scene_index": kept.get(each)} for each in groups]
        return self.edited(scene, plain, at)

    def merged(self, target: Scene, sources: list[Scene], values: Input, at: str) -> Scene:
        """The target with the sources' files behind its own, then the given values."""
        files = target.files + tuple(file for source in sources for file in source.files)
        return self.edited(replace(target, files=files), values, at)

    def _special(self, scene: Scene, key: str, value: Any, at: str) -> dict[str, Any]:
        if key in {"urls", "url"}:
            return {"urls": tuple(url.strip() for url in ([value] if isinstance(value, str) else value or ()))}
        if key == "stash_ids":
            return {key: _stash_ids(value or (), at)}
        if key in {"cover_image", "primary_file_id", "gallery_ids"}:
            return self._pointed(scene, key, value) if value else {}
        return self._linked(key, value)

    def _linked(self, key: str, value: Any) -> dict[str, Any]:
        match key:
            case "date":
                return {"date": _date(value)}
            case "studio_id":
                return {"studio_id": None if value is None else self._known("studio", [value])[0]}
            case "performer_ids" | "tag_ids":
                kind: Kind = "tag" if key == "tag_ids" else "performer"
                return {key: self._known(kind, value or ())}
            case "groups" | "movies":
                return {"group_places": self._groups(value or ())}
        return {}

    def _pointed(self, scene: Scene, key: str, value: Any) -> dict[str, Any]:
        if key == "cover_image":
            return {"cover": self.store.pictures.keep(value)}
        if key == "primary_file_id":
            return {"files": _primary(scene, int(value))}
        raise Refused("not simulated: galleries")

    def _groups(self, places: Iterable[Input]) -> tuple[GroupPlace, ...]:
        found = tuple(
            GroupPlace(
                group_id=self._known("group", [place.get("group_id") or place.get("movie_id")])[0],
                scene_index=place.get("scene_index"),
            )
            for place in places
        )
        if len({place.group_id for place in found}) < len(found):
            raise Refused("UNIQUE constraint failed: groups_scenes.group_id, groups_scenes.scene_id")
        return found

    def _known(self, kind: Kind, ids: Iterable[Any]) -> tuple[int, ...]:
        """Each id once, in order; an id of nothing breaks the database's constraint."""
        numbers = tuple(dict.fromkeys(int(each) for each in ids))
        for number in numbers:
            if number not in self.store.entities[kind]:
                raise Refused("FOREIGN KEY constraint failed")
        return numbers


def _date(value: str | None) -> str | None:
    if not value:
        return None
    moment = MOMENT.fullmatch(value)
    day = moment[1] if moment else value
    if not DATE.fullmatch(day) or not _exists(day):
        raise Refused(f'converting date: failed to parse date "{value}"')
    return day


def _exists(day: str) -> bool:
    """Whether the calendar has it; the year 0 counts, as in Go."""
    year, *rest = map(int, day.split("-"))
    month, number = (*rest, 1, 1)[:2]
    return 1 <= month <= 12 and 1 <= number <= monthrange(year or 4, month)[1]


def _stash_ids(given: Iterable[Input], at: str) -> tuple[StashId, ...]:
    """The time of each is in UTC and has a fraction, other than all other times."""
    moment = datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000001Z")
    found = tuple(StashId(**({"updated_at": moment} | each)) for each in given)
    if len({each.endpoint for each in found}) < len(found):
        raise Refused("UNIQUE constraint failed: scene_stash_ids.scene_id, scene_stash_ids.endpoint")
    return found


def _merged(had: list[Any], change: Input) -> list[Any]:
    given = change["ids"] if "ids" in change else change.get("values")
    given = [int(each) if isinstance(each, str) and "ids" in change else each for each in given or ()]
    match change["mode"]:
        case "ADD":
            return had + [each for each in given if each not in had]
        case "REMOVE":
            return [each for each in had if each not in given]
        case _:
            return given


def _primary(scene: Scene, file_id: int) -> tuple[Any, ...]:
    chosen = [file for file in scene.files if file.id == file_id]
    if not chosen:
        raise Refused(f"file with id {file_id} is not associated with scene {scene.id}")
    return (*chosen, *(file for file in scene.files if file.id != file_id))
