"""Carries a plan out: intended in the ledger first, then written to Plex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from plexsync.art.sources import cover_of
from plexsync.model.compare import text_key
from plexsync.model.errors import PlexNotFound
from plexsync.model.fields import FIELDS, Field, Kind, Value
from plexsync.model.item import Item
from plexsync.model.plan import Change, Plan
from plexsync.model.portraits import Portrait
from plexsync.model.scene import Scene
from plexsync.model.work import Lane
from plexsync.plex.edit import FieldEdit
from plexsync.plex.link import LinkBroken
from plexsync.plex.writer import WriteResult
from plexsync.store import ledger, losses, pictures, pins
from plexsync.store.database import Connection
from plexsync.sync.story.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What was written: the plan's changes without those that could not be made now."""

    plan: Plan
    result: WriteResult


async def write_plan(scene: Scene, plan: Plan, item: Item, tools: Tools, lane: Lane) -> Write:
    """Intend, then write. The pen is held for both, so that what was intended last is what was written last.

    A picture that is another one by now is written as it is now; one that Stash has no more is left out.
    """
    contents: dict[Field, bytes | str] = {}
    changes: list[Change] = []
    for change in plan.changes:
        if FIELDS[change.field].kind is not Kind.PICTURE:
            changes.append(change)
        elif (made := await _content(scene, change, plan, tools)) is not None:
            contents[change.field] = made[1]
            changes.append(replace(change, after=made[0]))
    async with tools.pen.turn(lane):
        known: dict[Field, set[str]] = {}
        for place, change in enumerate(changes):
            if change.field in contents:
                before, keys = await _shown_before(change, plan, tools)
                changes[place] = replace(change, before=before)
                known |= {change.field: keys} if keys is not None else {}
        plan = await tools.database.run(lambda c: _intended(c, plan, item, changes, tools))
        if plan.empty:
            return Write(plan=plan, result=WriteResult())
        changes = list(plan.changes)
        contents = {change.field: contents[change.field] for change in changes if change.field in contents}
        edits = [_edit(change) for change in changes if change.field not in contents]
        edits += _locks(plan)
        edits = with_portraits(edits, plan.portraits, item)
        try:
            result = await tools.writer.write(item, plan.path, edits, contents, known_keys=known)
        except LinkBroken as broken:
            raise PlexNotFound(str(broken)) from broken
    sent = {change.field: str(change.after) for change in changes if isinstance(contents.get(change.field), bytes)}
    await tools.database.run(lambda c: _note_uploads(c, plan, sent, result.shown, tools))
    return Write(plan=plan, result=result)


async def lock_alone(plan: Plan, item: Item, tools: Tools, lane: Lane) -> None:
    """Lock what is pinned, though all else of the plan waits for somebody's go."""
    async with tools.pen.turn(lane):
        try:
            await tools.writer.write(item, plan.path, _locks(plan))
        except LinkBroken as broken:
            raise PlexNotFound(str(broken)) from broken


async def _content(scene: Scene, change: Change, plan: Plan, tools: Tools) -> tuple[str, bytes | str] | None:
    """What is to be shown and its bytes; for a picture that Plex has already, its key for both."""
    if not isinstance(change.after, str):
        return None
    if "://" in change.after:
        return change.after, change.after
    recipe = tools.rules_of(plan.section).recipe(change.field)
    return await tools.art.content(cover_of(scene), recipe, change.after, tools.clock.now())


def _note_uploads(
    connection: Connection, plan: Plan, sent: Mapping[Field, str], keys: Mapping[Field, str], tools: Tools
) -> None:
    now = tools.clock.now()
    for name, sha1 in sent.items():
        pictures.note_upload(connection, tools.server, plan.rating_key, name, sha1, keys[name], now)


def _intended(connection: Connection, plan: Plan, item: Item, changes: Sequence[Change], tools: Tools) -> Plan:
    """The plan as it is to be carried out still."""
    due = tuple(_intend(connection, plan, item, changes, tools))
    return replace(plan, changes=due, portraits=tools.portraits.claimed(connection, plan))


def _intend(connection: Connection, plan: Plan, item: Item, changes: Sequence[Change], tools: Tools) -> list[Change]:
    """The changes that are to be made still: a field may have been pinned since it was planned."""
    now = tools.clock.now()
    ledger.give(connection, tools.server, plan.path, plan.rating_key, plan.given, now)
    pinned = pins.pinned(connection, tools.server, [plan.path]).get(plan.path, frozenset())
    due = [change for change in changes if change.field not in pinned]
    unknown = losses.unknown(connection, item, [change.field for change in due], now)
    locked = [name for name, spec in FIELDS.items() if spec.plex in item.locks]
    intents = [(change.field, change.before, change.intended) for change in due]
    ledger.intend(connection, tools.server, plan.path, plan.rating_key, intents, now, unknown, locked)
    return due


async def _shown_before(change: Change, plan: Plan, tools: Tools) -> tuple[Value, set[str] | None]:
    """What was shown before our first picture, and the keys known to be uploaded (None: Plex is to be asked)."""
    name, sha1 = change.field, str(change.after)
    rows = await tools.database.run(lambda c: ledger.rows(c, tools.server, [plan.path]))
    written = rows.get(plan.path, {}).get(name)
    if written is None:
        listed = await tools.plex.pictures(plan.rating_key, name)
        selected = next((found.key for found in listed if found.selected), None)
        return selected, {found.key for found in listed}
    if not written.is_confirmed:
        return change.before, None
    sent = await tools.database.run(lambda c: pictures.uploaded(c, tools.server, plan.rating_key, name, sha1))
    return change.before, {sent} if sent else set()


def _locks(plan: Plan) -> list[FieldEdit]:
    return [FieldEdit(field=name, after=None, only_lock=True) for name in plan.locked]


def _edit(change: Change) -> FieldEdit:
    """All entries held before are named; the writer keeps those that are wanted as well."""
    before = change.before if isinstance(change.before, tuple) else ()
    names = tuple(entry if isinstance(entry, str) else entry.name for entry in before)
    return FieldEdit(field=change.field, after=change.after, removed=names, lock=FIELDS[change.field].lockable)


def with_portraits(edits: Sequence[FieldEdit], some: Sequence[Portrait], item: Item) -> list[FieldEdit]:
    """The edits with pictures of people, which go along with the list of actors, written or as it is."""
    if not some:
        return list(edits)
    addresses = {text_key(one.name): one.after for one in some}
    cast = [edit for edit in edits if edit.field is Field.ACTORS and not edit.only_lock]
    if not cast:
        return [*edits, FieldEdit(field=Field.ACTORS, after=item.actors, lock=None, portraits=addresses)]
    return [replace(edit, portraits=addresses) if edit in cast else edit for edit in edits]
