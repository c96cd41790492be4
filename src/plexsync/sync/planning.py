"""What a sync would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.model.fields import Value
from plexsync.model.item import Person
from plexsync.model.plan import Plan
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.sync.finder import Found
from plexsync.sync.scene import plan_scene
from plexsync.sync.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plans of one scene on one server, or the reason why there are none."""

    scene: int
    title: str
    server: str
    plans: tuple[Plan, ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The facts as the JSON API shows them."""
        return {
            "scene": self.scene,
            "title": self.title,
            "server": self.server,
            "reason": self.reason,
            "items": [_plan_json(plan) for plan in self.plans],
        }


async def plan_scenes(ids: Sequence[int], stash: StashClient, tools: Tools) -> list[Planned]:
    """The plans of up to 50 scenes on one server, in the order asked for. Nothing is written to Plex."""
    answer = await stash.scenes_each(ids)
    for error in answer.failed.values():
        raise error
    found = {
        scene.id: await tools.database.run(lambda c, scene=scene: tools.finder.find(c, scene))  # type: ignore[misc]
        for scene in answer.found.values()
    }
    keys = sorted({tie.rating_key for one in found.values() for tie in one.links})
    items = await tools.plex.details(keys) if keys else {}
    return [await _planned(number, answer.found.get(number), found.get(number), tools, items) for number in ids]


async def _planned(
    number: int, scene: Scene | None, found: Found | None, tools: Tools, items: dict[int, Any]
) -> Planned:
    if scene is None or found is None:
        return Planned(scene=number, title="", server=tools.server, reason="Stash has no such scene")
    if not found.links:
        reason = found.refusal or found.absent[0].reason
        return Planned(scene=number, title=scene.label, server=tools.server, reason=reason)
    ties = [tie for tie in found.links if tie.rating_key in items]
    plans, trouble = await plan_scene(scene, ties, tools, items)
    reason = f"the cover cannot be read now: {trouble.message}" if trouble is not None else ""
    return Planned(scene=number, title=scene.label, server=tools.server, plans=tuple(plans), reason=reason)


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "item": plan.rating_key,
        "section": plan.section,
        "path": plan.path,
        "changes": [
            {
                "field": change.field.value,
                "now": value_json(change.before),
                "will_be": value_json(change.after),
                "why": change.because.value,
            }
            for change in plan.changes
        ],
        "kept": [
            {
                "field": kept.field.value,
                "now": value_json(kept.now),
                "wanted": value_json(kept.wanted),
                "why": kept.reason.value,
            }
            for kept in plan.kept
        ],
    }


def value_json(value: Value) -> Any:
    """A value as people read it: names of a cast with their role, if any."""
    if not isinstance(value, tuple):
        return value
    return [f"{e.name} ({e.role})" if isinstance(e, Person) and e.role else getattr(e, "name", e) for e in value]
