"""Whose picture a collection may show: that of the one whose name it bears."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field
from plexsync.model.rules.extras import Source
from plexsync.model.rules.tags import Place
from plexsync.model.text import normal_text

if TYPE_CHECKING:
    from plexsync.model.rules.library import Rules
    from plexsync.model.scene import Scene, Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a collection is named by: its kind in Stash's own word, and the path of its picture, "" where not told."""

    name: str
    kind: str
    id: int
    picture: str = ""


def collected(scene: Scene, rules: Rules) -> dict[str, Collected]:
    """By the keys of the collections' names; of several with one name the first."""
    found: dict[str, Collected] = {}
    for one in _candidates(scene, rules):
        found.setdefault(text_key(normal_text(one.name, limit=FIELDS[Field.COLLECTIONS].limit)), one)
    return found


def _candidates(scene: Scene, rules: Rules) -> Iterator[Collected]:
    sources = rules.collections
    if Source.GROUPS in sources:
        yield from (Collected(name=one.name, kind="group", id=one.id, picture=one.picture) for one in scene.groups)
    if scene.studio is not None:
        yield from _studios(scene.studio, sources)
    if Source.PERFORMERS in sources:
        for shown in rules.people.shown(scene.performers):
            who = shown.performer
            if who.picture:
                yield Collected(name=shown.person.name, kind="performer", id=who.id, picture=who.picture)
    for tag in scene.tags:
        placed = (one.name for one in rules.tags.placed([tag]) if one.place is Place.COLLECTION)
        yield from (Collected(name=name, kind="tag", id=tag.id) for name in placed)


def _studios(studio: Studio, sources: Collection[Source]) -> Iterator[Collected]:
    if Source.STUDIO in sources:
        yield Collected(name=studio.name, kind="studio", id=studio.id, picture=studio.picture)
    if Source.PARENT_STUDIOS in sources:
        yield from (Collected(name=above.name, kind="studio", id=above.id) for above in studio.parents)
