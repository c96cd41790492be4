"""What Plex should hold for a scene, and which rule gave each value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Value
from plexsync.model.rules.dates import day_and_year
from plexsync.model.rules.directors import directors
from plexsync.model.rules.extras import Source, names_from
from plexsync.model.rules.facts import Subject, details, stem
from plexsync.model.rules.studios import StudioForm, studio_name
from plexsync.model.rules.tags import Place
from plexsync.model.scene import Scene
from plexsync.model.text import normal_name, normal_text

if TYPE_CHECKING:
    from plexsync.model.rules.library import Rules

#: The texts that people read as sentences; all others are names.
_PROSE = frozenset({Field.TITLE, Field.SORT_TITLE, Field.SUMMARY, Field.TAGLINE})
#: A value, and the rule that gave it: "" for the plain mapping.
_Given = tuple[Value, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The wanted value of every field but the pictures, in normal form; None for empty.

    A field that no rule gives anything to any scene is not named.

    `given_by` says for each field which rule gave its value, by its place in the settings; "" for the plain mapping.
    """

    values: Mapping[Field, Value]
    given_by: Mapping[Field, str]


def desired(scene: Scene, rules: Rules) -> Desired:
    """What Plex should hold for the scene by the rules of one library."""
    subject = Subject(scene=scene, rules=rules)
    values: dict[Field, Value] = {}
    given_by: dict[Field, str] = {}
    for name, give in _GIVERS.items():
        if name in rules.asked:
            values[name], given_by[name] = give(subject)
    return Desired(values=values, given_by=given_by)


def _text(name: Field, text: str) -> str | None:
    if not text:
        return None
    limit = FIELDS[name].limit
    if name not in _PROSE:
        return normal_name(text, limit) or None
    return normal_text(text, limit=limit, lines=name is Field.SUMMARY, directions=True) or None


def _templated(name: Field, subject: Subject, plain: Callable[[], str] = str) -> _Given:
    template = subject.rules.templates.get(name)
    if template is None:
        return _text(name, plain()), ""
    return _text(name, template.render(subject)), template.origin


def _title(subject: Subject) -> _Given:
    title, by = _templated(Field.TITLE, subject, lambda: subject.scene.title)
    if title is None and subject.rules.title_from_stem:
        return _text(Field.TITLE, stem(subject.scene)), "title_when_empty"
    return title, by


def _studio(subject: Subject) -> _Given:
    scene, rules = subject.scene, subject.rules
    if scene.studio is None:
        return None, ""
    by = rules.origin("studio") if rules.studio is not StudioForm.OWN else ""
    return _text(Field.STUDIO, studio_name(scene.studio, rules.studio)), by


def _content_rating(subject: Subject) -> _Given:
    rating, by = subject.rules.content_ratings.of(subject.scene.tags)
    return _text(Field.CONTENT_RATING, rating), by


def _rating(subject: Subject) -> _Given:
    # Stash's interface takes any number; Plex has ten points.
    rating = min(subject.scene.rating or 0, 100)
    if rating <= 0:
        return None, ""
    if subject.rules.half_stars:
        # Half a star is one point of ten; the least there is, is not none.
        return float(max(1, (rating + 5) // 10)), subject.rules.origin("half_stars")
    return round(rating / 10, 1), ""


def _actors(subject: Subject) -> _Given:
    return tuple([one.person for one in subject.cast]) or None, subject.rules.people_origin


def _directors(subject: Subject) -> _Given:
    text = subject.scene.director
    found = directors(text) if subject.rules.split_directors else [text]
    return _names(Field.DIRECTORS, [(name, "") for name in found])


def _placed(subject: Subject, place: Place) -> list[tuple[str, str]]:
    return [(one.name, one.origin) for one in subject.placed if one.place is place]


def _labels(subject: Subject) -> _Given:
    extras = _extras(subject.rules.labels, "labels", subject)
    return _names(Field.LABELS, [*_placed(subject, Place.LABEL), *extras])


def _collections(subject: Subject) -> _Given:
    extras = _extras(subject.rules.collections, "collections", subject)
    return _names(Field.COLLECTIONS, [*_placed(subject, Place.COLLECTION), *extras])


def _extras(sources: Iterable[Source], key: str, subject: Subject) -> list[tuple[str, str]]:
    place = subject.rules.origin(key)
    return [(name, f"{place} ({source.value})") for source in sources for name in names_from(source, subject)]


def _names(name: Field, given: Iterable[tuple[str, str]]) -> _Given:
    """Each name once, in its order; Plex does not tell two spellings of one name apart."""
    kept: dict[str, str] = {}
    rules: dict[str, None] = {}
    for text, by in given:
        clean = _text(name, text)
        if clean is not None and (key := text_key(clean)) not in kept:
            kept[key] = clean
            rules[by] = None
    return tuple(kept.values()) or None, ", ".join(filter(None, rules))


_GIVERS: Mapping[Field, Callable[[Subject], _Given]] = {
    Field.TITLE: _title,
    Field.SORT_TITLE: partial(_templated, Field.SORT_TITLE),
    Field.SUMMARY: lambda subject: _templated(Field.SUMMARY, subject, lambda: details(subject)),
    Field.TAGLINE: partial(_templated, Field.TAGLINE),
    Field.DATE: lambda subject: (day_and_year(subject.scene.date)[0], ""),
    Field.YEAR: lambda subject: (day_and_year(subject.scene.date)[1], ""),
    Field.STUDIO: _studio,
    Field.CONTENT_RATING: _content_rating,
    Field.RATING: _rating,
    Field.ACTORS: _actors,
    Field.DIRECTORS: _directors,
    Field.GENRES: lambda subject: _names(Field.GENRES, _placed(subject, Place.GENRE)),
    Field.LABELS: _labels,
    Field.COLLECTIONS: _collections,
}
