"""What Plex holds after a write: kept in the ledger, and insisted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plexsync.model.compare import same
from plexsync.model.errors import PlexNotFound, PlexTemporaryError
from plexsync.model.fields import FIELDS, Kind, Value
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.looks import look_of_item
from plexsync.model.plan import Because, Change, Plan, entry_keys, only, without
from plexsync.model.scene import Scene
from plexsync.plex.writer import WriteResult
from plexsync.store import conflicts, history, in_step, ledger, links, pins
from plexsync.store.database import Connection
from plexsync.store.pins import PinnedBy
from plexsync.sync.story.pictures import note_shown
from plexsync.sync.story.ties import link_texts
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.writing import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """A plan that was written, and what Plex held afterwards; `item` None when it is gone since."""

    plan: Plan
    item: Item | None
    result: WriteResult

    @classmethod
    def of(cls, write: Write, read: Mapping[int, Item]) -> ReadBack:
        """The write with what Plex told of its item since."""
        return cls(plan=write.plan, item=read.get(write.plan.rating_key), result=write.result)

    def observed(self, change: Change) -> tuple[Value, bool]:
        """What Plex holds now, and whether that is what was meant, if perhaps in Plex's own form."""
        if FIELDS[change.field].kind is Kind.PICTURE:
            return change.after, change.field in self.result.shown
        assert self.item is not None  # noqa: S101  # only asked where it was read
        found = value_of(self.item, change.field)
        if FIELDS[change.field].shared:
            return _of_ours(change, found)
        meant = self.result.shortened.get(change.field, change.after)
        taken = same(FIELDS[change.field], meant, found) != "other"
        if not taken and change.because is Because.EMPTIED and isinstance(found, tuple):
            return without(found, entry_keys(change.after)), False
        return found, taken

    @property
    def refused(self) -> list[str]:
        """The fields that Plex holds otherwise than they were written."""
        return [change.field.value for change in self.plan.changes if not self.observed(change)[1]]


def confirm(
    connection: Connection,
    scene: Scene,
    settled: Sequence[Plan],
    writes: Sequence[ReadBack],
    tools: Tools,
    run: str = "",
    read: Mapping[int, Item] | None = None,
    waiting: Sequence[Plan] = (),
) -> None:
    """Keep what was read back; what is as it was meant is in step. `run`: the run of its own that asked for it.

    `read` are the items as they were before anything was written. Of plans that wait for somebody's go only that is
    kept which Plex has from our provider.
    """
    now = tools.clock.now()
    for plan in (*settled, *waiting):
        ledger.give(connection, tools.server, plan.path, plan.rating_key, plan.given, now)
    fine = list(settled)
    items = dict(read or {}) | {write.plan.rating_key: write.item for write in writes if write.item is not None}
    for plan in (*settled, *(write.plan for write in writes)):
        ledger.confirm(
            connection, tools.server, plan.path, {field: (found, True) for field, found in plan.arrived}, now
        )
        _note_met(connection, scene, plan, tools)
    for write in writes:
        plan = write.plan
        if write.item is None:
            continue
        observed = {change.field: write.observed(change) for change in plan.changes}
        ledger.confirm(connection, tools.server, plan.path, observed, now)
        note_shown(connection, write.item, write.result.shown, tools)
        tools.portraits.confirm(connection, write.item, plan.portraits)
        for reason in dict.fromkeys(change.because.value for change in plan.changes):
            rows = [(c.field, c.before, c.after) for c in plan.changes if c.because.value == reason]
            history.record(
                connection, run or tools.run, tools.server, scene.id, plan.path, plan.rating_key, rows, reason, now
            )
        if not write.refused:
            fine.append(plan)
    texts = link_texts(links.of_scenes(connection, tools.server, [scene.id]).get(scene.id, ())) if fine else {}
    for plan in fine:
        digest = tools.rules_of(plan.section).digest(scene, texts.get(plan.rating_key, ""))
        item = items.get(plan.rating_key)
        look = None if item is None else (look_of_item(item), item.updated_at)
        in_step.confirm(connection, tools.server, scene.id, plan.rating_key, digest, now, look)
        ledger.follow(connection, tools.server, plan.path, plan.rating_key)
    if fine:
        in_step.prune(connection, tools.server, scene.id)


def _note_met(connection: Connection, scene: Scene, plan: Plan, tools: Tools) -> None:
    """What was met at the item: values of ours that are gone, and edits that are to stay."""
    now = tools.clock.now()
    for field, ours in plan.disowned:
        ledger.disown(connection, tools.server, plan.path, field, ours)
    pins.pin(connection, tools.server, plan.path, sorted(plan.to_pin), PinnedBy.EDIT, now)
    conflicts.note(connection, tools.server, scene.id, plan.path, plan.rating_key, plan.conflicts, now)


def _of_ours(change: Change, found: Value) -> tuple[Value, bool]:
    """Of a shared list: our entries that are there, and whether they are all, without those that should have gone."""
    ours = entry_keys(change.ours)
    going = entry_keys(change.before) - entry_keys(change.after)
    held = only(found, ours | going)
    return held, entry_keys(held) == ours


class NotTaken(PlexTemporaryError):
    """Plex answered well to a write and holds another value all the same: it says nothing about Plex's health."""

    moves_gate = False


def insist(writes: Sequence[ReadBack]) -> None:
    """A write that Plex answered well and did not carry out is tried again, until the plan takes it for refused."""
    for write in writes:
        key = write.plan.rating_key
        if write.item is None:
            raise PlexNotFound(f"item {key} is gone from Plex since it was written")
        if write.refused:
            fields = ", ".join(write.refused)
            raise NotTaken(f"Plex holds another value than was written: {fields} of item {key}")
