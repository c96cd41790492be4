"""What Plex does by itself: scan for files, refresh from file and agent, empty the trash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.sim.plex import pictures
from plexsync.sim.plex.rows import TAG_ELEMENTS, USERS_OWN, File, Item

if TYPE_CHECKING:
    from plexsync.sim.plex.rows import Section
    from plexsync.sim.plex.store import Store


#: Where an agent keeps its pictures of people.
AGENT_PEOPLE = "https://agent.example/people"


def refresh(store: Store, item: Item) -> None:
    """Run the agent again: every field that is not locked goes back to what file and agent say."""
    for name in [name for name in item.values if name not in item.locks and name not in USERS_OWN]:
        if item.type == "movie":
            del item.values[name]
    for kind in TAG_ELEMENTS:
        if kind in item.tags and kind not in item.locks and kind not in USERS_OWN:
            store.set_tags(item, kind, None)
    for kind in pictures.LOCKS:
        pictures.fall_back(store, item, kind)
    if store.switches.agent_portraits and "actor" not in item.locks and not item.agent:
        _give_portraits(store, item)
    item.updated_at = store.now()
    store.keep_item(item)


def _give_portraits(store: Store, item: Item) -> None:
    """An agent writes the pictures of the people that it knows, whoever else shows them."""
    for number in (item.base_tags or {}).get("actor", ()):
        tag = store.tags[number]
        if tag.thumb != (picture := f"{AGENT_PEOPLE}/{number}.jpg"):
            tag.thumb = picture
            store.keep("tag", number, tag)


def add_file(store: Store, file: File) -> None:
    """Put a file where a scan will find it."""
    if file.moved_from is not None:
        remove_file(store, file.moved_from)
    store.files[file.path] = file
    store.keep("file", file.path, file)


def remove_file(store: Store, path: str) -> None:
    """Take a file away; its item stays until a scan sees that."""
    store.files[path] = File(path=path, present=False)
    store.keep("file", path, store.files[path])


def scan(store: Store, section: Section, folder: str | None = None) -> tuple[list[Item], list[Item]]:
    """Take in new files and trash missing ones below `folder`; the items that came, and those that went."""
    under = (folder or section.path).rstrip("/") + "/"
    came: list[Item] = []
    went: list[Item] = []
    for file in list(store.files.values()):
        if not file.path.startswith(under) or not file.path.startswith(section.path.rstrip("/") + "/"):
            continue
        item = store.by_path(file.path)
        if file.present and (item is None or item.deleted_at is not None):
            came.append(_found(store, section, file, item))
        elif not file.present and item is not None and item.deleted_at is None:
            item.deleted_at = store.now()
            store.keep_item(item)
            went.append(item)
    section.scanned_at = section.updated_at = store.now()
    section.refreshing = False
    store.keep_section(section)
    return came, went


def empty_trash(store: Store, section: Section) -> list[Item]:
    """Forget the items whose files are gone."""
    trashed = [item for item in store.in_section(section.key) if item.deleted_at is not None]
    for item in trashed:
        store.remove_item(item)
    return trashed


def _found(store: Store, section: Section, file: File, item: Item | None) -> Item:
    if item is not None:
        item.deleted_at = None
        store.keep_item(item)
        return item
    moved = store.by_path(file.moved_from) if file.moved_from else None
    if moved is not None and store.switches.moved_file_keeps_key:
        moved.deleted_at = None
        store.move_item(moved, file.path)
        store.keep_item(moved)
        return moved
    now = store.now()
    made = Item(
        key=store.next_key(),
        section=section.key,
        added_at=now,
        updated_at=now,
        path=file.path,
        size=file.size,
        duration=file.duration,
        date=file.date,
    )
    if not section.plain:
        made.base = {}
    store.add_item(made)
    return made
