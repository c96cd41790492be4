"""What is told of runs of reconciliation: plain JSON facts, and the sentences made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from plexsync.model.gaps import GapKind
from plexsync.model.spans import many
from plexsync.store import gapruns, gaps
from plexsync.store.database import Connection
from plexsync.store.gapruns import GapRun

_KINDS = {
    GapKind.MISSING: "missing in Plex",
    GapKind.EMPTY: "empty in Plex",
    GapKind.STALE: "older than Stash",
    GapKind.DRIFTED: "changed in Plex",
    GapKind.UNKNOWN: "unknown to Stash",
}
_OUTCOMES = {"closed": "closed", "decided": "decided otherwise", "left": "left as they are", "open": "being worked on"}


def run_facts(connection: Connection, number: int, *, examples: int = gaps.EXAMPLES) -> dict[str, Any] | None:
    """All that is known of a run, with up to so many gaps of each kind; None where there is no such run."""
    run = gapruns.one(connection, number)
    if run is None:
        return None
    found = gaps.listing(connection, number, limit=examples) if examples else []
    return _run(connection, run) | {"examples": [_gap(one) for one in found]}


def run_rows(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The latest runs, newest first, without their gaps."""
    return [_run(connection, run) for run in gapruns.listing(connection, limit)]


def _run(connection: Connection, run: GapRun) -> dict[str, Any]:
    by_server = run.facts.get("counts") or gaps.counts(connection, run.id)
    scenes, items = run.facts.get("scenes", 0), run.facts.get("items", 0)
    return {
        "id": run.id,
        "scope": run.scope.value,
        "cause": run.cause,
        "report_only": run.report_only,
        "stage": run.stage.value,
        "asked_at": run.asked_at,
        "began_at": run.began_at,
        "searched_at": run.searched_at,
        "ended_at": run.ended_at,
        "looked": scenes + items,
        "of": run.facts.get("total"),
        "scenes": scenes,
        "items": items,
        "read": run.facts.get("read", 0),
        "pages": run.facts.get("pages", 0),
        "trouble": run.facts.get("trouble", ""),
        "later": 0 if run.ended_at is not None else gaps.tried(connection, run.id),
        "found": _summed(by_server),
        "servers": by_server,
    }


def _summed(by_server: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """The gaps of all servers, by kind and outcome; every kind is told."""
    found: dict[str, Counter[str]] = {kind.value: Counter() for kind in GapKind}
    for kinds in by_server.values():
        for kind, outcomes in kinds.items():
            found[kind].update(outcomes)
    return {kind: dict(outcomes) for kind, outcomes in found.items()}


def _gap(one: gaps.FoundGap) -> dict[str, Any]:
    gap = one.gap
    return {
        "kind": gap.kind.value,
        "server": gap.server,
        "scene": gap.scene or None,
        "item": gap.rating_key or None,
        "path": gap.path,
        "title": gap.title,
        "fields": list(gap.fields),
        "outcome": None if one.outcome is None else one.outcome.value,
        "found_at": one.found_at,
    }


def search_lines(facts: Mapping[str, Any]) -> list[str]:
    """What a search came to, as the log of Stash says it."""
    lines = [f"run {facts['id']}: {summary(facts)}"]
    lines += [facts["trouble"]] if facts["trouble"] else []
    if total_of(facts):
        lines.append(f"what can be closed is worked on; `plexsync reconcile --run {facts['id']}` shows each gap.")
    return lines


def no_run(number: int) -> str:
    """What is said of a run that is not known."""
    return f"there is no run {number} of reconciliation: `plexsync reconcile --history` lists them"


def still_worked_on(facts: Mapping[str, Any]) -> bool:
    """Whether more will be known of the run soon: gaps that wait for their next attempt are not waited for."""
    if facts["searched_at"] is None:
        return True
    still_open = sum(outcomes.get("open", 0) for outcomes in facts["found"].values())
    return facts["ended_at"] is None and (still_open == 0 or still_open > facts["later"])


def kind_line(kind: str) -> str:
    """A kind of gap as people say it."""
    return _KINDS[GapKind(kind)]


def outcome_line(outcomes: Mapping[str, int], *, report_only: bool = False) -> str:
    """What became of gaps of one kind."""
    words = _OUTCOMES | ({"left": "only reported"} if report_only else {})
    return ", ".join(f"{outcomes[name]} {words[name]}" for name in words if outcomes.get(name))


def total_of(facts: Mapping[str, Any]) -> int:
    """How many gaps a run found."""
    return sum(sum(outcomes.values()) for outcomes in facts["found"].values())


def summary(facts: Mapping[str, Any]) -> str:
    """A run in one sentence."""
    looked = f"{many(facts['scenes'], 'scene')} and {many(facts['items'], 'item')} looked at"
    kinds = [f"{sum(found.values())} {kind_line(kind)}" for kind, found in facts["found"].items() if found]
    if not kinds:
        return f"{looked}: no gap." if facts["searched_at"] else f"{looked} so far: no gap yet."
    return f"{looked}: {', '.join(kinds)}."
