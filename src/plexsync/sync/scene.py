"""The story of one scene on one server: read it now, find its items, plan, write, read back, remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plexsync.art import Art
from plexsync.model.compare import same
from plexsync.model.errors import PlexNotFound, PlexTemporaryError, SyncError
from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item import IndexedItem, Item
from plexsync.model.item_values import value_of
from plexsync.model.paths import path_key
from plexsync.model.plan import Change, Left, Plan, Written, make_plan
from plexsync.model.rules import Rules, desired
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Job, Outcome, Peer, Verdict
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit
from plexsync.plex.link import LinkBroken
from plexsync.plex.writer import Writer, WriteResult, upload_key
from plexsync.store import history, in_step, ledger, links, pictures, seen
from plexsync.store.database import Connection, Database
from plexsync.sync.clock import Clock
from plexsync.sync.finder import Finder, Found
from plexsync.sync.libraries import Libraries
from plexsync.sync.sharedread import SharedRead
from plexsync.sync.writerlock import WriterLock

#: Reasons that do not come from a change: such a job of a library in preview only plans.
BACKLOG_REASONS = frozenset({"first seen", "gap", "indexed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the story of a scene is told with, on one server."""

    server: str
    database: Database
    plex: PlexClient
    writer: Writer
    pen: WriterLock
    art: Art
    rules: Rules
    libraries: Libraries
    finder: Finder
    clock: Clock
    run: str  #: the id under which this daemon's writes are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What the scenes of a batch read together."""

    scenes: SharedRead[int, Scene]
    items: SharedRead[int, Item]
    back: SharedRead[int, Item]


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What became known while a job was worked on; kept with a dead letter."""

    job: Job
    scene: Scene | None = None
    plans: tuple[Plan, ...] = ()
    index_version: int = 0
    written: list[Plan] = field(default_factory=list)
    answered: set[Peer] = field(default_factory=set)

    @property
    def written_fields(self) -> list[str]:
        """The fields that were written, by name."""
        return sorted({change.field.value for plan in self.written for change in plan.changes})

    @property
    def context(self) -> dict[str, Any]:
        """What a person needs to know of a job that failed."""
        facts: dict[str, Any] = {"reasons": list(self.job.reasons)}
        if self.scene is not None:
            facts["title"] = self.scene.label
            facts["path"] = self.scene.primary.path if self.scene.primary else None
        if self.plans:
            facts["plan"] = [
                {"item": plan.rating_key, "field": change.field.value, "because": change.because.value}
                for plan in self.plans
                for change in plan.changes
            ]
        return facts


async def sync_scene(attempt: Attempt, tools: Tools, reads: Reads, failed: Mapping[int, SyncError]) -> Outcome:
    """Bring one scene's items on one server up to date. Safe to repeat after any crash.

    `failed` holds the scenes that Stash could not tell, by id.
    """
    with reads.scenes.member() as scenes, reads.items.member() as items, reads.back.member() as back:
        job = attempt.job
        scene = (await scenes.ask([job.scene])).get(job.scene)
        attempt.answered.add(Peer.STASH)
        if job.scene in failed:
            raise failed[job.scene]
        if scene is None:
            await tools.database.run(lambda c: _forget(c, tools, job.scene))
            return _gone()
        attempt.scene = scene
        found = await tools.database.run(lambda c: _look(c, tools, scene))
        attempt.index_version = found.index_version
        if found.refusal:
            return _decided(scene, found, tools, found.kind, found.refusal)
        if not found.links:
            raise PlexNotFound(found.absent[0].reason)
        held_now = await items.ask(tie.rating_key for tie in found.links)
        attempt.answered.add(Peer.PLEX)
        await _check_links(found.links, held_now, tools)
        look = not BACKLOG_REASONS.issuperset(job.reasons)
        plans, trouble = await plan_scene(scene, found.links, tools, held_now, look=look)
        attempt.plans = tuple(plans)
        held = _held(job, plans, tools)
        due = [plan for plan in plans if plan.changes and plan not in held]
        attempt.written = due
        notes = {plan.rating_key: await _write(scene, plan, held_now[plan.rating_key], tools, job) for plan in due}
        read = await back.ask([plan.rating_key for plan in due]) if due else {}
        writes = [Read(plan=plan, item=read.get(plan.rating_key), result=notes[plan.rating_key]) for plan in due]
        settled = [plan for plan in plans if not plan.changes]
        await tools.database.run(lambda c: _confirm(c, scene, settled, writes, tools))
        _insist(writes)
        if trouble is not None:
            raise trouble
        return _ending(scene, found, plans, held, tools)


async def plan_scene(
    scene: Scene,
    ties: Sequence[links.Link],
    tools: Tools,
    items: Mapping[int, Item],
    *,
    look: bool = False,
) -> tuple[list[Plan], SyncError | None]:
    """One plan per item. A cover that cannot be had now does not hold the rest up; its error is the second value.

    `look` asks Stash for the cover even where its time says that it is the known one.
    """
    wanted: dict[Field, Value] = desired(scene, tools.rules)
    trouble: SyncError | None = None
    if tools.rules.owner(Field.POSTER) is not Owner.PLEX:
        try:
            wanted[Field.POSTER] = await tools.art.cover(scene, tools.clock.now(), look=look)
        except SyncError as error:
            trouble = error
    written = await tools.database.run(lambda c: _written(c, ties, tools))
    plans: dict[int, Plan] = {}
    for tie in ties:
        if tie.rating_key not in plans:
            plans[tie.rating_key] = make_plan(
                scene=scene.id,
                item=items[tie.rating_key],
                path=tie.plex_path,
                wanted=wanted,
                rules=tools.rules,
                ledger=written[tie],
            )
    return list(plans.values()), trouble


def _written(
    connection: Connection, ties: Sequence[links.Link], tools: Tools
) -> dict[links.Link, dict[Field, Written]]:
    """What the ledger says of each file. A picture counts only where the item itself got it: an item that came anew
    shows none of it, though its path is an old one."""
    rows = ledger.rows(connection, tools.server, [tie.plex_path for tie in ties])
    found = {tie: dict(rows.get(tie.plex_path, {})) for tie in ties}
    for tie, fields in found.items():
        shown = fields.get(Field.POSTER)
        if shown is None or not shown.is_confirmed:
            continue
        if pictures.uploaded(connection, tools.server, tie.rating_key, str(shown.confirmed)) is None:
            fields[Field.POSTER] = replace(shown, confirmed=None, is_confirmed=False)
    return found


def _look(connection: Connection, tools: Tools, scene: Scene) -> Found:
    seen.note(connection, [scene], tools.clock.now())
    found = tools.finder.find(connection, scene)
    tools.finder.remember(connection, scene, found)
    return found


async def _check_links(ties: Sequence[links.Link], items: Mapping[int, Item], tools: Tools) -> None:
    """Each item still is there and holds the linked file; else the index learns it and matching starts again."""
    for tie in ties:
        item = items.get(tie.rating_key)
        if item is None:
            # Another server at this address would not have it either.
            await tools.plex.check()
            await tools.libraries.forget_item(tie.rating_key)
            raise PlexNotFound(f"item {tie.rating_key} is gone from Plex")
        if path_key(tie.plex_path) not in {path_key(part.path) for part in item.parts}:
            await tools.libraries.correct_item(
                IndexedItem(
                    rating_key=item.rating_key,
                    section=item.section or tie.section,
                    title=item.title,
                    parts=item.parts,
                    updated_at=item.updated_at,
                )
            )
            raise PlexNotFound(f"item {tie.rating_key} of Plex no longer holds {tie.plex_path}")


def _held(job: Job, plans: Sequence[Plan], tools: Tools) -> list[Plan]:
    """The plans of libraries whose backlog waits for the user's go."""
    if not BACKLOG_REASONS.issuperset(job.reasons):
        return []
    return [plan for plan in plans if plan.changes and tools.libraries.in_preview(plan.section)]


async def _write(scene: Scene, plan: Plan, item: Item, tools: Tools, job: Job) -> WriteResult:
    """Intend, then write. The pen is held for both, so that what was intended last is what was written last."""
    poster = next((change for change in plan.changes if change.field is Field.POSTER), None)
    content = await tools.art.content(scene, str(poster.after)) if poster is not None else None
    changes = [change for change in plan.changes if change is not poster]
    async with tools.pen.turn(job.lane):
        known: set[str] | None = None
        if poster is not None and content is not None:
            before, known = await _shown_before(poster, content, plan, tools)
            changes.append(replace(poster, before=before))
        intents = [(change.field, change.before, change.after) for change in changes]
        now = tools.clock.now()
        await tools.database.run(lambda c: ledger.intend(c, tools.server, plan.path, plan.rating_key, intents, now))
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
    return result


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A plan that was written, and what Plex held afterwards; `item` None when it is gone since."""

    plan: Plan
    item: Item | None
    result: WriteResult

    def observed(self, change: Change) -> tuple[Value, bool]:
        """What Plex holds now, and whether that is what was meant, if perhaps in Plex's own form."""
        if change.field is Field.POSTER:
            return change.after, self.result.poster_key is not None
        assert self.item is not None  # noqa: S101  # only asked where it was read
        found = value_of(self.item, change.field)
        meant = self.result.shortened.get(change.field, change.after)
        return found, same(FIELDS[change.field], meant, found) != "other"

    @property
    def refused(self) -> list[str]:
        """The fields that Plex holds otherwise than they were written."""
        return [change.field.value for change in self.plan.changes if not self.observed(change)[1]]


def _confirm(
    connection: Connection, scene: Scene, settled: Sequence[Plan], writes: Sequence[Read], tools: Tools
) -> None:
    """Keep what was read back; what is as it was meant is in step."""
    now = tools.clock.now()
    fine = list(settled)
    for write in writes:
        plan = write.plan
        if write.item is None:
            continue
        observed = {change.field: write.observed(change) for change in plan.changes}
        ledger.confirm(connection, tools.server, plan.path, observed, now)
        rows = [(c.field, c.before, c.after) for c in plan.changes]
        reason = ", ".join(sorted({c.because.value for c in plan.changes}))
        history.record(connection, tools.run, tools.server, scene.id, plan.path, plan.rating_key, rows, reason, now)
        if not write.refused:
            fine.append(plan)
    for plan in fine:
        digest = tools.rules.digest(scene, link_text(plan.rating_key, plan.path))
        in_step.confirm(connection, tools.server, scene.id, plan.rating_key, digest, now)


def link_text(rating_key: int, path: str) -> str:
    """The link's part of a digest."""
    return f"{rating_key}:{path}"


class NotTaken(PlexTemporaryError):
    """Plex answered well to a write and holds another value all the same: it says nothing about Plex's health."""

    moves_gate = False


def _insist(writes: Sequence[Read]) -> None:
    """A write that Plex answered well and did not carry out is tried again, until the plan takes it for refused."""
    for write in writes:
        key = write.plan.rating_key
        if write.item is None:
            raise PlexNotFound(f"item {key} is gone from Plex since it was written")
        if write.refused:
            fields = ", ".join(write.refused)
            raise NotTaken(f"Plex holds another value than was written: {fields} of item {key}")


def _forget(connection: Connection, tools: Tools, scene: int) -> None:
    """A read by id says that Stash has no such scene. The ledger stays: it is what an undo needs."""
    seen.forget(connection, [scene])
    links.drop(connection, tools.server, scene)
    in_step.drop(connection, tools.server, scene)


def _gone() -> Outcome:
    decision = Decision(
        kind="gone", reason="Stash has no such scene; what Plex holds is left alone", digest="", index_version=0
    )
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def _decided(scene: Scene, found: Found, tools: Tools, kind: str, reason: str, **facts: Any) -> Outcome:
    decision = Decision(
        kind=kind,
        reason=reason,
        digest=tools.rules.digest(scene, ""),
        index_version=found.index_version,
        facts={"title": scene.label, **facts},
    )
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def _ending(scene: Scene, found: Found, plans: Sequence[Plan], held: Sequence[Plan], tools: Tools) -> Outcome:
    if found.absent:
        raise PlexNotFound(found.absent[0].reason)
    if held:
        fields = sorted({change.field.value for plan in held for change in plan.changes})
        reason = "first contact: this library's backlog waits for your go"
        sections = sorted({plan.section for plan in held})
        return _decided(scene, found, tools, "preview", reason, fields=fields, sections=sections)
    refused = sorted({k.field.value for plan in plans for k in plan.kept if k.reason is Left.REFUSED})
    if refused:
        return _decided(scene, found, tools, "refused", f"Plex will not take: {', '.join(refused)}", fields=refused)
    return Outcome(verdict=Verdict.DONE)


def missing_decision(attempt: Attempt, error: PlexNotFound, tools: Tools, index_version: int) -> Decision:
    """What is recorded when the file never appeared in Plex."""
    digest = tools.rules.digest(attempt.scene, "") if attempt.scene is not None else ""
    title = attempt.scene.label if attempt.scene is not None else f"scene {attempt.job.scene}"
    return Decision(
        kind="missing", reason=error.message, digest=digest, index_version=index_version, facts={"title": title}
    )
