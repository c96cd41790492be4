"""The plans of one scene: one for each of its items on one server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from plexsync.model.errors import SyncError
from plexsync.model.fields import Field
from plexsync.model.item import Item
from plexsync.model.plan import Plan, make_plan, to_lock
from plexsync.model.rules import Desired, desired
from plexsync.model.scene import Scene
from plexsync.store.links import Link
from plexsync.sync.story.known import Known
from plexsync.sync.story.pictures import pictures_for
from plexsync.sync.story.portraits import People
from plexsync.sync.story.ties import one_of_each, pinned_of
from plexsync.sync.story.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePlans:
    """`trouble` says why the cover cannot be had now, which does not hold the rest up.

    `given_by` says by library which rule gave the value of a field.
    """

    plans: tuple[Plan, ...]
    trouble: SyncError | None
    given_by: Mapping[int, Mapping[Field, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What is known of the scenes that are planned together, only to be shown: no picture is made for it."""

    known: Known
    people: People


async def plan_scene(
    scene: Scene,
    ties: Sequence[Link],
    tools: Tools,
    items: Mapping[int, Item],
    *,
    look: bool = False,
    make: bool = True,
    company: Company | None = None,
) -> ScenePlans:
    """Compare the scene with its items as they were just read.

    `look` asks Stash for the cover even where its time says that it is the known one; with `make` off one that is
    another is not fetched. Without `company` the store is asked for this scene alone.
    """
    if company is None:
        now = tools.clock.now()
        known = await tools.database.run(lambda c: Known.of(c, tools.server, [scene.id], ties, now))
    else:
        known = company.known
    pinned = pinned_of(ties, known.pinned)
    ties = one_of_each(ties, known.written)
    found = await pictures_for(scene, ties, items, known, tools, look=look, make=make)
    given: dict[int, Desired] = {}
    plans: dict[int, Plan] = {}
    for tie in ties:
        rules = tools.rules_of(tie.section)
        item = items[tie.rating_key]
        if tie.section not in given:
            given[tie.section] = desired(scene, rules)
        plan = make_plan(
            scene=scene.id,
            item=item,
            path=tie.plex_path,
            wanted={**given[tie.section].values, **found.wanted.get(tie.section, {})},
            rules=rules,
            ledger=known.ledger_of(tie),
            pins=pinned[tie.rating_key],
            shown=found.shown.get(tie.rating_key, {}),
        )
        if tools.libraries.asks_provider(tie.section):
            # Whatever it is matched to, or is not yet.
            plan = replace(plan, locked=to_lock(item, rules, pinned[tie.rating_key]))
        people = None if company is None else company.people
        plans[tie.rating_key] = await tools.portraits.added(plan, scene, item, rules, people)
    return ScenePlans(
        plans=tuple(plans.values()),
        trouble=found.trouble,
        given_by={section: one.given_by for section, one in given.items()},
    )
