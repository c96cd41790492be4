"""Posters and backgrounds: uploads pile up under their SHA-1, one of them is shown."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha1
from typing import TYPE_CHECKING

from plexsync.sim.plex.edits import set_lock
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.tree import Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plexsync.sim.plex.rows import Gallery, Item
    from plexsync.sim.plex.store import Store

#: path element -> lock
LOCKS = {"posters": "thumb", "arts": "art"}
DEFAULT = "default"


def upload(store: Store, item: Item, kind: str, content: bytes) -> bool:
    """Add a picture and show it; whether that made a difference."""
    if not content:
        raise Refused(400, "no picture")
    if len(content) > store.switches.upload_limit:
        raise Refused(413, "the picture is too large")
    digest = sha1(content).hexdigest()  # noqa: S324  # the name that Plex gives it
    store.journal.keep_picture(digest, content)
    gallery = item.gallery(kind)
    gallery.received += 1
    new = digest not in gallery.uploads
    if new:
        gallery.uploads.append(digest)
    return _show(store, item, kind, digest) or new


def select(store: Store, item: Item, kind: str, name: str) -> bool:
    """Show one of the listed pictures; whether another one was shown before."""
    return _show(store, item, kind, _entry(item, kind, name))


def deselect(store: Store, item: Item, kind: str) -> None:
    """Show no picture at all, and lock that."""
    gallery = item.gallery(kind)
    if gallery.selected is None:
        raise Refused(404, "no picture is shown")
    gallery.selected = None
    set_lock(item, LOCKS[kind], locked=True)
    _moved(store, item, gallery)


def fall_back(store: Store, item: Item, kind: str) -> None:
    """What a refresh does: the agent's or the default picture, unless the field is locked on another one."""
    gallery = item.gallery(kind)
    free = LOCKS[kind] not in item.locks or gallery.selected is None
    wanted = gallery.given or DEFAULT
    if free and gallery.selected != wanted:
        gallery.selected = wanted
        _moved(store, item, gallery)


def offer(store: Store, item: Item, kind: str, addresses: Sequence[str], fetched: Mapping[str, str]) -> None:
    """Add what a provider tells to the list, the first of it to be shown; earlier ones stay in the list."""
    gallery = item.gallery(kind)
    arrived = any(fetched.get(one) and not gallery.remote.get(one) for one in addresses if one == gallery.selected)
    gallery.remote = gallery.remote | {one: fetched.get(one, gallery.remote.get(one, "")) for one in addresses}
    gallery.given = addresses[0] if addresses else ""
    if arrived:
        _moved(store, item, gallery)


def withdraw(item: Item, kind: str) -> None:
    """Take all that a provider told off the list."""
    gallery = item.gallery(kind)
    if gallery.selected in gallery.remote:
        gallery.selected = DEFAULT
        gallery.stamp += 1
    gallery.remote, gallery.given = {}, ""


def listed(item: Item, kind: str) -> list[Node]:
    """The entries of the list of pictures."""
    gallery = item.gallery(kind)
    nodes = []
    for entry in _entries(gallery):
        name = _name(item, kind, entry)
        link = name
        if entry is not DEFAULT and name != entry:
            link = f"/library/metadata/{item.key}/file?url={name.replace(':', '%3A').replace('/', '%2F')}"
        facts: dict[str, Scalar] = {
            "key": link,
            "ratingKey": name,
            "selected": gallery.selected == entry,
            "thumb": link,
            "provider": item.agent if entry in gallery.remote else None,
        }
        nodes.append(Node("Photo", facts, json_name="Metadata"))
    return nodes


def content(store: Store, item: Item, kind: str, name: str | None = None) -> bytes:
    """The bytes of a listed picture, or of the one that is shown."""
    gallery = item.gallery(kind)
    entry = gallery.selected if name is None else _entry(item, kind, name)
    digest = gallery.remote.get(entry or "", entry)
    if digest == "":
        raise Refused(404, "only the address of this picture is known")
    kept = store.journal.picture(digest) if digest else None
    return kept or frame(item.key)


def frame(number: int) -> bytes:
    """A tiny PNG in a colour of its own, in place of a frame of the video."""
    colour = bytes((number * 37 % 256, number * 91 % 256, number * 151 % 256))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" + colour)),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _show(store: Store, item: Item, kind: str, entry: str) -> bool:
    gallery = item.gallery(kind)
    lock = LOCKS[kind]
    locks = store.switches.poster_upload_locks and lock not in item.locks
    changed = gallery.selected != entry or locks
    gallery.selected = entry
    if locks:
        set_lock(item, lock, locked=True)
    _moved(store, item, gallery, changed=changed)
    return changed


def _moved(store: Store, item: Item, gallery: Gallery, *, changed: bool = True) -> None:
    if changed:
        gallery.stamp = max(store.now(), gallery.stamp + 1)
        item.updated_at = store.now()
    store.keep_item(item)


def _entries(gallery: Gallery) -> list[str]:
    return [DEFAULT, *gallery.remote, *gallery.uploads]


def _entry(item: Item, kind: str, name: str) -> str:
    """The picture of this name. Refused when there is none."""
    found = next((entry for entry in _entries(item.gallery(kind)) if _name(item, kind, entry) == name), None)
    if found is None:
        raise Refused(404, "no such picture")
    return found


def _name(item: Item, kind: str, entry: str) -> str:
    remote = item.gallery(kind).remote
    if entry in remote:
        own = sha1(entry.encode()).hexdigest()  # noqa: S324
        return f"metadata://{kind}/{item.agent}_{own}" if remote[entry] else entry
    if entry != DEFAULT:
        return f"upload://{kind}/{entry}"
    own = sha1(f"{kind}{item.key}".encode()).hexdigest()  # noqa: S324
    by_agent = item.base is not None and not item.agent
    return f"metadata://{kind}/tv.plex.agents.movie_{own}" if by_agent else f"media://{own}.bundle/{kind}"
