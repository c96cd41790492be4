"""The undo of one scene on one server: in place of a sync, under the same claim, pen and link check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plexsync.log import logger
from plexsync.model.errors import PlexNotFound
from plexsync.model.fields import FIELDS, Field, Kind, Value
from plexsync.model.item import Item
from plexsync.model.leaving import leaving
from plexsync.model.paths import path_key
from plexsync.model.portraits import Portrait
from plexsync.model.provider import tells_of
from plexsync.model.restoring import (
    Known,
    Restoration,
    Restored,
    RunChange,
    Stays,
    kept_from_refreshes,
    restoration,
)
from plexsync.model.work import Outcome, Peer, Verdict
from plexsync.plex.edit import FieldEdit
from plexsync.plex.link import LinkBroken
from plexsync.plex.writer import WriteResult
from plexsync.store import befores, conflicts, history, index, ledger, pictures, pins, undos
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.store.pins import PinnedBy
from plexsync.store.undos import Undo
from plexsync.sync.story.endings import parked
from plexsync.sync.story.pictures import note_shown, shown_key
from plexsync.sync.story.readback import NotTaken
from plexsync.sync.story.scene import Attempt, Reads, check_links, read_items
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.writing import with_portraits

_log = logger("plexsync.undo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was sent to put one item back."""

    tie: Link
    plan: Restoration
    result: WriteResult
    portraits: tuple[Portrait, ...] = ()


async def undo_scene(attempt: Attempt, undo: Undo, tools: Tools, reads: Reads) -> Outcome:
    """Put the scene's items back. Safe to repeat after any crash: the wish stays until all of it was read back."""
    with reads.scenes.member(), reads.items.member() as items, reads.back.member() as back:
        ties = await tools.database.run(lambda c: _ties(c, undo))
        open_ties = [tie for tie in ties if tie.section not in attempt.shut]
        if len(open_ties) < len(ties):
            shut = next(tie.section for tie in ties if tie.section in attempt.shut)
            if not open_ties:
                return parked(shut, tools)
        sections = {tie.rating_key: tie.section for tie in open_ties}
        held = await read_items(attempt, items, sections, reads)
        attempt.answered.add(Peer.PLEX)
        attempt.read.update(sections.values())
        await check_links(open_ties, held, tools)
        done = [await put_item_back(attempt, undo, tie, held[tie.rating_key], tools) for tie in open_ties]
        read = await read_items(attempt, back, sections, reads)
        await settle(undo, done, read, tools)
        if len(open_ties) < len(ties):
            return parked(shut, tools)
        return await tools.database.run(lambda c: _ending(c, attempt, undo, tools))


def _ties(connection: Connection, undo: Undo) -> list[Link]:
    """Where the files are now; PlexNotFound for one that Plex does not list."""
    ties = items_at(connection, undo, undo.paths)
    held = {tie.plex_path for tie in ties}
    if absent := [path for path in undo.paths if path not in held]:
        raise PlexNotFound(f"{absent[0]} is not in Plex now: it is put back when it is there again")
    return ties


def items_at(connection: Connection, undo: Undo, paths: Iterable[str]) -> list[Link]:
    """The items that hold these files now."""
    keys = {path_key(path): path for path in paths}
    found = index.at_paths(connection, undo.server, keys)
    return [
        Link(
            server=undo.server,
            scene=undo.scene,
            stash_path="",
            rating_key=item.rating_key,
            section=item.section,
            plex_path=path,
            confidence="high",
            reason=undo.reason,
        )
        for key, path in keys.items()
        for item in found.get(key, ())
    ]


async def put_item_back(attempt: Attempt, undo: Undo, tie: Link, item: Item, tools: Tools) -> Undone:
    """Plan and write under the pen; before the write the fields are pinned, so that no sync can come between."""
    attempt.section = tie.section
    async with tools.pen.turn(attempt.job.lane):
        plan = await plan_of(undo, tie, item, tools)
        await tools.database.run(lambda c: _pin(c, undo, tie, plan, tools))
        for name, reason in plan.left:
            log = _log.info if undo.by_rule else _log.warning
            log("not put back", scene=undo.scene, item=tie.rating_key, field=name.value, reason=reason.value)
        faces = await _faces_back(undo, tie, item, tools)
        result = await _write(item, tie, plan.restored, tools)
    return Undone(tie=tie, plan=plan, result=result, portraits=faces)


async def plan_of(undo: Undo, tie: Link, item: Item, tools: Tools) -> Restoration:
    """What is put back of the item: what a person wants, or what the rule of its library says."""
    known, run = await tools.database.run(lambda c: _known(c, undo, tie))
    shown = await _shown(item, known, tools)
    if not undo.by_rule:
        plan = restoration(item, known, shown, run)
        refreshed = tells_of(item.guid, undo.scene) or tools.libraries.asks_provider(tie.section)
        return kept_from_refreshes(plan, item) if undo.pins and refreshed else plan
    rules = tools.rules_of(tie.section)
    pinned = await tools.database.run(lambda c: pins.pinned(c, undo.server, [tie.plex_path]))
    stays = {name: Stays.OFF for name in known if name not in rules.written}
    stays |= {name: Stays.PINNED for name in known if name in pinned.get(tie.plex_path, ())}
    return leaving(item, known, shown, rules.when_gone, stays)


async def _faces_back(undo: Undo, tie: Link, item: Item, tools: Tools) -> tuple[Portrait, ...]:
    """Pictures of people belong to the whole server: only who leaves it gives them back."""
    if undo.pins or undo.of_run or undo.by_rule:
        return ()
    faces = await tools.database.run(lambda c: tools.portraits.taken_back(c, item))
    if faces:
        try:
            # By itself: the cast that is put back may lack the names.
            await tools.writer.write(item, tie.plex_path, with_portraits((), faces, item))
        except LinkBroken as broken:
            raise PlexNotFound(str(broken)) from broken
    return faces


def _known(connection: Connection, undo: Undo, tie: Link) -> tuple[dict[Field, Known], dict[Field, RunChange] | None]:
    """What the ledger knows of the file, and what the run did to it that alone is to be undone."""
    path = tie.plex_path
    written = ledger.rows(connection, undo.server, [path]).get(path, {})
    firsts = befores.befores(connection, undo.server, [path]).get(path, {})
    known = {
        name: Known(written=row, before_known=firsts[name].known, before_locked=firsts[name].locked)
        for name, row in written.items()
    }
    return known, _of_run(connection, undo, path) if undo.of_run else None


def _of_run(connection: Connection, undo: Undo, path: str) -> dict[Field, RunChange]:
    """From the first value that each field had before the run to the last that the run gave it."""
    found: dict[Field, RunChange] = {}
    for entry in history.of_run_at(connection, undo.of_run, undo.server, path):
        last = found[entry.field].after if entry.field in found else entry.after
        found[entry.field] = RunChange(before=entry.before, after=last)
    return found


async def _shown(item: Item, known: Mapping[Field, Known], tools: Tools) -> dict[Field, Value]:
    """The pictures that the item shows, of the fields that we wrote: ours by its sha1, any other by Plex's key."""
    found: dict[Field, Value] = {}
    for name in known:
        if FIELDS[name].kind is not Kind.PICTURE:
            continue
        key = await shown_key(item, name, tools)
        sha1 = await tools.database.run(
            lambda c, name=name, key=key: pictures.of_key(c, tools.server, item.rating_key, name, key)  # type: ignore[misc]
        )
        found[name] = sha1 or key or None
    return found


def _pin(connection: Connection, undo: Undo, tie: Link, plan: Restoration, tools: Tools) -> None:
    if undo.pins:
        pins.pin(connection, undo.server, tie.plex_path, plan.fields, PinnedBy.UNDO, tools.clock.now())


async def _write(item: Item, tie: Link, restored: Sequence[Restored], tools: Tools) -> WriteResult:
    if not restored:
        return WriteResult()
    edits = [_edit(one) for one in restored if FIELDS[one.field].kind is not Kind.PICTURE or one.lock is not None]
    shown: dict[Field, bytes | str] = {
        one.field: await _key(item, one, tools) for one in restored if FIELDS[one.field].kind is Kind.PICTURE
    }
    try:
        return await tools.writer.write(item, tie.plex_path, edits, shown)
    except LinkBroken as broken:
        raise PlexNotFound(str(broken)) from broken


async def _key(item: Item, one: Restored, tools: Tools) -> str:
    """Plex's key of the picture that is to be shown."""
    picture = str(one.change.after)
    if "://" in picture:
        return picture
    sent = await tools.database.run(lambda c: pictures.uploaded(c, tools.server, item.rating_key, one.field, picture))
    return sent or picture


def _edit(one: Restored) -> FieldEdit:
    change = one.change
    before = change.before if isinstance(change.before, tuple) else ()
    names = tuple(entry if isinstance(entry, str) else entry.name for entry in before)
    return FieldEdit(field=one.field, after=change.after, removed=names, lock=one.lock)


async def settle(undo: Undo, done: Sequence[Undone], read: Mapping[int, Item], tools: Tools) -> None:
    """Keep what was read back; NotTaken where Plex did not take all of it."""
    missed = await tools.database.run(lambda c: _settle(c, undo, done, read, tools))
    if missed:
        raise NotTaken(f"Plex holds another value than was put back: {', '.join(missed)}")


def _settle(
    connection: Connection, undo: Undo, done: Sequence[Undone], read: Mapping[int, Item], tools: Tools
) -> list[str]:
    """Keep what was read back: what is as it was is ours no more. The fields that Plex did not take back."""
    now, missed = tools.clock.now(), []
    for one in done:
        path, item = one.tie.plex_path, read.get(one.tie.rating_key)
        if item is None:
            raise PlexNotFound(f"item {one.tie.rating_key} is gone from Plex since it was put back")
        taken = [part for part in one.plan.restored if _is_back(part, item, one.result)]
        missed += [part.field.value for part in one.plan.restored if part not in taken]
        note_shown(connection, item, one.result.shown, tools)
        tools.portraits.returned(connection, item, one.portraits)
        rows = [(part.field, part.change.before, part.change.after) for part in taken]
        history.record(connection, undo.run, undo.server, undo.scene, path, one.tie.rating_key, rows, undo.reason, now)
        for part in (*taken, *one.plan.settled):
            _remember(connection, undo, path, part)
        conflicts.note(connection, undo.server, undo.scene, path, one.tie.rating_key, (), now)
    return missed


def _is_back(part: Restored, item: Item, result: WriteResult) -> bool:
    if FIELDS[part.field].kind is Kind.PICTURE and part.field not in result.shown:
        return False
    return part.held_by(item)


def _remember(connection: Connection, undo: Undo, path: str, part: Restored) -> None:
    if part.is_first:
        ledger.drop(connection, undo.server, path, [part.field])
    else:
        ledger.disown(connection, undo.server, path, part.field, part.ours)


def _ending(connection: Connection, attempt: Attempt, undo: Undo, tools: Tools) -> Outcome:
    """Whatever else the scene was queued for is done next, with what is pinned by now."""
    undos.end(connection, undo)
    if set(attempt.job.reasons) <= {undos.REASON}:
        return Outcome(verdict=Verdict.DONE)
    return Outcome(verdict=Verdict.WAIT, due_at=tools.clock.now())
