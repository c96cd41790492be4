"""What a sync would do, without doing it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plexsync.model.errors import PlexNotFound
from plexsync.model.fields import Field
from plexsync.model.item import Item
from plexsync.model.paths import path_key
from plexsync.model.plan import Plan
from plexsync.model.rules import Shown
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.store import undos
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.sync.story.endings import ALWAYS_PREVIEWED, LEFT
from plexsync.sync.story.finder import Found
from plexsync.sync.story.givingback import foreseen
from plexsync.sync.story.known import Known
from plexsync.sync.story.plans import Company, plan_scene
from plexsync.sync.story.takingpart import exclusion, taking_part
from plexsync.sync.story.tools import Tools

#: Scenes that are read and planned together.
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plans of one scene on one server, or the reason why there are none; `kind` names the reason in a word.

    `given_by` says for each library which rule gave the value of a field, "" for the plain mapping; `waits` why
    nothing is written there yet. `growth` are the bytes by which Plex's folder would grow.
    """

    scene: int
    title: str
    server: str
    plans: tuple[Plan, ...] = ()
    kind: str = ""
    reason: str = ""
    given_by: Mapping[int, Mapping[Field, str]] = field(default_factory=dict)
    waits: Mapping[int, str] = field(default_factory=dict)
    libraries: Mapping[int, str] = field(default_factory=dict)
    growth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a server is planned: one library of it, or (None) all. `closely` asks Stash for each cover anew."""

    section: int | None = None
    closely: bool = False

    def takes(self, found: Found, tools: Tools) -> bool:
        """Whether a scene that was found there has anything to do with it."""
        if self.section is None or any(tie.section == self.section for tie in found.links):
            return True
        absent = (match.plex_path for match in found.absent)
        return any(tools.libraries.section_of(path) == self.section for path in absent)


async def plan_ids(ids: Sequence[int], stash: StashClient, tools: Tools, scope: Scope) -> list[Planned]:
    """The plans of up to 50 scenes on one server, in the order asked for. Nothing is written to Plex."""
    answer = await stash.scenes_each(ids)
    for error in answer.failed.values():
        raise error
    planned = await plan_scenes([answer.found[number] for number in ids if number in answer.found], tools, scope)
    by_id = {one.scene: one for one in planned}
    lost = set(await tools.database.run(lambda c: undos.waiting(c, tools.server, ids)))
    for number in ids:
        if number not in answer.found:
            by_id[number] = await plan_gone(number, stash, tools)
        elif number in lost & by_id.keys():
            by_id[number] = await _with_lost(by_id[number], answer.found[number], stash, tools)
    return [by_id[number] for number in ids if number in by_id]


async def plan_gone(number: int, stash: StashClient, tools: Tools) -> Planned:
    """What the rules do with the items of a scene that Stash has no more."""
    plans, became = await foreseen(number, None, stash, tools)
    reason = "Stash has no such scene" + (f"; {became}" if became not in ("", LEFT) else "")
    one = Planned(scene=number, title="", server=tools.server, kind="gone", reason=reason)
    return _with(one, plans, tools)


async def _with_lost(planned: Planned, scene: Scene, stash: StashClient, tools: Tools) -> Planned:
    """With what the rules do where the scene lost a file."""
    plans, became = await foreseen(scene.id, scene, stash, tools)
    return _with(planned if planned.reason else replace(planned, reason=became), plans, tools)


def _with(planned: Planned, plans: Sequence[Plan], tools: Tools) -> Planned:
    titles = {section.key: section.title for section in tools.libraries.sections}
    sections = {plan.section for plan in plans}
    return replace(
        planned,
        plans=(*planned.plans, *plans),
        waits={**planned.waits, **{section: why for section in sections if (why := waits(section, tools))}},
        libraries={**planned.libraries, **{section: titles.get(section, str(section)) for section in sections}},
    )


async def plan_scenes(scenes: Sequence[Scene], tools: Tools, scope: Scope) -> list[Planned]:
    """The same of scenes as Stash told them just now. Plex is read once for all of them, and so is the store."""
    page = await tools.database.run(lambda c: _look(c, scenes, tools, scope))
    keys = sorted({tie.rating_key for ties in page.ties.values() for tie in ties})
    items = await tools.plex.details(keys) if keys else {}
    titles = {section.key: section.title for section in tools.libraries.sections}
    told = _Telling(tools=tools, page=page, items=items, titles=titles, closely=scope.closely)
    return await asyncio.gather(*(told.planned(scene) for scene in scenes if scene.id in page.found))


def _look(connection: Connection, scenes: Sequence[Scene], tools: Tools, scope: Scope) -> _Page:
    """All that the store tells of them."""
    every = tools.finder.find_each(connection, scenes)
    found = {number: one for number, one in every.items() if scope.takes(one, tools)}
    ties = {
        scene.id: [
            tie for tie in taking_part(scene, found[scene.id].links, tools) if scope.section in (None, tie.section)
        ]
        for scene in scenes
        if scene.id in found
    }
    flat = [tie for some in ties.values() for tie in some]
    cast = [one for scene in scenes if scene.id in found for one in _cast(scene, ties[scene.id], tools)]
    return _Page(
        found=found,
        ties=ties,
        company=Company(
            known=Known.of(connection, tools.server, found, flat, tools.clock.now()),
            people=tools.portraits.people(connection, cast),
        ),
    )


def _cast(scene: Scene, ties: Sequence[Link], tools: Tools) -> Iterator[Shown]:
    """Whom the items of a scene show."""
    for section in {tie.section for tie in ties}:
        yield from tools.rules_of(section).people.shown(scene.performers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Scenes that are planned together: where each is, and the links that are planned for."""

    found: Mapping[int, Found]
    ties: Mapping[int, Sequence[Link]]
    company: Company


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """What is told of the scenes of a page, by the items that Plex just told."""

    tools: Tools
    page: _Page
    items: Mapping[int, Item]
    titles: Mapping[int, str]
    closely: bool

    async def planned(self, scene: Scene) -> Planned:
        """The plans of one scene."""
        found, tools, mine = self.page.found[scene.id], self.tools, self.page.ties[scene.id]
        one = Planned(scene=scene.id, title=scene.label, server=tools.server)
        kind, reason = _refusal(scene, found, tools)
        if kind or not mine:
            return replace(one, kind=kind, reason=reason)
        broken = [fault for tie in mine if (fault := _fault(tie, self.items))]
        if broken:
            return replace(one, kind="missing", reason=broken[0])
        look, company = self.closely, self.page.company
        try:
            made = await plan_scene(scene, mine, tools, self.items, look=look, make=look, company=company)
        except PlexNotFound as error:
            return replace(one, kind="missing", reason=error.message)
        kind, reason = ("missing", found.absent[0].reason) if found.absent else ("", "")
        if made.trouble is not None:
            kind, reason = "picture", f"the cover cannot be read now: {made.trouble.message}"
        sections = {plan.section for plan in made.plans}
        return replace(
            one,
            plans=made.plans,
            kind=kind,
            reason=reason,
            given_by=made.given_by,
            waits={section: why for section in sections if (why := waits(section, tools))},
            libraries={section: self.titles.get(section, str(section)) for section in sections},
            growth=sum(company.known.growth(plan) for plan in made.plans),
        )


def _refusal(scene: Scene, found: Found, tools: Tools) -> tuple[str, str]:
    """Why nothing may be written at all: in a word and in a sentence, both "" where something may."""
    if excluded := exclusion(scene, found, tools):
        return "excluded", excluded
    if found.refusal:
        return found.kind, found.refusal
    return ("", "") if taking_part(scene, found.links, tools) else ("missing", found.absent[0].reason)


def _fault(tie: Link, items: Mapping[int, Item]) -> str:
    """Why the item is not the one that was linked, as a sync would find before it writes."""
    item = items.get(tie.rating_key)
    if item is None:
        return f"item {tie.rating_key} is gone from Plex: the next look at its library finds out what took its place"
    if path_key(tie.plex_path) not in {path_key(part.path) for part in item.parts}:
        return f"item {tie.rating_key} of Plex no longer holds {tie.plex_path}"
    return ""


def waits(section: int, tools: Tools) -> str:
    """Why a library's plans are not written by themselves; "" where they are."""
    if tools.libraries.always_previewed(section):
        return ALWAYS_PREVIEWED
    if tools.libraries.in_preview(section):
        return "first contact: the backlog of this library waits for your go"
    return ""
