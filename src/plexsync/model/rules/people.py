"""Which performers of a scene are shown, in which order, and what they are called in Plex."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field
from plexsync.model.item import Person
from plexsync.model.rules.names import Names
from plexsync.model.rules.template import Template
from plexsync.model.scene import Performer
from plexsync.model.text import normal_name

_LIMIT = FIELDS[Field.ACTORS].limit


class Disambiguation(StrEnum):
    """When a performer's disambiguation is put behind the name, in brackets."""

    NEVER = "never"
    SHARED = "shared"  #: where two performers of one scene have the same name
    ALWAYS = "always"


class PerformerOrder(StrEnum):
    """The order of actors."""

    STASH = "stash"
    NAME = "name"


class Gender(StrEnum):
    """Stash's words, in small letters, and one for those who are not told."""

    MALE = "male"
    FEMALE = "female"
    TRANSGENDER_MALE = "transgender_male"
    TRANSGENDER_FEMALE = "transgender_female"
    INTERSEX = "intersex"
    NON_BINARY = "non_binary"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A performer and the actor in Plex that shows him or her."""

    performer: Performer
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRules:
    """`genders` empty: all. `role` gives each actor's role text; without it Plex keeps the text it has."""

    disambiguation: Disambiguation = Disambiguation.SHARED
    order: PerformerOrder = PerformerOrder.STASH
    genders: frozenset[str] = frozenset()
    ignored: Names = field(default_factory=Names)
    role: Template[Performer] | None = None

    def shown(self, performers: Sequence[Performer]) -> list[Shown]:
        """The cast, each name once: of two that Plex cannot tell apart the first stays."""
        twins = self._twins(performers)
        cast: dict[str, Shown] = {}
        for one in performers:
            if self.takes(one) and (name := self._name(one, twins)):
                cast.setdefault(text_key(name), Shown(performer=one, person=Person(name=name, role=self._role(one))))
        if self.order is PerformerOrder.NAME:
            return [cast[key] for key in sorted(cast)]
        return list(cast.values())

    def takes(self, performer: Performer) -> bool:
        """Whether the performer is shown at all."""
        gender = performer.gender.lower() or Gender.UNKNOWN.value
        wanted = not self.genders or gender in self.genders
        return wanted and (not self.ignored or self.ignored.entry((performer.name,)) is None)

    def _twins(self, performers: Sequence[Performer]) -> set[str]:
        """The names that more than one of them has."""
        if self.disambiguation is not Disambiguation.SHARED:
            return set()
        keys = [text_key(one.name) for one in performers]
        return set() if len(set(keys)) == len(keys) else {key for key, count in Counter(keys).items() if count > 1}

    def _name(self, performer: Performer, twins: set[str]) -> str:
        asked = self.disambiguation is Disambiguation.ALWAYS or (twins and text_key(performer.name) in twins)
        mark = normal_name(performer.disambiguation, _LIMIT) if asked else ""
        return normal_name(f"{performer.name} ({mark})" if mark else performer.name, _LIMIT)

    def _role(self, performer: Performer) -> str | None:
        if self.role is None:
            return None
        return normal_name(self.role.render(performer), _LIMIT)
