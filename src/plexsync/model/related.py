"""What scenes name: performers, tags, studios and groups, and what of them can reach Plex."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from plexsync.model.scene import Group, Named, Performer, Scene, Studio, Tag

#: A kind and an id of it.
Key = tuple["RelatedKind", int]

_AS_TEXT = json.JSONEncoder(separators=(",", ":"))
#: The facts of what has none but its name: most of all that scenes name.
_PLAIN = "-"


class RelatedKind(IntEnum):
    """The kinds of objects that scenes name; the numbers are those of the store."""

    PERFORMER = 1
    TAG = 2
    STUDIO = 3
    GROUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """An object that scenes name. `facts` stands for all of it that can reach Plex besides its name.

    It is "" where that is not told: of what lies above a studio or a tag, scenes tell the name alone.
    """

    kind: RelatedKind
    id: int
    name: str
    facts: str = ""

    @property
    def key(self) -> Key:
        """Its kind and id."""
        return self.kind, self.id


def of_performer(performer: Performer) -> Related:
    """A performer as scenes name it."""
    facts = (performer.disambiguation, performer.aliases, performer.gender)
    return _related(RelatedKind.PERFORMER, performer, facts)


def of_tag(tag: Tag) -> Related:
    """A tag, with those above it where somebody asked for them."""
    return _related(RelatedKind.TAG, tag, [one.id for one in tag.ancestors])


def of_studio(studio: Studio) -> Related:
    """A studio, with those above it."""
    return _related(RelatedKind.STUDIO, studio, [one.id for one in studio.parents])


def of_group(group: Group) -> Related:
    """A group; the scene's number in it belongs to the scene."""
    return _related(RelatedKind.GROUP, group, ())


def related_to(scene: Scene) -> dict[Key, Related]:
    """All that the scene names, also what lies above it."""
    found: dict[Key, Related] = {}
    for one in (*_above(scene), *_named(scene)):
        found[one.key] = one
    return found


def keys_of(scene: Scene) -> set[Key]:
    """The keys of all that the scene names, also of what lies above it."""
    found = {(RelatedKind.PERFORMER, one.id) for one in scene.performers}
    found.update((RelatedKind.GROUP, one.id) for one in scene.groups)
    for tag in scene.tags:
        found.add((RelatedKind.TAG, tag.id))
        found.update((RelatedKind.TAG, one.id) for one in tag.ancestors)
    if scene.studio is not None:
        found.add((RelatedKind.STUDIO, scene.studio.id))
        found.update((RelatedKind.STUDIO, one.id) for one in scene.studio.parents)
    return found


def _named(scene: Scene) -> Iterator[Related]:
    yield from map(of_performer, scene.performers)
    yield from map(of_tag, scene.tags)
    yield from map(of_group, scene.groups)
    if scene.studio is not None:
        yield of_studio(scene.studio)


def _above(scene: Scene) -> Iterator[Related]:
    for tag in scene.tags:
        for above in tag.ancestors:
            yield Related(kind=RelatedKind.TAG, id=above.id, name=above.name)
    for above in scene.studio.parents if scene.studio is not None else ():
        yield Related(kind=RelatedKind.STUDIO, id=above.id, name=above.name)


def _related(kind: RelatedKind, named: Named, facts: Sequence[object]) -> Related:
    digest = _PLAIN
    if any(facts):
        text = _AS_TEXT.encode(facts)
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Related(kind=kind, id=named.id, name=named.name, facts=digest)
