"""What is not written yet although it differs: it waits for a person's go, or for the brake's judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from plexsync.model.plan import Plan
from plexsync.model.rules import WhenGone
from plexsync.model.scene import Scene
from plexsync.model.work import Decision, Job, Lane, Outcome, Verdict
from plexsync.store import decisions, in_step, ledger, links, seen
from plexsync.store.database import Connection
from plexsync.sync.brakes.brake import (
    ASKED,
    BY_RULE,
    FEW,
    GONE,
    JUDGED,
    PENDING,
    REJECTED,
    RELEASED,
    Drastic,
    drastic,
    is_bulk,
    of_few,
)
from plexsync.sync.causes import BACKLOG, PICTURE
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.plainvalues import changes_json
from plexsync.sync.runs import is_run
from plexsync.sync.story.endings import decided
from plexsync.sync.story.finder import Found
from plexsync.sync.story.known import PICTURES
from plexsync.sync.story.lost import lost_of, rule_of
from plexsync.sync.story.tools import Tools

#: The fact of a decision that tells what of which items it is about.
PARTS = "parts"
_JUDGING = (
    "nobody asked for this scene by name: it goes on, or is asked about, once all that changed with it is counted"
)
_GO = "go for library "
_DEEDS = {
    WhenGone.RESTORE: "what its item held before PlexSync would be put back",
    WhenGone.CLEAR: "what PlexSync wrote would be cleared",
}


def go_ahead(section: int) -> str:
    """The reason of jobs that a person let go in that library."""
    return f"{_GO}{section}"


def previewed(job: Job, plans: Sequence[Plan], libraries: Libraries) -> list[Plan]:
    """The plans of libraries that wait for the user's go; what is pinned is locked without, but where all waits."""
    return [
        plan
        for plan in plans
        if (plan.changes or plan.portraits or libraries.always_previewed(plan.section))
        if not plan.empty and _waits(job, plan.section, libraries)
    ]


def _waits(job: Job, section: int, libraries: Libraries) -> bool:
    if go_ahead(section) in job.reasons:
        return False
    if libraries.always_previewed(section):
        return True
    told = {reason for reason in job.reasons if not _lets_go(reason)}
    # That somebody may have touched a picture makes no backlog a change.
    return BACKLOG.issuperset(told - {PICTURE}) and libraries.in_preview(section)


def _lets_go(reason: str) -> bool:
    """Whether it says only that a job may go on, or in which run: nothing of what changed."""
    return reason in (JUDGED, RELEASED, *ASKED.values()) or reason.startswith(_GO) or is_run(reason)


def turned_down(connection: Connection, server: str, scene: int) -> Decision | None:
    """What a person turned down of the scene."""
    decision = decisions.decided(connection, server, [scene]).get(scene)
    return decision if decision is not None and decision.kind == REJECTED else None


def still_stands(answer: Decision, job: Job, scene: Scene, due: Sequence[Plan], tools: Tools) -> bool:
    """Whether nothing is due but what a person turned down: the scene was touched, no more, and nobody asks for it."""
    same = bool(due) and answer.digest == tools.rules.digest(scene)
    return same and job.lane is not Lane.USER and set(_parts(due)) <= set(answer.facts.get(PARTS, ()))


def _parts(due: Sequence[Plan]) -> list[str]:
    """What would be written to which item. Pictures are told whole: the digest of a scene knows nothing of them."""
    fields = [
        f"{plan.rating_key} {change.field.value} {change.after if change.field in PICTURES else ''}".rstrip()
        for plan in due
        for change in plan.changes
    ]
    return sorted([*fields, *(f"{plan.rating_key} {portrait}" for plan in due for portrait in plan.portraits)])


async def set_aside(job: Job, scene: Scene, found: Found, due: Sequence[Plan], tools: Tools) -> Outcome | None:
    """How a bulk job ends whose plans are to be judged first; None where they may be written."""
    if not due or not is_bulk(job):
        return None
    known, anew = await tools.database.run(lambda c: _standing(c, scene, due, tools))
    kinds = drastic(due, known=known, anew=anew)
    if not kinds:
        return None
    changes = [change for plan in due for change in plan.changes]
    facts = {
        "fields": sorted({change.field.value for change in changes}),
        "sections": sorted({plan.section for plan in due}),
        "changes": changes_json(changes),
        PARTS: _parts(due),
        **({FEW: True} if of_few(job) else {}),
    }
    return _pending(job, scene, found, tools, kinds, facts)


def _standing(connection: Connection, scene: Scene, due: Sequence[Plan], tools: Tools) -> tuple[bool, frozenset[int]]:
    """Whether the scene was in step before, and the items that came anew to paths that were written."""
    confirmed = in_step.digests(connection, tools.server, [scene.id])
    written = ledger.items(connection, tools.server, [plan.path for plan in due])
    anew = {plan.rating_key for plan in due if plan.rating_key not in written.get(plan.path, {plan.rating_key})}
    return bool(confirmed.get(scene.id)), frozenset(anew)


def unlinked(job: Job, scene: Scene, found: Found, tools: Tools) -> Outcome:
    """How a bulk job ends that found none of a scene's items any more, for another reason than that they are gone."""
    facts = {"fields": [], "changes": [], "instead": found.refusal}
    return _pending(job, scene, found, tools, {Drastic.UNLINK}, facts)


def loses_links(job: Job, found: Found) -> bool:
    """Whether remembering what was found would drop all that a scene was linked to, and nobody asked for it."""
    # Nothing of Plex is touched by that: few need not be counted.
    return not found.links and bool(found.refusal) and is_bulk(job) and not of_few(job)


async def vanished(job: Job, tools: Tools) -> Outcome | None:
    """How a bulk job ends whose scene Stash no longer has; None where that may be taken as it is."""
    # What the rules would take back is counted once it comes to that, whatever job brings it.
    if not is_bulk(job) or of_few(job):
        return None
    linked = await tools.database.run(lambda c: _linked(c, job.scene, tools))
    if linked is None:
        return None
    title, rules = linked
    kinds = {Drastic.UNLINK, *(BY_RULE[rule] for rule in rules)}
    by_rule = "".join(f"; {_DEEDS[rule]}" for rule in sorted(rules))
    facts = {"fields": [], "changes": [], "instead": f"Stash has no such scene{by_rule}"}
    return asked_first(job, title, kinds, facts)


def _linked(connection: Connection, scene: int, tools: Tools) -> tuple[str, set[WhenGone]] | None:
    """The title of a scene that has items, and what the rules would do with these."""
    ties = links.of_scenes(connection, tools.server, [scene]).get(scene, [])
    if not ties:
        return None
    known, lost = seen.known(connection, [scene]).get(scene), lost_of(connection, tools, scene, ties)
    paths = lost.paths if lost is not None else ()
    rules = {rule_of(tie.section, tools) for tie in ties if tie.plex_path in paths} - {WhenGone.LEAVE}
    return known.title if known is not None else "", rules


def asked_first(job: Job, title: str, kinds: Iterable[Drastic], facts: dict[str, Any]) -> Outcome:
    """How a job ends of what is gone, which is counted before it happens."""
    told = _facts(job, title, kinds, facts)
    decision = Decision(kind=PENDING, reason=_JUDGING, digest=GONE, index_version=0, facts=told)
    return Outcome(verdict=Verdict.DECISION, decision=decision)


def _pending(
    job: Job, scene: Scene, found: Found, tools: Tools, kinds: Iterable[Drastic], facts: dict[str, Any]
) -> Outcome:
    outcome = decided(scene, found, tools, PENDING, _JUDGING, **_facts(job, scene.label, kinds, facts))
    assert outcome.decision is not None  # noqa: S101  # that is how a decision ends
    # What is asked of a person stands whatever else Plex lists meanwhile.
    return replace(outcome, decision=replace(outcome.decision, index_version=0))


def _facts(job: Job, title: str, kinds: Iterable[Drastic], facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {"title": title, "what": sorted(kinds), "reasons": list(job.reasons)}
