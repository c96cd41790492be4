"""Plans as JSON documents: one for each scene and server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plexsync.model.fields import FIELDS, Field, Kind
from plexsync.model.plan import Change, Plan
from plexsync.sync.plainvalues import value_json
from plexsync.sync.plans.planning import Planned


def plan_document(planned: Planned) -> dict[str, Any]:
    """The facts as the JSON API and `--json` show them."""
    return {
        "scene": planned.scene,
        "title": planned.title,
        "server": planned.server,
        "kind": planned.kind,
        "reason": planned.reason,
        "growth": planned.growth,
        "items": [_item(plan, planned) for plan in planned.plans],
    }


def _item(plan: Plan, planned: Planned) -> dict[str, Any]:
    given_by = planned.given_by.get(plan.section, {})
    return {
        "item": plan.rating_key,
        "section": plan.section,
        "library": planned.libraries.get(plan.section, str(plan.section)),
        "path": plan.path,
        "waits": planned.waits.get(plan.section, ""),
        "changes": [_change(change, given_by) for change in plan.changes],
        "portraits": [
            {"name": portrait.name, "now": portrait.before, "will_be": portrait.after} for portrait in plan.portraits
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


def _change(change: Change, given_by: Mapping[Field, str]) -> dict[str, Any]:
    return {
        "field": change.field.value,
        "picture": FIELDS[change.field].kind is Kind.PICTURE,
        "now": value_json(change.before),
        "will_be": value_json(change.after),
        "why": change.because.value,
        "rule": given_by.get(change.field, ""),
    }
