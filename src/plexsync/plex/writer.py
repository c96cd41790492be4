"""The only place that writes to Plex."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from plexsync.model.compare import text_key
from plexsync.model.errors import PlexPermanentError, PlexServerDown
from plexsync.model.fields import FIELDS, Field, Kind
from plexsync.model.item_values import value_of
from plexsync.model.paths import path_key
from plexsync.plex.answers import TOO_LONG
from plexsync.plex.edit import (
    LINE_LIMIT,
    FieldEdit,
    edit_path,
    params_of,
    request_line,
    shortened,
    split,
    with_kept_roles,
)
from plexsync.plex.link import LinkBroken

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from plexsync.model.fields import Value
    from plexsync.model.item import Item, Person
    from plexsync.plex.client import PlexClient
    from plexsync.plex.edit import Batch

__all__ = ["LinkBroken", "WriteResult", "Writer", "upload_key"]

LARGEST_PICTURE = 10_000_000
_FOLDERS = {Field.POSTER: "posters", Field.BACKGROUND: "arts"}
#: Below this, a line that is refused as too long is refused for another reason.
SHORTEST_LIMIT = 500


@dataclass(slots=True, kw_only=True)
class WriteResult:
    """What was written otherwise than asked. `shortened` holds the texts that Plex took only cut.

    `shown` are the pictures that the item now shows, by Plex's keys, of the fields that were given one; `uploaded` the
    fields whose bytes were sent.
    """

    notes: list[str] = field(default_factory=list)
    shortened: dict[Field, str] = field(default_factory=dict)
    shown: dict[Field, str] = field(default_factory=dict)
    uploaded: set[Field] = field(default_factory=set)


def upload_key(content: bytes, field: Field = Field.POSTER) -> str:
    """The key under which Plex lists an uploaded picture: the same bytes are one picture."""
    return f"upload://{_FOLDERS[field]}/{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"


class Writer:
    """Writes to the items of one server, one item at a time. Every write may be repeated."""

    def __init__(self, client: PlexClient) -> None:
        self._client = client
        #: Seen to take several entries off a list at once: while it names wanted ones (True), while it is emptied
        #: (False). The first proves nothing for the second: there the wanted ones may have replaced the list.
        self._takes_many: set[bool] = set()
        #: Seen to put the entries that a request names in the place of all others (True), or beside them (False).
        self._replaces: bool | None = None

    def doubt(self) -> None:
        """Plex did not do as it did before: what was learned of it is learned anew."""
        self._takes_many.clear()
        self._replaces = None

    async def write(
        self,
        item: Item,
        expected_path: str,
        edits: Sequence[FieldEdit],
        pictures: Mapping[Field, bytes | str] | None = None,
        *,
        known_keys: Mapping[Field, Collection[str]] | None = None,
    ) -> WriteResult:
        """Bring these fields of an item that was just read to their values, and show `pictures`.

        A picture is given as its bytes, or as Plex's key of one that the item has; its field is locked unless one of
        `edits` says otherwise. `known_keys` are the pictures known to be uploaded to this item; for a field that is not
        in it Plex is asked for its list.
        Raises LinkBroken where the item does not hold `expected_path`, or is gone.
        """
        pictures = pictures or {}
        for kind, picture in pictures.items():
            if len(picture) > LARGEST_PICTURE:
                size = f"{len(picture) / 1e6:.1f} MB"
                raise PlexPermanentError(f"the picture ({FIELDS[kind].plex}) has {size}; Plex takes at most 10 MB")
        if path_key(expected_path) not in {path_key(part.path) for part in item.parts}:
            raise LinkBroken(item.rating_key, "it does not hold the linked file any more")
        await self._client.verify_identity()
        result = WriteResult()
        for kind, picture in pictures.items():
            await self._show(item, kind, picture, (known_keys or {}).get(kind), result)
        edits = _with_held_year(_with_picture_locks(edits, result.shown, item), item)
        whole = [with_kept_roles(edit, item.actors) for edit in edits]
        batches = split(item.section, item.rating_key, whole)
        for batch in batches:
            await self._send(item, batch, LINE_LIMIT, result)
        await self._keep_first_parts(item, whole, batches, result)
        await self._take_off_rest(item, whole)
        return result

    async def _show(
        self, item: Item, kind: Field, picture: bytes | str, known_keys: Collection[str] | None, result: WriteResult
    ) -> None:
        key = picture if isinstance(picture, str) else upload_key(picture, kind)
        listed = []
        if isinstance(picture, str) or known_keys is None or key in known_keys:
            listed = [held for held in await self._client.pictures(item.rating_key, kind) if held.key == key]
        if listed:
            if not any(held.selected for held in listed):
                await self._client.select_picture(item.rating_key, key, kind)
        elif isinstance(picture, str):
            result.notes.append(f"{kind.value} stays as it is: Plex no longer has the picture that was to be shown")
            return
        else:
            await self._client.upload_picture(item.rating_key, picture, kind)
            result.uploaded.add(kind)
        result.shown[kind] = key

    async def _send(self, item: Item, batch: Batch, limit: int, result: WriteResult) -> None:
        params = params_of(batch)
        length = len(request_line(edit_path(item.section, (item.rating_key,), params)))
        try:
            await self._client.edit(item.section, item.rating_key, params)
        except PlexPermanentError as error:
            if error.status not in TOO_LONG or limit <= SHORTEST_LIMIT:
                raise
        except PlexServerDown as error:
            if length <= LINE_LIMIT or limit <= SHORTEST_LIMIT or not _broke_off(error):
                raise
            await self._client.verify_identity()
            if await self._holds(item, batch):
                return
        else:
            return
        smaller = limit if length > limit else limit // 2
        await self._send_smaller(item, batch, smaller, result)

    async def _send_smaller(self, item: Item, batch: Batch, limit: int, result: WriteResult) -> None:
        for part in split(item.section, item.rating_key, batch, limit):
            fitting = part
            if len(part) == 1 and _length(item, part) > limit:
                fitting = (self._shortened(item, part[0], limit, result),)
            await self._send(item, fitting, limit, result)

    def _shortened(self, item: Item, edit: FieldEdit, limit: int, result: WriteResult) -> FieldEdit:
        short = shortened(edit, item.section, item.rating_key, limit)
        if short is None or not isinstance(short.after, str):
            raise PlexPermanentError(f"Plex takes no request line as long as {edit.field.value} needs", status=414)
        result.shortened[edit.field] = short.after
        result.notes = [note for note in result.notes if not note.startswith(f"{edit.field.value} ")]
        result.notes.append(f"{edit.field.value} was cut to {len(short.after)} characters: Plex does not take it whole")
        return short

    async def _holds(self, item: Item, batch: Batch) -> bool:
        now = (await self._client.details([item.rating_key])).get(item.rating_key)
        return now is not None and all(not _is_list(edit) and value_of(now, edit.field) == edit.after for edit in batch)

    async def _keep_first_parts(
        self, item: Item, edits: Sequence[FieldEdit], batches: Sequence[Batch], result: WriteResult
    ) -> None:
        """Where the parts of a long list replaced each other, at least the first stays: it holds what was there before.

        No server is known that does so, but none would give back what others had put into such a list.
        """
        parted = {kind: parts for kind in _lists(edits) if len(parts := _parts(batches, kind)) > 1}
        if not parted or self._replaces is False:
            return
        now = (await self._client.details([item.rating_key])).get(item.rating_key)
        if now is None:
            raise LinkBroken(item.rating_key, "Plex has no such item")
        # Some of them may be missed only because Plex spells them otherwise.
        lost = [kind for kind, parts in parted.items() if _keys(parts[0].after).isdisjoint(_keys(value_of(now, kind)))]
        self._replaces = bool(lost)
        for kind in lost:
            first = parted[kind][0]
            await self._send(item, (first,), LINE_LIMIT, result)
            total = sum(len(_names(part.after)) for part in parted[kind])
            result.notes.append(f"{kind.value} holds {len(_names(first.after))} of {total} entries: Plex takes no more")

    async def _take_off_rest(self, item: Item, edits: Sequence[FieldEdit]) -> None:
        """Some servers may heed only the first of several names to take off: look, and repeat while that helps."""
        asked = {edit.field: edit for edit in edits if len(_going(edit)) > 1 and self._doubtful(edit)}
        before: dict[Field, tuple[str, ...]] = {}
        while asked:
            now = (await self._client.details([item.rating_key])).get(item.rating_key)
            if now is None:
                raise LinkBroken(item.rating_key, "Plex has no such item")
            left = {kind: names for kind, edit in asked.items() if (names := _left(now, edit))}
            if not before:
                self._takes_many |= {bool(edit.after) for kind, edit in asked.items() if kind not in left}
            if not left or left == before:
                return
            before = left
            await self._take_off_one(item, now, left, asked)

    def _doubtful(self, edit: FieldEdit) -> bool:
        return _is_list(edit) and not self._takes_many & {False, bool(edit.after)}

    async def _take_off_one(
        self,
        item: Item,
        now: Item,
        left: dict[Field, tuple[str, ...]],
        asked: dict[Field, FieldEdit],
    ) -> None:
        again = [
            FieldEdit(field=kind, after=asked[kind].after, removed=names[:1], lock=asked[kind].lock)
            for kind, names in left.items()
        ]
        for batch in split(item.section, item.rating_key, [with_kept_roles(edit, now.actors) for edit in again]):
            await self._client.edit(item.section, item.rating_key, params_of(batch))


def _with_picture_locks(edits: Sequence[FieldEdit], shown: Collection[Field], item: Item) -> list[FieldEdit]:
    """The edits and the locks of the pictures just shown: Plex may have locked a field by showing one."""
    asked = {edit.field: edit.lock for edit in edits}
    whole = [edit for edit in edits if edit.field not in shown]
    for kind in shown:
        was = FIELDS[kind].plex in item.locks
        lock = asked.get(kind, True)
        lock = was if lock is None else lock
        if not (lock and was):
            whole.append(FieldEdit(field=kind, after=None, lock=lock))
    return whole


def _with_held_year(edits: Sequence[FieldEdit], item: Item) -> list[FieldEdit]:
    """A date that is written alone takes the year along as it is: some servers make the year follow the date."""
    fields = {edit.field for edit in edits if not edit.only_lock}
    if Field.DATE not in fields or Field.YEAR in fields or item.year is None:
        return list(edits)
    return [*edits, FieldEdit(field=Field.YEAR, after=item.year, lock=FIELDS[Field.YEAR].plex in item.locks)]


def _lists(edits: Sequence[FieldEdit]) -> list[Field]:
    return [edit.field for edit in edits if _is_list(edit)]


def _parts(batches: Sequence[Batch], kind: Field) -> list[FieldEdit]:
    """The parts of a list that name wanted entries, in their order."""
    return [edit for batch in batches for edit in batch if edit.field is kind and edit.after]


def _broke_off(error: PlexServerDown) -> bool:
    """Some servers break the connection at a line that is too long for them; one that is slow does not."""
    slow = isinstance(error.__cause__, httpx2.TimeoutException | TimeoutError)
    return error.outcome_unknown and error.status in {None, 502} and not slow


def _length(item: Item, batch: Batch) -> int:
    return len(request_line(edit_path(item.section, (item.rating_key,), params_of(batch))))


def _is_list(edit: FieldEdit) -> bool:
    return FIELDS[edit.field].kind in {Kind.TAGS, Kind.PEOPLE}


def _names(value: Value | tuple[Person, ...]) -> list[str]:
    entries = value if isinstance(value, tuple) else ()
    return [entry if isinstance(entry, str) else entry.name for entry in entries]


def _keys(value: Value) -> set[str]:
    return {text_key(name) for name in _names(value)}


def _going(edit: FieldEdit) -> set[str]:
    """What is taken off: named to be removed, and not wanted as well."""
    return {text_key(name) for name in edit.removed} - _keys(edit.after)


def _left(now: Item, edit: FieldEdit) -> tuple[str, ...]:
    """The names as Plex holds them that were to be taken off and are still there."""
    going = _going(edit)
    return tuple(name for name in _names(value_of(now, edit.field)) if text_key(name) in going)
