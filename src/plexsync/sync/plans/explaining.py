"""Why one scene is as it is in Plex: how its files were matched, and what each field of each item comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plexsync.config.settings import OWNER, SWITCH
from plexsync.model.errors import SyncError
from plexsync.model.fields import FIELDS, Field, Kind, Owner, Value
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.match import Confidence, Match, Verdict
from plexsync.model.plan import Change, Kept, Plan, Written
from plexsync.model.rules import Rules, desired
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.store import history, ledger, pins
from plexsync.store.database import Connection
from plexsync.sync.plainvalues import value_json
from plexsync.sync.plans.planning import Planned, Scope, plan_gone, plan_scenes
from plexsync.sync.story.tools import Tools

#: How many entries of the history are looked through for the last write of each field.
_LOOKED_THROUGH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the store knows of one item at one path."""

    written: Mapping[Field, Written]
    pinned: frozenset[Field]
    last: Mapping[Field, history.Entry]


async def explain(number: int, stash: StashClient, tools: Tools) -> dict[str, Any]:
    """The facts about one scene on one server, as Stash and Plex are now. Nothing is written to Plex."""
    try:
        return await _explained(number, stash, tools)
    except SyncError as error:
        return {"trouble": f"this cannot be told now: {error.message}", "files": [], "items": []}


async def _explained(number: int, stash: StashClient, tools: Tools) -> dict[str, Any]:
    answer = await stash.scenes_each([number])
    for error in answer.failed.values():
        raise error
    scene = answer.found.get(number)
    if scene is None:
        return {"trouble": (await plan_gone(number, stash, tools)).reason, "files": [], "items": []}
    matches = await tools.database.run(lambda c: tools.finder.matches(c, scene))
    (planned,) = await plan_scenes([scene], tools, Scope())
    read = await tools.plex.details([plan.rating_key for plan in planned.plans]) if planned.plans else {}
    items = [
        await _item(scene, plan, planned, read[plan.rating_key], tools)
        for plan in planned.plans
        if plan.rating_key in read
    ]
    return {"trouble": planned.reason, "files": [_file(match, tools) for match in matches], "items": items}


def _file(match: Match, tools: Tools) -> dict[str, Any]:
    return {
        "path": match.file.path,
        "in_plex": match.plex_path or None,
        "verdict": match.verdict.value,
        "confidence": match.confidence.value if match.verdict is Verdict.FOUND else None,
        "items": [item.rating_key for item in match.items],
        "says": _match_line(match, strict=tools.finder.strict),
    }


def _match_line(match: Match, *, strict: bool) -> str:
    keys = ", ".join(str(item.rating_key) for item in match.items)
    match match.verdict:
        case Verdict.MISSING:
            return f"a path rule makes it {match.plex_path}, and Plex lists no item there (yet)"
        case Verdict.AMBIGUOUS:
            return f"not matched: {match.reason} (items {keys})"
        case Verdict.OUTSIDE:
            return f"not matched: {match.reason}"
    sure = "certain" if match.confidence is Confidence.HIGH else "not certain: neither size nor duration proves it"
    if match.confidence is Confidence.LOW and strict:
        sure += ", and `strict_matching` writes only what is certain"
    return f"it is item {keys} at {match.plex_path}: {match.reason}; {sure}"


async def _item(scene: Scene, plan: Plan, planned: Planned, item: Item, tools: Tools) -> dict[str, Any]:
    rules = tools.rules_of(plan.section)
    around = await tools.database.run(lambda c: _around(c, tools.server, scene.id, plan.path, tools.clock.now()))
    wanted = desired(scene, rules).values
    given_by = planned.given_by.get(plan.section, {})
    fields = [_field(field, plan, item, rules, wanted, given_by, around) for field in Field]
    return {
        "item": plan.rating_key,
        "library": planned.libraries.get(plan.section, str(plan.section)),
        "path": plan.path,
        "waits": planned.waits.get(plan.section, ""),
        "fields": fields,
    }


def _around(connection: Connection, server: str, scene: int, path: str, now: float) -> Surroundings:
    last: dict[Field, history.Entry] = {}
    for entry in history.of_scene(connection, scene, _LOOKED_THROUGH):
        if entry.server == server and entry.path == path:
            last.setdefault(entry.field, entry)
    return Surroundings(
        written=ledger.rows(connection, server, [path], now).get(path, {}),
        pinned=pins.pinned(connection, server, [path]).get(path, frozenset()),
        last=last,
    )


def _field(
    field: Field,
    plan: Plan,
    item: Item,
    rules: Rules,
    wanted: Mapping[Field, Value],
    given_by: Mapping[Field, str],
    around: Surroundings,
) -> dict[str, Any]:
    change = next((one for one in plan.changes if one.field is field), None)
    kept = next((one for one in plan.kept if one.field is field), None)
    written, last, rule = around.written.get(field), around.last.get(field), given_by.get(field, "")
    now = _now(item, field, written)
    return {
        "field": field.value,
        "owner": rules.owner(field).value,
        "pinned": field in around.pinned,
        "now": now,
        "wanted": _wanted(field, change, kept, wanted, now),
        "rule": rule,
        "ledger": None
        if written is None
        else {
            "before": value_json(written.before),
            "intended": value_json(written.intended),
            "confirmed": written.is_confirmed,
        },
        "last_write": None if last is None else {"at": last.at, "run": last.run, "why": last.reason},
        "says": _line(field, rules, change, kept, pinned=field in around.pinned, is_wanted=field in wanted, rule=rule),
    }


def _now(item: Item, field: Field, written: Written | None) -> Any:
    if FIELDS[field].kind is not Kind.PICTURE:
        return value_json(value_of(item, field))
    return written.confirmed if written is not None and written.is_confirmed else None


def _wanted(field: Field, change: Change | None, kept: Kept | None, wanted: Mapping[Field, Value], now: Any) -> Any:
    """A picture is told by the plan alone: where that says nothing of it, what is shown is what should be."""
    if change is not None:
        return value_json(change.after)
    if FIELDS[field].kind is not Kind.PICTURE:
        return value_json(wanted.get(field))
    return now if kept is None else value_json(kept.wanted)


def _line(
    field: Field, rules: Rules, change: Change | None, kept: Kept | None, *, pinned: bool, is_wanted: bool, rule: str
) -> str:
    """The field in a sentence, the strongest reason first."""
    source = f"by {rule}" if rule else "from Stash"
    if rules.owner(field) is Owner.PLEX:
        return f"never written: `{SWITCH[field]}` is off, or `{OWNER[field]}` is `plex`"
    if pinned:
        return "pinned: left as Plex has it until it is unpinned"
    if change is not None:
        return f"to be written, {source}: {change.because.value}"
    if kept is not None:
        return f"left alone: {kept.reason.value}"
    if FIELDS[field].kind is Kind.PICTURE or is_wanted:
        return f"as it should be, {source}"
    return "no rule gives it a value: Plex keeps its own"
