"""The items of files that Stash lost, taken care of by the rule of their library: in place of a sync, like an undo.

Nothing is done before Stash, asked by the scene's number and by the file's path, says that both are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plexsync.model.errors import PlexNotFound
from plexsync.model.item import Item
from plexsync.model.paths import path_key
from plexsync.model.plan import Plan
from plexsync.model.restoring import Restoration
from plexsync.model.rules import WhenGone
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Job, Outcome, Peer, Put, Verdict
from plexsync.stash.client import StashClient
from plexsync.store import jobs, ledger, links, seen, undos
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.store.undos import Undo
from plexsync.sync.brakes.brake import BY_RULE, GONE, PREVIEW, is_unasked
from plexsync.sync.causes import FREED
from plexsync.sync.plainvalues import changes_json
from plexsync.sync.story.endings import LEFT, gone, parked
from plexsync.sync.story.heirs import owners_of
from plexsync.sync.story.holding import asked_first, go_ahead
from plexsync.sync.story.lost import became, lost_of, rule_of
from plexsync.sync.story.scene import Attempt, Reads, check_links, read_items, read_scene
from plexsync.sync.story.tools import Tools
from plexsync.sync.story.undo import Undone, items_at, plan_of, put_item_back, settle

_DEEDS = {
    WhenGone.RESTORE: "gets back what it held before PlexSync",
    WhenGone.CLEAR: "loses what PlexSync wrote",
}
WAITS = "what PlexSync wrote is taken back by the rule `gone` once you let this library go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What is to be done by the rules for what a scene lost.

    `plans` by item; `owned` are files that another scene has, by path in Plex; `absent` those that Plex lists no more.
    """

    ties: Sequence[Link]
    items: Mapping[int, Item]
    plans: Mapping[int, Restoration]
    owned: Mapping[str, int] = field(default_factory=dict)
    absent: Sequence[str] = ()

    @property
    def due(self) -> list[Link]:
        """Where anything is to be written."""
        return [tie for tie in self.ties if self.plans[tie.rating_key].restored]


async def give_back(attempt: Attempt, undo: Undo, tools: Tools, reads: Reads, stash: StashClient) -> Outcome:
    """Do what the rules say. Safe to repeat after any crash: what was lost stays known until all was read back."""
    with reads.scenes.member() as scenes, reads.items.member() as items, reads.back.member() as back:
        attempt.scene = await read_scene(attempt, scenes, reads)
        ties = await tools.database.run(lambda c: ties_of(c, undo, attempt.scene, tools))
        open_ties = [tie for tie in ties if tie.section not in attempt.shut]
        if ties and not open_ties:
            return parked(ties[0].section, tools)
        sections = {tie.rating_key: tie.section for tie in open_ties}
        held = await read_items(attempt, items, sections, reads)
        if sections:
            attempt.answered.add(Peer.PLEX)
            attempt.read.update(sections.values())
        await check_links(open_ties, held, tools)
        found = await returns(undo, open_ties, held, attempt.scene, tools, stash)
        waits = [tie for tie in found.due if _waits(attempt.job, tie.section, tools)]
        mine = [tie for tie in found.ties if tie not in waits]
        if (aside := _aside(attempt.job, undo, found, mine, tools)) is not None:
            return aside
        done = [await put_item_back(attempt, undo, tie, held[tie.rating_key], tools) for tie in mine]
        read = await read_items(attempt, back, {tie.rating_key: tie.section for tie in mine}, reads)
        await settle(undo, done, read, tools)
        if len(open_ties) < len(ties):
            return parked(next(tie.section for tie in ties if tie.section in attempt.shut), tools)
        if waits:
            return _previewed(undo, waits, found)
        return await tools.database.run(lambda c: _ending(c, attempt, undo, done, found, tools))


def ties_of(connection: Connection, undo: Undo, scene: Scene | None, tools: Tools) -> list[Link]:
    """The items of what is lost still, but for those that the rules leave alone, or that nothing was written to."""
    here = {path_key(file.path) for file in scene.files} if scene is not None else set()
    paths = [path for path, was in undo.lost.items() if path_key(was) not in here]
    written = ledger.rows(connection, undo.server, paths)
    found = items_at(connection, undo, [path for path in paths if path in written])
    return [tie for tie in found if rule_of(tie.section, tools) is not WhenGone.LEAVE]


async def returns(
    undo: Undo, ties: Sequence[Link], items: Mapping[int, Item], scene: Scene | None, tools: Tools, stash: StashClient
) -> Returns:
    """What is to be done with these items, which were just read; of those that nobody else owns."""
    owners = {tie.rating_key: await _owner(undo, tie, items[tie.rating_key], scene, tools, stash) for tie in ties}
    free = [tie for tie in ties if owners[tie.rating_key] is None]
    plans = {tie.rating_key: await plan_of(undo, tie, items[tie.rating_key], tools) for tie in free}
    owned = {tie.plex_path: owner for tie in ties if (owner := owners[tie.rating_key]) is not None}
    listed = {tie.plex_path for tie in await tools.database.run(lambda c: items_at(c, undo, undo.lost))}
    absent = [path for path in undo.lost if path not in listed]
    return Returns(ties=free, items=items, plans=plans, owned=owned, absent=absent)


async def _owner(
    undo: Undo, tie: Link, item: Item, scene: Scene | None, tools: Tools, stash: StashClient
) -> int | None:
    """A scene that Stash has and that holds a file of the item; None where there is none."""
    places = [to for part in item.parts for to in tools.finder.paths.places_in_stash(part.path)]
    paths = dict.fromkeys([undo.lost[tie.plex_path], *places])
    for path in paths:
        if (found := await stash.scene_at(path)) is not None:
            return found.id
    known = await tools.database.run(lambda c: _known(c, item, paths, tools))
    if scene is None:
        known.discard(undo.scene)
    alive = await stash.scenes(sorted(known)) if known else {}
    return min(alive, default=None)


def _known(connection: Connection, item: Item, paths: Iterable[str], tools: Tools) -> set[int]:
    """The scenes that were last seen to have a file there, or that are linked to the item."""
    held = {path_key(part.path) for part in item.parts}
    linked = links.of_items(connection, tools.server, [item.rating_key]).get(item.rating_key, ())
    return owners_of(connection, paths) | {tie.scene for tie in linked if path_key(tie.plex_path) in held}


def _waits(job: Job, section: int, tools: Tools) -> bool:
    held = tools.libraries.always_previewed(section) or tools.libraries.in_preview(section)
    return held and go_ahead(section) not in job.reasons


def _aside(job: Job, undo: Undo, found: Returns, mine: Sequence[Link], tools: Tools) -> Outcome | None:
    """How the job ends where it is counted first, how much else is taken back; None where that is known."""
    due = [tie for tie in found.due if tie in mine and go_ahead(tie.section) not in job.reasons]
    if not due or not is_unasked(job):
        return None
    kinds = {BY_RULE[rule_of(tie.section, tools)] for tie in due}
    return asked_first(job, undo.title, kinds, _facts(due, found))


def _previewed(undo: Undo, waits: Sequence[Link], found: Returns) -> Outcome:
    facts = _facts(waits, found) | {"title": undo.title}
    decision = Decision(kind=PREVIEW, reason=WAITS, digest=GONE, index_version=0, facts=facts)
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def _facts(due: Sequence[Link], found: Returns) -> dict[str, object]:
    changes = [one.change for tie in due for one in found.plans[tie.rating_key].restored]
    return {
        "fields": sorted({change.field.value for change in changes}),
        "sections": sorted({tie.section for tie in due}),
        "changes": changes_json(changes),
    }


def _ending(
    connection: Connection, attempt: Attempt, undo: Undo, done: Sequence[Undone], found: Returns, tools: Tools
) -> Outcome:
    undos.end(connection, undo)
    heirs = sorted(set(found.owned.values()) - {undo.scene})
    puts = [Put(server=undo.server, scene=heir, lane=attempt.job.lane, reason=FREED) for heir in heirs]
    jobs.put(connection, puts, tools.clock.now())
    if attempt.scene is not None:
        return Outcome(verdict=Verdict.DONE)
    seen.forget(connection, [undo.scene])
    plans = {one.tie.rating_key: one.plan for one in done}
    outcome = gone("; ".join(told(replace(found, plans=plans), [one.tie for one in done], tools)))
    assert outcome.decision is not None  # noqa: S101  # that is how a scene that is gone ends
    fields = sorted({part.field.value for one in done for part in one.plan.restored})
    facts = {"title": undo.title, "run": undo.run, "fields": fields}
    return replace(outcome, decision=replace(outcome.decision, facts=facts))


async def foreseen(number: int, scene: Scene | None, stash: StashClient, tools: Tools) -> tuple[list[Plan], str]:
    """What the rules would do for what the scene lost, and that in words. Nothing is written."""
    undo, before = await tools.database.run(lambda c: _lost_by_now(c, number, scene, tools))
    if undo is None:
        return [], before
    ties = await tools.database.run(lambda c: ties_of(c, undo, scene, tools))
    items = await tools.plex.details([tie.rating_key for tie in ties]) if ties else {}
    try:
        found = await returns(undo, [tie for tie in ties if tie.rating_key in items], items, scene, tools, stash)
    except PlexNotFound as error:
        return [], error.message
    plans = [
        Plan(
            scene=number,
            rating_key=tie.rating_key,
            section=tie.section,
            path=tie.plex_path,
            changes=tuple(one.change for one in found.plans[tie.rating_key].restored),
        )
        for tie in found.ties
    ]
    return plans, "; ".join(told(found, found.ties, tools))


def _lost_by_now(connection: Connection, number: int, scene: Scene | None, tools: Tools) -> tuple[Undo | None, str]:
    """What is to be done still, else what was done."""
    held = undos.waiting(connection, tools.server, [number]).get(number)
    if held is not None:
        return (held if held.by_rule else None), ""
    before = links.of_scenes(connection, tools.server, [number]).get(number, [])
    return lost_of(connection, tools, number, before, scene), became(connection, tools.server, number)


def told(found: Returns, ties: Sequence[Link], tools: Tools) -> list[str]:
    """What becomes of each item, in clauses for people."""
    lines = []
    for tie in ties:
        plan, rule = found.plans[tie.rating_key], rule_of(tie.section, tools)
        deed = _DEEDS[rule] if plan.restored else "keeps all it holds"
        left = ", ".join(f"{name.value} ({why.value})" for name, why in plan.left)
        origin = f"by `{tools.rules_of(tie.section).origin('gone')} = {rule.value}` "
        lines.append(f"{origin}item {tie.rating_key} {deed}" + (f", but for {left}" if left else ""))
    lines += [f"scene {owner} has {path} now, so it is left to that" for path, owner in found.owned.items()]
    lines += [f"Plex does not list {path} any more, so nothing is to be taken back there" for path in found.absent]
    return lines or [LEFT]
