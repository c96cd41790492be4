"""What templates may name of a scene, of a performer and of a tag: flat texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plexsync.model.paths import file_name, parts_of
from plexsync.model.rules.dates import day_and_year
from plexsync.model.rules.filters import Entries
from plexsync.model.rules.markup import plain_text
from plexsync.model.rules.people import Shown
from plexsync.model.rules.tags import Placed
from plexsync.model.rules.template import Reader
from plexsync.model.scene import Performer, Scene

if TYPE_CHECKING:
    from plexsync.model.rules.library import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A scene, the rules, and what these make of its performers and tags."""

    scene: Scene
    rules: Rules
    cast: Sequence[Shown] = field(init=False)
    placed: Sequence[Placed] = field(init=False)

    def __post_init__(self) -> None:
        """Both are asked for by several fields."""
        object.__setattr__(self, "cast", self.rules.people.shown(self.scene.performers))
        object.__setattr__(self, "placed", self.rules.tags.placed(self.scene.tags))


def stem(scene: Scene) -> str:
    """The primary file's name without its ending; "" where there is no file."""
    name = file_name(scene.primary.path) if scene.primary is not None else ""
    return name.rpartition(".")[0] or name


def details(subject: Subject) -> str:
    """The scene's details, without markup unless the rules keep it."""
    return subject.scene.details if subject.rules.keep_markup else plain_text(subject.scene.details)


def _one(text: object) -> Entries:
    return (str(text),) if text not in (None, "") else ()


def _day(subject: Subject) -> Entries:
    return _one(day_and_year(subject.scene.date)[0])


def _year(subject: Subject) -> Entries:
    year = day_and_year(subject.scene.date)[1]
    return (f"{year:04}",) if year is not None else ()


def _month(subject: Subject) -> Entries:
    found = day_and_year(subject.scene.date)
    return _one(subject.scene.date.strip()[5:7]) if found[1] is not None else ()


def _rating(subject: Subject) -> Entries:
    rating = subject.scene.rating
    return (f"{rating / 10:g}",) if rating else ()


def _stars(subject: Subject) -> Entries:
    rating = subject.scene.rating
    return (f"{round(rating / 20, 1):g}",) if rating else ()


def _folder(subject: Subject) -> Entries:
    primary = subject.scene.primary
    return tuple(parts_of(primary.path)[-2:-1]) if primary is not None else ()


def _minutes(subject: Subject) -> Entries:
    primary = subject.scene.primary
    return _one(round(primary.duration / 60)) if primary is not None and primary.duration else ()


def _file(subject: Subject) -> Entries:
    primary = subject.scene.primary
    return _one(file_name(primary.path)) if primary is not None else ()


def _studio(subject: Subject) -> Entries:
    studio = subject.scene.studio
    return _one(studio.name) if studio is not None else ()


def _parents(subject: Subject) -> Entries:
    studio = subject.scene.studio
    return tuple(above.name for above in studio.parents) if studio is not None else ()


def _performers(subject: Subject) -> Entries:
    return tuple(one.person.name for one in subject.cast)


def _tags(subject: Subject) -> Entries:
    return tuple(tag.name for tag in subject.rules.tags.kept(subject.scene.tags))


def _number_in_group(subject: Subject) -> Entries:
    groups = subject.scene.groups
    return _one(groups[0].index) if groups else ()


SCENE_FIELDS: Mapping[str, Reader[Subject]] = {
    "id": lambda subject: (str(subject.scene.id),),
    "title": lambda subject: _one(subject.scene.title.strip()),
    "code": lambda subject: _one(subject.scene.code.strip()),
    "details": lambda subject: _one(details(subject)),
    "date": _day,
    "year": _year,
    "month": _month,
    "rating": _rating,
    "stars": _stars,
    "studio": _studio,
    "parent_studio": lambda subject: _parents(subject)[:1],
    "top_studio": lambda subject: _parents(subject)[-1:] or _studio(subject),
    "performers": _performers,
    "director": lambda subject: _one(subject.scene.director.strip()),
    "tags": _tags,
    "groups": lambda subject: tuple(group.name for group in subject.scene.groups),
    "group": lambda subject: tuple(group.name for group in subject.scene.groups[:1]),
    "group_number": _number_in_group,
    "urls": lambda subject: subject.scene.urls,
    "url": lambda subject: subject.scene.urls[:1],
    "stash_ids": lambda subject: tuple(one.id for one in subject.scene.stash_ids),
    "stash_id": lambda subject: tuple(one.id for one in subject.scene.stash_ids[:1]),
    "stem": lambda subject: _one(stem(subject.scene)),
    "file": _file,
    "folder": _folder,
    "minutes": _minutes,
}

PERFORMER_FIELDS: Mapping[str, Reader[Performer]] = {
    "name": lambda performer: _one(performer.name),
    "disambiguation": lambda performer: _one(performer.disambiguation),
    "aliases": lambda performer: performer.aliases,
    "gender": lambda performer: _one(performer.gender.lower().replace("_", " ")),
}

TAG_FIELDS: Mapping[str, Reader[str]] = {"name": _one}
