"""Carries a plan out: intended in the ledger first, then written to Plex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plexsync.model.errors import PlexNotFound
from plexsync.model.fields import FIELDS, Field, Value
from plexsync.model.item import Item
from plexsync.model.plan import Change, Plan
from plexsync.model.scene import Scene
from plexsync.model.work import Lane
from plexsync.plex.edit import FieldEdit
from plexsync.plex.link import LinkBroken
from plexsync.plex.writer import WriteResult, upload_key
from plexsync.store import ledger, losses, pictures
from plexsync.store.database import Connection
from plexsync.sync.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What was written: the plan's changes without those that could not be made now."""

    plan: Plan
    result: WriteResult


async def write_plan(scene: Scene, plan: Plan, item: Item, tools: Tools, lane: Lane) -> Write:
    """Intend, then write. The pen is held for both, so that what was intended last is what was written last.

    A cover that is another one by now is left out: what changed it brings the scene back.
    """
    poster = next((change for change in plan.changes if change.field is Field.POSTER), None)
    content = await tools.art.content(scene, str(poster.after)) if poster is not None else None
    changes = [change for change in plan.changes if change is not poster]
    async with tools.pen.turn(lane):
        known: set[str] | None = None
        if poster is not None and content is not None:
            before, known = await _shown_before(poster, content, plan, tools)
            changes.append(replace(poster, before=before))
        intents = [(change.field, change.before, change.intended) for change in changes]
        await tools.database.run(lambda c: _intend(c, plan, item, intents, tools))
        edits = [_edit(change) for change in changes if change.field is not Field.POSTER]
        try:
            result = await tools.writer.write(item, plan.path, edits, content, known_keys=known)
        except LinkBroken as broken:
            raise PlexNotFound(str(broken)) from broken
    if result.poster_key is not None and poster is not None:
        sha1 = str(poster.after)
        key = result.poster_key
        await tools.database.run(
            lambda c: pictures.note_upload(c, tools.server, plan.rating_key, sha1, key, tools.clock.now())
        )
    return Write(plan=replace(plan, changes=tuple(changes)), result=result)


def _intend(
    connection: Connection, plan: Plan, item: Item, intents: Sequence[tuple[Field, Value, Value]], tools: Tools
) -> None:
    now = tools.clock.now()
    unknown = losses.unknown(connection, item, [field for field, _, _ in intents], now)
    ledger.intend(connection, tools.server, plan.path, plan.rating_key, intents, now, unknown)


async def _shown_before(poster: Change, content: bytes, plan: Plan, tools: Tools) -> tuple[Value, set[str] | None]:
    """What was shown before our first picture, and the keys known to be uploaded (None: Plex is to be asked)."""
    key = upload_key(content)
    rows = await tools.database.run(lambda c: ledger.rows(c, tools.server, [plan.path]))
    written = rows.get(plan.path, {}).get(Field.POSTER)
    if written is None:
        listed = await tools.plex.posters(plan.rating_key)
        selected = next((found.key for found in listed if found.selected), None)
        return selected, {found.key for found in listed}
    if not written.is_confirmed:
        return poster.before, None
    sha1 = str(poster.after)
    sent = await tools.database.run(lambda c: pictures.uploaded(c, tools.server, plan.rating_key, sha1))
    return poster.before, {key} if sent else set()


def _edit(change: Change) -> FieldEdit:
    """All entries held before are named; the writer keeps those that are wanted as well."""
    before = change.before if isinstance(change.before, tuple) else ()
    names = tuple(entry if isinstance(entry, str) else entry.name for entry in before)
    return FieldEdit(field=change.field, after=change.after, removed=names, lock=FIELDS[change.field].lockable)
