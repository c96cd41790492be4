"""All rules of one Plex library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from plexsync.model.fields import FIELDS, Field, Kind, Owner, Value
from plexsync.model.item import Person
from plexsync.model.pictures import Recipe
from plexsync.model.rules.admission import Admission
from plexsync.model.rules.content_rating import ContentRatings
from plexsync.model.rules.extras import Source
from plexsync.model.rules.facts import Subject
from plexsync.model.rules.gone import WhenGone
from plexsync.model.rules.people import PeopleRules
from plexsync.model.rules.studios import StudioForm
from plexsync.model.rules.tags import Place, TagRules
from plexsync.model.rules.template import Template
from plexsync.model.rules.wanted import desired
from plexsync.model.scene import Scene

#: Raised whenever the same values have to be written anew, so that every digest moves.
RENDERER_VERSION = 1
_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_TEMPLATED = frozenset({Field.SORT_TITLE, Field.TAGLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the user wants of one library: which fields take part, who owns each, and what a scene gives each.

    `origins` names the place in the settings of each rule that is not by default.
    """

    enabled: frozenset[Field] = frozenset(Field)
    owners: Mapping[Field, Owner] = field(default_factory=dict)
    title_from_stem: bool = False
    clear_foreign: frozenset[Field] = frozenset()
    keep_edits: frozenset[Field] = frozenset()  #: fields whose edits in Plex stay, and are pinned
    rate_plex_items: bool = False  #: ratings go to items of Plex's own catalogue too
    admission: Admission = field(default_factory=Admission)
    tags: TagRules = field(default_factory=TagRules)
    people: PeopleRules = field(default_factory=PeopleRules)
    studio: StudioForm = StudioForm.OWN
    content_ratings: ContentRatings = field(default_factory=ContentRatings)
    templates: Mapping[Field, Template[Subject]] = field(default_factory=dict)
    labels: tuple[Source, ...] = ()
    collections: tuple[Source, ...] = ()
    half_stars: bool = False
    split_directors: bool = True
    keep_markup: bool = False
    collection_pictures: bool = False  #: collections show the picture of what they are named by
    recipes: Mapping[Field, Recipe] = field(default_factory=dict)  #: what is made of a cover
    when_gone: WhenGone = WhenGone.LEAVE
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    people_origin: str = field(default="", compare=False)  #: the rules of people that are not by default
    #: Moves when fields change hands; what the rules give moves with the values themselves.
    fingerprint: str = field(init=False, compare=False)
    written: frozenset[Field] = field(init=False, compare=False)  #: the fields that are ever written
    asked: frozenset[Field] = field(init=False, compare=False)  #: the fields that any scene can give a value

    def __post_init__(self) -> None:
        """Work out once what every scene asks for."""
        object.__setattr__(self, "written", frozenset(name for name in Field if self.owner(name) is not Owner.PLEX))
        object.__setattr__(self, "asked", frozenset(name for name in Field if self._asks(name)))
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

    def _asks(self, name: Field) -> bool:
        if name in _TEMPLATED:
            return name in self.templates
        if name is Field.CONTENT_RATING:
            return bool(self.content_ratings)
        if name is Field.LABELS:
            return bool(self.labels) or self.tags.reaches(Place.LABEL)
        if name is Field.COLLECTIONS:
            return bool(self.collections) or self.tags.reaches(Place.COLLECTION)
        return True

    def recipe(self, name: Field) -> Recipe:
        """What is made of a scene's cover before it is written to that field."""
        return self.recipes.get(name, Recipe())

    @property
    def asks_for_tag_parents(self) -> bool:
        """Whether any rule looks at the tags above a scene's tags."""
        tags, ratings = self.tags.asks_for_parents, self.content_ratings.index.asks_for_parents
        return tags or ratings or self.admission.asks_for_parents

    def origin(self, key: str) -> str:
        """The place of a rule in the settings."""
        return self.origins.get(key, f"rules.{key}")

    def excludes(self, scene: Scene) -> str:
        """Why the scene does not take part in this library; "" when it does."""
        return self.admission.refusal(scene)

    def digest(self, scene: Scene, link: str) -> str:
        """What a confirmed sync was made from: what the scene gives Plex by these rules, its files and the link.

        A text that differs only in what is not drawn, and a field that is not written, do not move it.
        """
        if refusal := self.excludes(scene):
            facts: object = (self.fingerprint, link, refusal)
        else:
            wanted = desired(scene, self).values
            given = {name: _plain(wanted[name]) for name in wanted if name in self.written and wanted[name] is not None}
            files = [(file.path, file.size, file.duration, file.oshash) for file in scene.files]
            facts = (self.fingerprint, link, given, files)
        text = _AS_TEXT.encode(facts)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def _fingerprint(self) -> str:
        facts = [
            RENDERER_VERSION,
            {name.value: self.owner(name).value for name in Field},
            sorted(self.clear_foreign),
            self.rate_plex_items,
            self.collection_pictures,
            {name.value: self.recipe(name).name for name in sorted(self.written) if FIELDS[name].kind is Kind.PICTURE},
        ]
        return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()


def _plain(value: Value) -> object:
    if not isinstance(value, tuple):
        return value
    return [_person(entry) if isinstance(entry, Person) else entry for entry in value]


def _person(person: Person) -> object:
    return person.name if person.role is None else (person.name, person.role)
