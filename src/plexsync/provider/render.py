"""A scene as Plex is told it: the same values that a sync writes, in the words of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plexsync.model.compare import text_key
from plexsync.model.fields import Field, Value
from plexsync.model.provider import IDENTIFIER, guid_of, key_of
from plexsync.model.rules import Rules, Shown, desired
from plexsync.model.rules.facts import stem
from plexsync.model.scene import Scene
from plexsync.provider.container import Json
from plexsync.provider.guids import guids_in
from plexsync.provider.identifiers import METADATA
from plexsync.provider.pictures import Print, Wall

#: Content ratings that are for adults only, without the country before them.
_ADULT = frozenset({"x", "xxx", "nc-17", "ao", "adult", "r18", "r18+", "18", "18+"})
_PLAIN = {
    Field.SORT_TITLE: "titleSort",
    Field.SUMMARY: "summary",
    Field.TAGLINE: "tagline",
    Field.YEAR: "year",
    Field.STUDIO: "studio",
    Field.CONTENT_RATING: "contentRating",
}
_LISTS = {Field.GENRES: "Genre", Field.DIRECTORS: "Director"}


def metadata(scene: Scene, rules: Rules, wall: Wall, addresses: Mapping[Print, str]) -> Json:
    """The item of a scene. Fields that are switched off are not told, but for the title, which Plex insists on."""
    wanted = desired(scene, rules).values
    values = {name: value for name, value in wanted.items() if name in rules.written and value is not None}
    told: Json = {
        "ratingKey": key_of(scene.id),
        "key": f"{METADATA}/{key_of(scene.id)}",
        "guid": guid_of(scene.id),
        "type": "movie",
        "title": values.get(Field.TITLE) or scene.title.strip() or stem(scene) or f"Scene {scene.id}",
        # Plex wants a day, and takes an empty one for none.
        "originallyAvailableAt": values.get(Field.DATE, ""),
    }
    told |= {plex: values[name] for name, plex in _PLAIN.items() if name in values}
    if scene.primary is not None and scene.primary.duration:
        told["duration"] = round(scene.primary.duration * 1000)
    if Field.CONTENT_RATING in values:
        told["isAdult"] = str(values[Field.CONTENT_RATING]).rpartition("/")[2].casefold() in _ADULT
    told |= _pictures(told["title"], rules, wall, addresses)
    lists = _lists(scene, rules, values, wall, addresses)
    return told | {name: entries for name, entries in lists.items() if entries}


def images(scene: Scene, wall: Wall, addresses: Mapping[Print, str]) -> list[Json]:
    """All that a person may choose as poster and as background."""
    kinds = (("coverPoster", wall.poster), ("coverPoster", wall.background), ("background", wall.background))
    shown = {(kind, addresses[one]) for kind, one in kinds if one in addresses}
    title = scene.title.strip() or stem(scene)
    told = [_image(kind, addresses[one], title) for kind, one in kinds if (kind, addresses.get(one, "")) in shown]
    return [one for number, one in enumerate(told) if one not in told[:number]]


def _pictures(title: str, rules: Rules, wall: Wall, addresses: Mapping[Print, str]) -> Json:
    told: Json = {}
    shown: list[Json] = []
    for field, name, kind, one in (
        (Field.POSTER, "thumb", "coverPoster", wall.poster),
        (Field.BACKGROUND, "art", "background", wall.background),
    ):
        if field in rules.written and one in addresses:
            told[name] = addresses[one]
            shown.append(_image(kind, addresses[one], title))
    return told | ({"Image": shown} if shown else {})


def _image(kind: str, address: str, title: str) -> Json:
    return {"type": kind, "url": address, "alt": title}


def _lists(
    scene: Scene, rules: Rules, values: Mapping[Field, Value], wall: Wall, addresses: Mapping[Print, str]
) -> dict[str, list[Json]]:
    lists = {plex: [{"tag": name} for name in _entries(values, field)] for field, plex in _LISTS.items()}
    cast = rules.people.shown(scene.performers) if Field.ACTORS in values else []
    lists["Role"] = [_role(one, number, wall, addresses) for number, one in enumerate(cast, 1)]
    if Field.STUDIO in values:
        lists["Studio"] = [{"tag": values[Field.STUDIO]}]
    lists["Collection"] = [_collection(name, wall, addresses) for name in _entries(values, Field.COLLECTIONS)]
    lists["Guid"] = [{"id": guid} for guid in guids_in(scene.urls)]
    if Field.RATING in values:
        lists["Rating"] = [{"image": f"{IDENTIFIER}://image.rating", "type": "audience", "value": values[Field.RATING]}]
    return lists


def _entries(values: Mapping[Field, Value], field: Field) -> tuple[Any, ...]:
    value = values.get(field)
    return value if isinstance(value, tuple) else ()


def _role(one: Shown, number: int, wall: Wall, addresses: Mapping[Print, str]) -> Json:
    told: Json = {"tag": one.person.name, "order": number}
    if one.person.role:
        told["role"] = one.person.role
    return told | _thumb(wall.people.get(one.performer.id), addresses)


def _collection(name: str, wall: Wall, addresses: Mapping[Print, str]) -> Json:
    return {"tag": name} | _thumb(wall.collections.get(text_key(name)), addresses)


def _thumb(picture: Print | None, addresses: Mapping[Print, str]) -> Json:
    return {"thumb": addresses[picture]} if picture is not None and picture in addresses else {}
