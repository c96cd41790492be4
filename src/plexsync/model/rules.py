"""What Plex should hold for a scene."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import Person
from plexsync.model.paths import file_name
from plexsync.model.scene import Scene
from plexsync.model.text import normal_text

#: Raised whenever `desired` gives other values for the same scene, so that every digest moves.
RENDERER_VERSION = 1

_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the user wants of the fields: which take part, who owns each, and what an empty title becomes."""

    enabled: frozenset[Field] = frozenset(Field)
    owners: Mapping[Field, Owner] = field(default_factory=dict)
    title_from_stem: bool = False
    clear_foreign: frozenset[Field] = frozenset()
    #: Moves whenever the rules can give another result.
    fingerprint: str = field(init=False, compare=False)
    written: frozenset[Field] = field(init=False, compare=False)  #: the fields that are ever written

    def __post_init__(self) -> None:
        """Work out once what every scene asks for."""
        object.__setattr__(self, "written", frozenset(name for name in Field if self.owner(name) is not Owner.PLEX))
        object.__setattr__(self, "fingerprint", self._fingerprint())

    def clears_foreign(self, name: Field) -> bool:
        """Whether a value that Plex held before us goes when the scene has none. The year follows the date."""
        return name in self.clear_foreign or (name is Field.YEAR and Field.DATE in self.clear_foreign)

    def owner(self, name: Field) -> Owner:
        """PLEX for a field that is switched off. The year follows the date."""
        name = Field.DATE if name is Field.YEAR else name
        if name not in self.enabled:
            return Owner.PLEX
        return self.owners.get(name, FIELDS[name].owner)

    def _fingerprint(self) -> str:
        facts = [
            RENDERER_VERSION,
            {name.value: self.owner(name).value for name in Field},
            self.title_from_stem,
            sorted(self.clear_foreign),
        ]
        return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()

    def digest(self, scene: Scene, link: str) -> str:
        """What a confirmed sync was made from: what the scene gives Plex by these rules, its files and the link.

        A text that differs only in what is not drawn, and a field that is not written, do not move it.
        """
        facts = (
            self.fingerprint,
            link,
            {name: _plain(value) for name, value in desired(scene, self).items() if name in self.written},
            [(file.path, file.size, file.duration, file.oshash) for file in scene.files],
        )
        text = _AS_TEXT.encode(facts)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def desired(scene: Scene, rules: Rules) -> dict[Field, Value]:
    """The wanted value of every field but the poster, in normal form; None for empty."""
    day, year = _day_and_year(scene.date)
    return {
        Field.TITLE: _text(Field.TITLE, scene.title) or (_stem(scene) if rules.title_from_stem else None),
        Field.SUMMARY: _text(Field.SUMMARY, scene.details, lines=True),
        Field.DATE: day,
        Field.YEAR: year,
        Field.STUDIO: _text(Field.STUDIO, scene.studio.name) if scene.studio else None,
        Field.RATING: round(scene.rating / 10, 1) if scene.rating else None,
        Field.ACTORS: tuple(Person(name=name) for name in _names(Field.ACTORS, (p.name for p in scene.performers)))
        or None,
        Field.GENRES: _names(Field.GENRES, (tag.name for tag in scene.tags)) or None,
    }


def _plain(value: Value) -> object:
    if not isinstance(value, tuple):
        return value
    return [entry.name if isinstance(entry, Person) else entry for entry in value]


def _text(name: Field, text: str, *, lines: bool = False) -> str | None:
    return normal_text(text, limit=FIELDS[name].limit, lines=lines) or None


def _stem(scene: Scene) -> str | None:
    if scene.primary is None:
        return None
    name = file_name(scene.primary.path)
    return _text(Field.TITLE, name.rpartition(".")[0] or name)


def _names(name: Field, texts: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in its order; Plex does not tell two spellings of one name apart."""
    kept: dict[str, str] = {}
    for text in texts:
        if clean := _text(name, text):
            kept.setdefault(text_key(clean), clean)
    return tuple(kept.values())


def _day_and_year(text: str) -> tuple[str | None, int | None]:
    """A whole date gives both; a partial one only the year; anything else nothing."""
    found = _DATE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        return None, None
    if found[3] is None:
        return None, int(found[1])
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None, int(found[1])
    return day.isoformat(), day.year
