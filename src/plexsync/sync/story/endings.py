"""How the story of a scene ends when nothing failed: done, or a decision with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexsync.model.errors import PlexNotFound
from plexsync.model.plan import Left, Plan
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Outcome, Verdict
from plexsync.store.parked import PARKED_FOR
from plexsync.sync.story.finder import Found
from plexsync.sync.story.tools import Tools

LEFT = "what Plex holds is left alone"
ALWAYS_PREVIEWED = "the setting `preview`: what this library gets waits for your go"


def gone(became: str = LEFT) -> Outcome:
    """Stash has no such scene; what became of its items."""
    decision = Decision(kind="gone", reason=f"Stash has no such scene; {became}", digest="", index_version=0)
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def parked(section: int, tools: Tools) -> Outcome:
    """What is left to do lies in a held library."""
    return Outcome(verdict=Verdict.WAIT, due_at=tools.clock.now() + PARKED_FOR, parked_in=section)


def decided(scene: Scene, found: Found, tools: Tools, kind: str, reason: str, **facts: Any) -> Outcome:
    decision = Decision(
        kind=kind,
        reason=reason,
        digest=tools.rules.digest(scene),
        index_version=found.index_version,
        facts={"title": scene.label, **facts},
    )
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def ending(scene: Scene, found: Found, plans: Sequence[Plan], held: Sequence[Plan], tools: Tools) -> Outcome:
    if found.absent:
        raise PlexNotFound(found.absent[0].reason)
    if held:
        fields = sorted({change.field.value for plan in held for change in plan.changes})
        always = any(tools.libraries.always_previewed(plan.section) for plan in held)
        reason = ALWAYS_PREVIEWED if always else "first contact: this library's backlog waits for your go"
        sections = sorted({plan.section for plan in held})
        return decided(scene, found, tools, "preview", reason, fields=fields, sections=sections)
    refused = sorted({k.field.value for plan in plans for k in plan.kept if k.reason is Left.REFUSED})
    if refused:
        return decided(scene, found, tools, "refused", f"Plex will not take: {', '.join(refused)}", fields=refused)
    return Outcome(verdict=Verdict.DONE)


def missing(scene: Scene | None, number: int, reason: str, tools: Tools, index_version: int) -> Decision:
    """What is recorded when the file never appeared in Plex."""
    digest = tools.rules.digest(scene) if scene is not None else ""
    title = scene.label if scene is not None else f"scene {number}"
    return Decision(kind="missing", reason=reason, digest=digest, index_version=index_version, facts={"title": title})
