"""What a person needs to know of a job that was given up."""

from __future__ import annotations

from typing import Any

from plexsync.model.plan import Change, Plan
from plexsync.model.rules import RuleBook
from plexsync.sync.plainvalues import value_json
from plexsync.sync.story.scene import Attempt

#: A letter shows no more changes, entries of a list, and characters of a text and of an entry than these.
MOST_CHANGES = 50
MOST_ENTRIES = 50
LONGEST_TEXT = 1000
LONGEST_ENTRY = 100


def context_of(attempt: Attempt, rules: RuleBook) -> dict[str, Any]:
    """The scene, why it was looked at, and the plan that failed. Bounded, however long the values are."""
    facts: dict[str, Any] = {"reasons": list(attempt.job.reasons), "index_version": attempt.index_version}
    scene = attempt.scene
    if scene is not None:
        facts["title"] = _shown(scene.label)
        facts["path"] = _shown(scene.primary.path) if scene.primary else None
        facts["digest"] = rules.digest(scene)
    if attempt.plans:
        changes = [(plan, change) for plan in attempt.plans for change in plan.changes]
        facts["plan"] = [_change(plan, change) for plan, change in changes[:MOST_CHANGES]]
        if len(changes) > MOST_CHANGES:
            facts["more_changes"] = len(changes) - MOST_CHANGES
    return facts


def _change(plan: Plan, change: Change) -> dict[str, Any]:
    return {
        "item": plan.rating_key,
        "library": plan.section,
        "field": change.field.value,
        "before": _shown(value_json(change.before)),
        "after": _shown(value_json(change.after)),
        "because": change.because.value,
    }


def _shown(value: Any, longest: int = LONGEST_TEXT) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + "…"
    if isinstance(value, list):
        rest = [f"and {len(value) - MOST_ENTRIES} more"] if len(value) > MOST_ENTRIES else []
        return [_shown(entry, LONGEST_ENTRY) for entry in value[:MOST_ENTRIES]] + rest
    return value
