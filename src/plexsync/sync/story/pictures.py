"""The pictures of a scene's items: what each should show by its library's recipe, and what it is seen to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from plexsync.art.addresses import is_of_scene
from plexsync.art.sources import cover_of
from plexsync.model.errors import PlexNotFound, SyncError
from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import Item
from plexsync.model.pictures import Recipe
from plexsync.model.provider import IDENTIFIER
from plexsync.model.scene import Scene
from plexsync.plex.link import LinkBroken
from plexsync.store import pictures
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.store.pictures import Shown
from plexsync.sync.story.known import PICTURES, Known
from plexsync.sync.story.tools import Tools

#: Keys of pictures that nobody chose: a frame of the video, or none at all.
_FRAMES = ("media://", "default://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """`wanted` by library; `shown` by item, of the fields whose picture is not the one that the ledger tells of.

    A cover that cannot be had now is `trouble`, and the fields that it is for are not in `wanted`.
    """

    wanted: Mapping[int, Mapping[Field, Value]]
    shown: Mapping[int, Mapping[Field, Value]]
    trouble: SyncError | None = None


async def pictures_for(
    scene: Scene,
    ties: Sequence[Link],
    items: Mapping[int, Item],
    known: Known,
    tools: Tools,
    *,
    look: bool,
    make: bool = True,
) -> Pictures:
    """Look at the scene's cover and at its items. `look` asks Stash even where its time says that nothing moved; with
    `make` off a cover that is another one is not fetched for that."""
    recipes = {tie.section: recipes_of(tie.section, tools) for tie in ties}
    asked = {recipe for some in recipes.values() for recipe in some.values()}
    if not asked:
        return Pictures(wanted={}, shown={})
    try:
        now = tools.clock.now()
        made = await tools.art.look(cover_of(scene), asked, now, closely=look, held=known.album, make=make)
    except SyncError as error:
        return Pictures(wanted={}, shown={}, trouble=error)
    shown: dict[int, dict[Field, Value]] = {}
    for tie in ties:
        if tie.rating_key in shown:
            continue
        item = items[tie.rating_key]
        fields = [field for field, recipe in recipes[tie.section].items() if made[recipe]]
        shown[tie.rating_key] = await _otherwise(item, tie, fields, known, tools)
    return Pictures(wanted={section: _by_field(some, made) for section, some in recipes.items()}, shown=shown)


def recipes_of(section: int, tools: Tools) -> dict[Field, Recipe]:
    """The fields of that library that a cover is written to, each with its recipe."""
    rules = tools.rules_of(section)
    return {field: rules.recipe(field) for field in PICTURES if rules.owner(field) is not Owner.PLEX}


def _by_field(recipes: Mapping[Field, Recipe], made: Mapping[Recipe, str]) -> dict[Field, Value]:
    return {field: made[recipe] or None for field, recipe in recipes.items()}


async def _otherwise(item: Item, tie: Link, fields: Sequence[Field], known: Known, tools: Tools) -> dict[Field, Value]:
    """The fields whose picture is another one than the ledger tells of: an older one of ours by its sha1, any other
    by Plex's key."""
    found: dict[Field, Value] = {}
    written = known.ledger_of(tie)
    for field in fields:
        row = written.get(field)
        ours = row.confirmed if row is not None and row.is_confirmed else None
        if ours is None and tools.rules_of(tie.section).owner(field) is not Owner.FILL:
            continue
        seen = known.shown.get(item.rating_key, {}).get(field)
        key = seen.key if _still(seen, item, field) else await shown_key(item, field, tools)
        sha1 = known.sha1_of(item.rating_key, field, key)
        chosen = sha1 or (key if _was_chosen(key, item, field) else None)
        if chosen != ours:
            found[field] = chosen
    return found


async def shown_key(item: Item, field: Field, tools: Tools) -> str:
    """Plex's key of the picture that the item shows, "" for none. Costs a request only where its address moved."""
    known = (await tools.database.run(lambda c: pictures.shown_by(c, tools.server, item.rating_key))).get(field)
    if _still(known, item, field):
        return known.key
    try:
        listed = await tools.plex.pictures(item.rating_key, field)
    except LinkBroken as broken:
        raise PlexNotFound(str(broken)) from broken
    key = next((found.key for found in listed if found.selected), "")
    seen = Shown(address=address_of(item, field), key=key)
    await tools.database.run(lambda c: pictures.note_shown(c, tools.server, item.rating_key, field, seen))
    return key


def _still(seen: Shown | None, item: Item, field: Field) -> TypeGuard[Shown]:
    """Whether the item shows what it was seen to show."""
    return seen is not None and seen.address == address_of(item, field)


def address_of(item: Item, field: Field) -> str:
    """Where Plex serves the picture that the item shows; moves with the picture."""
    return item.thumb if field is Field.POSTER else item.art


def note_shown(connection: Connection, item: Item, keys: Mapping[Field, str], tools: Tools) -> None:
    """After a write: the item shows what was written, `keys`, and beside that what it showed before."""
    for field, known in pictures.shown_by(connection, tools.server, item.rating_key).items():
        seen = Shown(address=address_of(item, field), key=keys.get(field, known.key))
        pictures.note_shown(connection, tools.server, item.rating_key, field, seen)
    for field, key in keys.items():
        seen = Shown(address=address_of(item, field), key=key)
        pictures.note_shown(connection, tools.server, item.rating_key, field, seen)


def _was_chosen(key: str, item: Item, field: Field) -> bool:
    """Whether a person, or another agent, gave it: what Plex took from us by itself it has not locked."""
    told = f"/{IDENTIFIER}_" in key or is_of_scene(key)
    return bool(key) and not key.startswith(_FRAMES) and not (told and FIELDS[field].plex not in item.locks)
