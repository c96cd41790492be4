"""The story of one scene on one server: read it now, find its items, plan, write, read back, remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plexsync.model.errors import PlexNotFound, SyncError
from plexsync.model.item import IndexedItem, Item
from plexsync.model.paths import path_key
from plexsync.model.plan import Plan
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Job, Outcome, Peer, Put, Verdict
from plexsync.store import brakes, in_step, jobs, links, seen, undos
from plexsync.store.database import Connection
from plexsync.sync.brakes.brake import REJECTED
from plexsync.sync.causes import BACKLOG, FREED
from plexsync.sync.runs import causes_of, run_of
from plexsync.sync.story.endings import decided, ending, gone, parked
from plexsync.sync.story.finder import Found
from plexsync.sync.story.following import follow
from plexsync.sync.story.heirs import heirs_of
from plexsync.sync.story.holding import (
    loses_links,
    previewed,
    set_aside,
    still_stands,
    turned_down,
    unlinked,
    vanished,
)
from plexsync.sync.story.lost import became, lost_of
from plexsync.sync.story.plans import plan_scene
from plexsync.sync.story.readback import ReadBack, confirm, insist
from plexsync.sync.story.sharedread import Member, SharedRead
from plexsync.sync.story.takingpart import exclusion, taking_part
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.writing import lock_alone, write_plan

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
    turned_down: Decision | None = None  #: what a person turned down of the scene
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    """Where a scene is: the items to work on, and the held libraries (`shut`) that have others."""

    found: Found
    ties: Sequence[links.Link]
    shut: Sequence[int]

    @property
    def sections(self) -> dict[int, int]:
        """The library of each item."""
        return {tie.rating_key: tie.section for tie in self.ties}


async def sync_scene(attempt: Attempt, tools: Tools, reads: Reads) -> Outcome:
    """Bring one scene's items on one server up to date. Safe to repeat after any crash."""
    with reads.scenes.member() as scenes, reads.items.member() as items, reads.back.member() as back:
        scene = await read_scene(attempt, scenes, reads)
        if scene is None:
            return await _gone(attempt.job, tools)
        attempt.scene = scene
        met = await _meet(attempt, scene, tools)
        if isinstance(met, Outcome):
            return met
        held_now = await read_items(attempt, items, met.sections, reads)
        attempt.answered.add(Peer.PLEX)
        attempt.read.update(met.sections.values())
        await check_links(met.ties, held_now, tools)
        look = not BACKLOG.issuperset(causes_of(attempt.job))
        made = await plan_scene(scene, met.ties, tools, held_now, look=look)
        plans, trouble = made.plans, made.trouble
        attempt.plans = plans
        held = previewed(attempt.job, plans, tools.libraries)
        attempt.written = [plan for plan in plans if not plan.empty and plan not in held]
        aside = await _aside(attempt, scene, met, tools, whole=trouble is None)
        if aside is not None:
            attempt.written = []
        for plan in plans:
            if plan.locked and plan not in attempt.written and not tools.libraries.always_previewed(plan.section):
                attempt.section = met.sections[plan.rating_key]
                await lock_alone(plan, held_now[plan.rating_key], tools, attempt.job.lane)
        await _write(attempt, scene, held_now, met.sections, tools, back, reads)
        for section in {plan.section for plan in plans if aside is None and plan not in held}:
            await tools.collection_posters.show(scene, section, tools.rules_of(section), attempt.job.lane)
        if trouble is not None:
            raise trouble
        if met.shut:
            return parked(met.shut[0], tools)
        return aside if aside is not None else ending(scene, met.found, plans, held, tools)


async def read_scene(attempt: Attempt, member: Member[int, Scene], reads: Reads) -> Scene | None:
    """The scene as it is now; None where Stash, asked for it by its number, has none. That it cannot tell is raised."""
    number = attempt.job.scene
    scene = (await member.ask([number])).get(number)
    attempt.answered.add(Peer.STASH)
    if number in reads.untold:
        raise reads.untold[number]
    return scene


async def _aside(attempt: Attempt, scene: Scene, met: _Meeting, tools: Tools, *, whole: bool) -> Outcome | None:
    """How the job ends where what is due waits for an answer, or had one; None where it is written."""
    answer, due = attempt.turned_down, attempt.written
    if answer is not None and still_stands(answer, attempt.job, scene, due, tools):
        return Outcome(verdict=Verdict.DECISION, decision=answer)
    # Where not all is known that differs, it may be what was turned down.
    if answer is not None and (due or (whole and not met.shut)):
        await tools.database.run(lambda c: brakes.forget(c, tools.server, [scene.id], (REJECTED,)))
    return await set_aside(attempt.job, scene, met.found, due, tools)


async def _gone(job: Job, tools: Tools) -> Outcome:
    """Stash has no such scene."""
    if (aside := await vanished(job, tools)) is not None:
        return aside
    return gone(await tools.database.run(lambda c: _forget(c, tools, job)))


async def _meet(attempt: Attempt, scene: Scene, tools: Tools) -> _Meeting | Outcome:
    """Where the scene is, or how its job ends because nothing is to be written."""
    found, loses = await tools.database.run(lambda c: _look(c, tools, scene, attempt))
    attempt.index_version = found.index_version
    if loses:
        return unlinked(attempt.job, scene, found, tools)
    if excluded := exclusion(scene, found, tools):
        return decided(scene, found, tools, "excluded", excluded)
    if found.refusal:
        return decided(scene, found, tools, found.kind, found.refusal)
    mine = taking_part(scene, found.links, tools)
    if not mine:
        raise PlexNotFound(found.absent[0].reason)
    ties = [tie for tie in mine if tie.section not in attempt.shut]
    shut = sorted(tie.section for tie in mine if tie.section in attempt.shut)
    return _Meeting(found=found, ties=ties, shut=shut) if ties else parked(shut[0], tools)


async def _write(
    attempt: Attempt,
    scene: Scene,
    items: Mapping[int, Item],
    sections: Mapping[int, int],
    tools: Tools,
    back: Member[Place, Item],
    reads: Reads,
) -> None:
    """Carry out what is to be written, read it back, remember it, and insist on it."""
    job, writes = attempt.job, []
    for plan in attempt.written:
        attempt.section = sections[plan.rating_key]
        writes.append(await write_plan(scene, plan, items[plan.rating_key], tools, job.lane))
    written = {plan.rating_key: sections[plan.rating_key] for plan in attempt.written}
    read = await read_items(attempt, back, written, reads)
    found_back = [ReadBack.of(write, read) for write in writes]
    settled = [plan for plan in attempt.plans if plan.empty]
    waiting = [plan for plan in attempt.plans if not plan.empty and plan not in attempt.written]
    await tools.database.run(lambda c: confirm(c, scene, settled, found_back, tools, run_of(job), items, waiting))
    if any(write.refused for write in found_back if write.item is not None):
        tools.writer.doubt()
    insist(found_back)


async def read_items(
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


def _look(connection: Connection, tools: Tools, scene: Scene, attempt: Attempt) -> tuple[Found, bool]:
    """Where the scene is, and whether that would drop all its links before anybody judged it."""
    attempt.turned_down = turned_down(connection, tools.server, scene.id)
    seen.note(connection, [scene], tools.clock.now())
    found = tools.finder.find(connection, scene)
    before = links.of_scenes(connection, tools.server, [scene.id]).get(scene.id, [])
    loses = bool(before) and loses_links(attempt.job, found)
    if not loses:
        follow(connection, tools.server, scene, before, found)
        tools.finder.remember(connection, scene, found)
        lost = lost_of(connection, tools, scene.id, before, scene)
        if lost is not None:
            undos.lose(connection, lost, attempt.job.lane, tools.clock.now())
    return found, loses


async def check_links(ties: Sequence[links.Link], items: Mapping[int, Item], tools: Tools) -> None:
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


def _forget(connection: Connection, tools: Tools, job: Job) -> str:
    """A read by id says that Stash has no such scene; what becomes of its items. The ledger stays for an undo.

    Where it was merged into another one, that has its files now, and was in doubt about them until here.
    """
    heirs = heirs_of(connection, tools.server, job.scene)
    known = seen.known(connection, [job.scene]).get(job.scene)
    ties = links.of_scenes(connection, tools.server, [job.scene]).get(job.scene, [])
    lost = lost_of(connection, tools, job.scene, ties)
    seen.forget(connection, [job.scene])
    links.drop(connection, tools.server, job.scene)
    in_step.drop(connection, tools.server, job.scene)
    puts = [Put(server=tools.server, scene=heir, lane=job.lane, reason=FREED) for heir in heirs]
    jobs.put(connection, puts, tools.clock.now())
    if lost is not None:
        lost = replace(lost, title=known.title if known is not None else "")
        undos.lose(connection, lost, job.lane, tools.clock.now())
    return became(connection, tools.server, job.scene)
