"""An item becomes what its provider told: every field that nobody locked, and what is not told any more is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.sim.plex import edits, pictures, scans
from plexsync.sim.plex.rows import SCALARS, TAG_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plexsync.sim.plex.rows import Item, Value
    from plexsync.sim.plex.store import Store
    from plexsync.sim.plex.told import Told


def adopt(store: Store, item: Item, told: Told, guid: str, agent: str, fetched: Mapping[str, str]) -> None:
    """Take over what was told; `fetched` has the SHA-1 of each picture's bytes by its address."""
    tags = {
        kind: {store.tag(kind, one.name).id: one.text if kind == "actor" else "" for one in named}
        for kind, named in told.tags.items()
    }
    item.guid, item.agent, item.guids = guid, agent, list(told.guids)
    before = _replace(store, item, dict(told.values), tags)
    if "actor" not in item.locks:
        _give_faces(store, told)
    for kind, addresses in told.pictures.items():
        pictures.offer(store, item, kind, addresses, fetched)
    scans.refresh(store, item)
    edits.follow_collections(store, item, before ^ set(item.tag_uses("collection")))


def disown(store: Store, item: Item, guid: str) -> None:
    """Forget all that a provider told; the item has this guid then, "" for what follows from its library."""
    item.guid, item.agent, item.guids = guid, "", []
    before = _replace(store, item, None if store.sections[item.section].plain else {}, {})
    for kind in pictures.LOCKS:
        pictures.withdraw(item, kind)
    scans.refresh(store, item)
    edits.follow_collections(store, item, before ^ set(item.tag_uses("collection")))


def _replace(
    store: Store, item: Item, base: dict[str, Value | None] | None, tags: dict[str, dict[int, str]]
) -> set[int]:
    """Replace what the agent says; the collections that the item was in."""
    _hold(item)
    before, said = set(item.tag_uses("collection")), set((item.base_tags or {}).get("collection", ()))
    store.set_base(item, base, tags)
    own = item.tags.get("collection")
    if own is not None and "collection" not in item.locks:
        # Collections that people gave stay beside those that are said.
        says = tags.get("collection", {})
        gone = said - set(says)
        store.set_tags(item, "collection", {tag: text for tag, text in own.items() if tag not in gone} | says)
    return before


def _hold(item: Item) -> None:
    """What is locked is the item's own from now on, whatever it came from."""
    for name in item.locks:
        if name in SCALARS:
            item.values.setdefault(name, item.value(name))
        elif name in TAG_ELEMENTS:
            item.tags.setdefault(name, dict(item.tag_uses(name)))


def _give_faces(store: Store, told: Told) -> None:
    """People have the picture that was told last, in all of the server; it is fetched when somebody asks for it."""
    for one in told.tags["actor"]:
        tag = store.tag("actor", one.name)
        if one.thumb and tag.thumb != one.thumb:
            tag.thumb = one.thumb
            store.keep("tag", tag.id, tag)
