"""The story of one scene on one server: read it now, find its items, plan, write, read back, remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plexsync.model.errors import PlexNotFound, SyncError
from plexsync.model.fields import Field, Owner, Value
from plexsync.model.item import IndexedItem, Item
from plexsync.model.paths import path_key
from plexsync.model.plan import Plan, Written, make_plan
from plexsync.model.rules import desired
from plexsync.model.scene import Scene
from plexsync.model.work import Job, Outcome, Peer
from plexsync.store import in_step, ledger, links, pictures, seen
from plexsync.store.database import Connection
from plexsync.sync.endings import decided, ending, gone, parked
from plexsync.sync.finder import Found
from plexsync.sync.readback import ReadBack, confirm, insist
from plexsync.sync.sharedread import Member, SharedRead
from plexsync.sync.tools import Tools
from plexsync.sync.writing import write_plan

#: Reasons that do not come from a change: such a job of a library in preview only plans.
BACKLOG_REASONS = frozenset({"first seen", "gap", "indexed"})


#: A library and the rating key of an item in it.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What the scenes of a batch read together. `untold` are scenes that Stash, `unread` items that Plex failed on."""

    scenes: SharedRead[int, Scene]
    items: SharedRead[Place, Item]
    back: SharedRead[Place, Item]
    untold: Mapping[int, SyncError]
    unread: Mapping[Place, SyncError]


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What became known while a job was worked on. `shut` are held libraries, which it leaves alone.

    `section` is the library that the request under way is about, None where it is about several or none; `read`
    are those whose items Plex told.
    """

    job: Job
    shut: frozenset[int] = frozenset()
    scene: Scene | None = None
    plans: tuple[Plan, ...] = ()
    index_version: int = 0
    section: int | None = None
    written: list[Plan] = field(default_factory=list)
    answered: set[Peer] = field(default_factory=set)
    read: set[int] = field(default_factory=set)

    @property
    def written_fields(self) -> list[str]:
        """The fields that were written, by name."""
        return sorted({change.field.value for plan in self.written for change in plan.changes})


async def sync_scene(attempt: Attempt, tools: Tools, reads: Reads) -> Outcome:
    """Bring one scene's items on one server up to date. Safe to repeat after any crash."""
    with reads.scenes.member() as scenes, reads.items.member() as items, reads.back.member() as back:
        job = attempt.job
        scene = (await scenes.ask([job.scene])).get(job.scene)
        attempt.answered.add(Peer.STASH)
        if job.scene in reads.untold:
            raise reads.untold[job.scene]
        if scene is None:
            await tools.database.run(lambda c: _forget(c, tools, job.scene))
            return gone()
        attempt.scene = scene
        found = await tools.database.run(lambda c: _look(c, tools, scene))
        attempt.index_version = found.index_version
        if found.refusal:
            return decided(scene, found, tools, found.kind, found.refusal)
        if not found.links:
            raise PlexNotFound(found.absent[0].reason)
        ties = [tie for tie in found.links if tie.section not in attempt.shut]
        shut = sorted(tie.section for tie in found.links if tie.section in attempt.shut)
        if not ties:
            return parked(shut[0], tools)
        sections = {tie.rating_key: tie.section for tie in ties}
        held_now = await _read(attempt, items, sections, reads)
        attempt.answered.add(Peer.PLEX)
        attempt.read.update(sections.values())
        await _check_links(ties, held_now, tools)
        look = not BACKLOG_REASONS.issuperset(job.reasons)
        plans, trouble = await plan_scene(scene, ties, tools, held_now, look=look)
        attempt.plans = tuple(plans)
        held = _held(job, plans, tools)
        due = [plan for plan in plans if plan.changes and plan not in held]
        attempt.written = due
        writes = []
        for plan in due:
            attempt.section = sections[plan.rating_key]
            writes.append(await write_plan(scene, plan, held_now[plan.rating_key], tools, job.lane))
        written = {plan.rating_key: sections[plan.rating_key] for plan in due}
        read = await _read(attempt, back, written, reads)
        found_back = [ReadBack.of(write, read) for write in writes]
        settled = [plan for plan in plans if not plan.changes]
        await tools.database.run(lambda c: confirm(c, scene, settled, found_back, tools))
        if any(write.refused for write in found_back if write.item is not None):
            tools.writer.doubt()
        insist(found_back)
        if trouble is not None:
            raise trouble
        if shut:
            return parked(shut[0], tools)
        return ending(scene, found, plans, held, tools)


async def _read(
    attempt: Attempt, member: Member[Place, Item], sections: Mapping[int, int], reads: Reads
) -> dict[int, Item]:
    """The items of these rating keys, each with its library, by rating key."""
    places = [(section, key) for key, section in sections.items()]
    attempt.section = next(iter(sections.values())) if len(set(sections.values())) == 1 else None
    found = await member.ask(places) if places else {}
    for place in places:
        if place in reads.unread:
            attempt.section = place[0]
            raise reads.unread[place]
    attempt.section = None
    return {key: item for (_, key), item in found.items()}


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
    rows = ledger.rows(connection, tools.server, [tie.plex_path for tie in ties], tools.clock.now())
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


def _forget(connection: Connection, tools: Tools, scene: int) -> None:
    """A read by id says that Stash has no such scene. The ledger stays: it is what an undo needs."""
    seen.forget(connection, [scene])
    links.drop(connection, tools.server, scene)
    in_step.drop(connection, tools.server, scene)
