"""What becomes of a scene's tags: genre, label, collection or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Self

from plexsync.model.compare import text_key
from plexsync.model.rules.names import NamePattern, Names
from plexsync.model.rules.template import Template
from plexsync.model.scene import Tag

#: The tags whose places are kept in memory; a Stash with more of them works some out again.
REMEMBERED = 20_000


class Place(StrEnum):
    """Where a tag can go in Plex."""

    GENRE = "genre"
    LABEL = "label"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChoice:
    """Which tags a rule is about: those of these names, those below these tags, or those that fit these patterns."""

    name: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    #: The rule's place in the settings and what it is about, as in `rules.tags[0] (under "Series")`.
    origin: str = ""

    def placed_at(self, place: str) -> Self:
        """The same, which says that it stands there."""
        kinds = (("name", self.name), ("under", self.under), ("like", self.like))
        about = ", ".join(f"{kind} " + " or ".join(f'"{text}"' for text in texts) for kind, texts in kinds if texts)
        return replace(self, origin=f"{place} ({about})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule(TagChoice):
    """Where these tags go, nowhere if `to` is empty, and what they are called there."""

    to: frozenset[Place] = frozenset()
    name_there: Template[str] | None = None


@dataclass(frozen=True, slots=True)
class TagIndex:
    """Finds the first choice of a list that a tag fits."""

    choices: tuple[TagChoice, ...] = ()
    by_name: dict[str, int] = field(init=False, compare=False)
    by_parent: dict[str, int] = field(init=False, compare=False)
    patterns: tuple[tuple[int, NamePattern], ...] = field(init=False, compare=False)
    #: The number of the choice, None where the tag fits none.
    first: Callable[[Tag], int | None] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Names are looked up; only patterns are tried one by one, and once for each tag."""
        by_name: dict[str, int] = {}
        by_parent: dict[str, int] = {}
        patterns: list[tuple[int, NamePattern]] = []
        for number, choice in enumerate(self.choices):
            for text in choice.name:
                by_name.setdefault(text_key(text), number)
            for text in choice.under:
                by_parent.setdefault(text_key(text), number)
            patterns.extend((number, NamePattern(text)) for text in choice.like)
        object.__setattr__(self, "by_name", by_name)
        object.__setattr__(self, "by_parent", by_parent)
        object.__setattr__(self, "patterns", tuple(patterns))
        object.__setattr__(self, "first", lru_cache(REMEMBERED)(self._first))

    def _first(self, tag: Tag) -> int | None:
        key = text_key(tag.name)
        best = self.by_name.get(key, len(self.choices))
        if self.by_parent:
            found = (self.by_parent.get(text_key(above.name), best) for above in tag.ancestors)
            best = min(best, *found, best)
        for number, pattern in self.patterns:
            if number >= best:
                break
            if pattern.fits(key):
                best = number
        return best if best < len(self.choices) else None

    @property
    def asks_for_parents(self) -> bool:
        """Whether it matters which tags stand above."""
        return bool(self.by_parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One tag's name at one place in Plex; `origin` is the rule that put it there, "" for the plain mapping."""

    place: Place
    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRules:
    """The first rule that fits a tag decides, `other` where none does. Ignored tags reach nothing."""

    rules: tuple[TagRule, ...] = ()
    other: frozenset[Place] = frozenset({Place.GENRE})
    other_origin: str = ""
    ignored: Names = field(default_factory=Names)
    ignored_under: Names = field(default_factory=Names)
    index: TagIndex = field(init=False, compare=False)
    #: Where one tag goes, None where it is ignored.
    places_of: Callable[[Tag], tuple[Placed, ...] | None] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out once what every tag asks, and once for each tag where it goes."""
        object.__setattr__(self, "index", TagIndex(self.rules))
        object.__setattr__(self, "places_of", lru_cache(REMEMBERED)(self._places_of))

    def kept(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        """The tags that are not ignored."""
        if not self.ignored and not self.ignored_under:
            return tags
        return [tag for tag in tags if self.places_of(tag) is not None]

    def placed(self, tags: Sequence[Tag]) -> list[Placed]:
        """Where these tags go, in their order."""
        return [placed for tag in tags for placed in self.places_of(tag) or ()]

    def _places_of(self, tag: Tag) -> tuple[Placed, ...] | None:
        if self._ignores(tag):
            return None
        number = self.index.first(tag)
        rule = self.rules[number] if number is not None else None
        name = rule.name_there.render(tag.name) if rule is not None and rule.name_there is not None else tag.name
        origin = self.other_origin if rule is None else rule.origin
        places = self.other if rule is None else rule.to
        return tuple(Placed(place=place, name=name, origin=origin) for place in sorted(places))

    @property
    def asks_for_parents(self) -> bool:
        """Whether it matters which tags stand above a scene's tags."""
        return self.index.asks_for_parents or bool(self.ignored_under)

    def reaches(self, place: Place) -> bool:
        """Whether any tag may go there."""
        return place in self.other or any(place in rule.to for rule in self.rules)

    def _ignores(self, tag: Tag) -> bool:
        if self.ignored.entry((tag.name,)) is not None:
            return True
        return bool(self.ignored_under) and self.ignored_under.entry(above.name for above in tag.ancestors) is not None
