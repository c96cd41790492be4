"""The query of an edit, and what it does to an item."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.rows import FLOATS, INTEGERS, LOCKABLE, SCALARS, TAG_ELEMENTS, Item, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plexsync.sim.plex.store import Store

SCALAR = re.compile(r"(\w+)\.value")
LOCK = re.compile(r"(\w+)\.locked")
ADDED = re.compile(r"(\w+)\[(\d+)\]\.(tag\.tag|tagging\.text|tag\.thumb|tag\.art|tagging\.\w+|tag\.\w+)")
REMOVED = re.compile(r"(\w+)\[\]\.tag\.tag-")
CLEARED = re.compile(r"(\w+)\[\]\.tag")


@dataclass(slots=True)
class Added:
    """One tag to be added."""

    name: str = ""
    text: str = ""
    thumb: str | None = None


@dataclass(slots=True)
class Edit:
    """What one request asks for, for each of its items."""

    values: dict[str, Value | None] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    added: dict[str, dict[int, Added]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)


def parse(pairs: Iterable[tuple[str, str]]) -> Edit:
    """Read the arguments of a request; those that are no edit are passed over. Refused on an unknown field."""
    edit = Edit()
    for name, text in pairs:
        if found := SCALAR.fullmatch(name):
            edit.values[_known(found[1], SCALARS)] = _value(found[1], text)
        elif found := LOCK.fullmatch(name):
            edit.locks[_known(found[1], LOCKABLE)] = text not in {"0", "false", ""}
        elif found := REMOVED.fullmatch(name):
            names = [unquote(part) for part in text.split(",") if part]
            edit.removed.setdefault(_known(found[1], TAG_ELEMENTS), []).extend(names)
        elif found := CLEARED.fullmatch(name):
            edit.cleared.add(_known(found[1], TAG_ELEMENTS))
        elif found := ADDED.fullmatch(name):
            _add(edit.added.setdefault(_known(found[1], TAG_ELEMENTS), {}), int(found[2]), found[3], text)
    return edit


def apply(store: Store, item: Item, edit: Edit) -> bool:
    """Carry an edit out on one item and keep it; whether a reader can see a difference."""
    before = item.look()
    version = store.version
    _rename(store, item, edit.values.get("title"))
    for name, value in edit.values.items():
        item.values[name] = value
    if edit.values.get("userRating") is not None:
        item.last_rated_at = store.now()
    if store.switches.date_drives_year and "year" not in edit.values:
        _drive_year(item, edit.values.get("originallyAvailableAt"))
    for kind in {**edit.removed, **edit.added, **dict.fromkeys(edit.cleared)}:
        _edit_tags(store, item, edit, kind)
    for name, locked in edit.locks.items():
        set_lock(item, name, locked=locked)
    changed = store.version != version or item.look() != before
    item.updated_at = store.now()
    store.keep_item(item)
    return changed


def set_lock(item: Item, name: str, *, locked: bool) -> None:
    """Lock or unlock one field."""
    if locked:
        item.locks[name] = True
    else:
        item.locks.pop(name, None)


def _known(name: str, names: Iterable[str]) -> str:
    if name not in names:
        raise Refused(400, f"no field {name}")
    return name


def _value(name: str, text: str) -> Value | None:
    if not text:
        return None
    try:
        if name in INTEGERS:
            return int(text)
        if name in FLOATS:
            number = float(text)
            return None if number < 0 else number
        if name == "originallyAvailableAt":
            datetime.date.fromisoformat(text[:10])
            return text[:10]
    except ValueError:
        raise Refused(500, f"bad value for {name}") from None
    return text


def _add(added: dict[int, Added], index: int, part: str, text: str) -> None:
    entry = added.setdefault(index, Added())
    if part == "tag.tag":
        entry.name = text
    elif part == "tagging.text":
        entry.text = text
    elif part == "tag.thumb":
        entry.thumb = text


def _rename(store: Store, item: Item, title: Value | None) -> None:
    if item.collection_tag is None or title is None:
        return
    tag = store.tags[item.collection_tag]
    other = store.tag_named("collection", str(title))
    if other is not None and other.id != tag.id:
        raise Refused(409, "a collection has this name")
    if tag.name != title:
        store.rename_tag(tag, str(title))


def _drive_year(item: Item, date: Value | None) -> None:
    if date is not None:
        item.values["year"] = int(str(date)[:4])


def _edit_tags(store: Store, item: Item, edit: Edit, kind: str) -> None:
    uses = {} if kind in edit.cleared else dict(item.tag_uses(kind))
    removed = edit.removed.get(kind, [])
    if store.switches.multi_removal == "first":
        removed = removed[:1]
    for name in removed:
        tag = store.tag_named(kind, name)
        if tag is not None:
            uses.pop(tag.id, None)
    added = [entry for _, entry in sorted(edit.added.get(kind, {}).items()) if entry.name]
    if added and store.switches.tag_mode == "replace":
        uses = {}
    for entry in added:
        tag = store.tag(kind, entry.name)
        if store.switches.tags_move:
            uses.pop(tag.id, None)
        uses[tag.id] = entry.text
        if entry.thumb is not None and entry.thumb != tag.thumb:
            tag.thumb = entry.thumb
            store.keep("tag", tag.id, tag)
    before = set(item.tag_uses(kind))
    store.set_tags(item, kind, uses)
    if kind == "collection":
        follow_collections(store, item, before ^ set(uses))


def follow_collections(store: Store, item: Item, tags: set[int]) -> None:
    """Make the collection objects that are missing, and drop those that became empty."""
    for tag in sorted(tags):
        found = store.collection(item.section, tag)
        if found is None and item.key in store.used_by(tag):
            make_collection(store, item.section, tag)
        elif found is not None and not store.members(found) and store.switches.empty_collections_vanish:
            store.remove_item(found)


def make_collection(store: Store, section: int, tag: int) -> Item:
    """A collection object for a tag."""
    now = store.now()
    made = Item(
        key=store.next_key(), section=section, added_at=now, updated_at=now, type="collection", collection_tag=tag
    )
    made.base = {"title": store.tags[tag].name}
    store.add_item(made)
    return made
