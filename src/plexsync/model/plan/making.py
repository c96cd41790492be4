"""Makes the plan of one scene and one item. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plexsync.model.compare import same
from plexsync.model.fields import FIELDS, Field, Kind, Owner, Value
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.plan import fields, shared
from plexsync.model.plan.answers import Change, Conflict, Done, Given, Kept, Left, Plan
from plexsync.model.plan.entries import entry_keys, is_empty, only
from plexsync.model.plan.given import UNTOLD, given
from plexsync.model.plan.standing import Standing
from plexsync.model.plan.written import Written
from plexsync.model.provider import tells_of
from plexsync.model.rules import Rules

#: How the guid of an item begins that is matched to Plex's own catalogue, where ratings go beyond this server.
_CATALOGUED = "plex://"
#: A provider tells pictures, though the plan cannot say whose an item shows.
_NEVER_TOLD = frozenset({Field.RATING, Field.LABELS})


@dataclass(slots=True, kw_only=True)
class _Draft:
    changes: list[Change] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    arrived: list[tuple[Field, Value]] = field(default_factory=list)
    disowned: list[tuple[Field, Value]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)


def make_plan(  # one scene, one item, and all that is to be minded
    *,
    scene: int,
    item: Item,
    path: str,
    wanted: Mapping[Field, Value],
    rules: Rules,
    ledger: Mapping[Field, Written],
    pins: frozenset[Field] = frozenset(),
    shown: Mapping[Field, Value] | None = None,
) -> Plan:
    """Compare field by field. What `wanted` does not name, and is not ours by the ledger, is not looked at.

    `shown` are the pictures that were seen to be other ones than the ledger tells of.
    """
    draft, told = _Draft(), tells_of(item.guid, scene)
    for name in _names(wanted, ledger):
        if rules.owner(name) is not Owner.PLEX:
            value = _wanted(name, wanted, item, draft)
            at = _standing(name, item, value, rules, ledger.get(name), shown or {}, told=told)
            answer = _minding(_decide(at), at, item, rules, pins)
            _judge(draft, at, answer, rules)
            if told and name not in pins and (new := given(at, answer)) is not None:
                draft.given.append(new)
                draft.disowned = [one for one in draft.disowned if one[0] is not name]
    return Plan(
        scene=scene,
        rating_key=item.rating_key,
        section=item.section,
        path=path,
        changes=tuple(draft.changes),
        kept=tuple(draft.kept),
        arrived=tuple(draft.arrived),
        disowned=tuple(draft.disowned),
        conflicts=tuple(draft.conflicts),
        given=tuple(draft.given),
    )


def to_lock(item: Item, rules: Rules, pins: frozenset[Field]) -> tuple[Field, ...]:
    """The pinned fields that Plex would take from our provider: what is not locked is its to refresh.

    One that is switched off as well: Plex empties what it is not told. None where nothing is ever written.
    """
    pinned = (name for name in Field if name in pins and name not in _NEVER_TOLD) if rules.written else ()
    return tuple(name for name in pinned if FIELDS[name].plex not in item.locks)


def _names(wanted: Mapping[Field, Value], ledger: Mapping[Field, Written]) -> Iterator[Field]:
    """The fields that are wanted, and those that are not any more and hold something of ours."""
    yield from wanted
    for name, written in ledger.items():
        ours = not is_empty(written.intended) or not written.is_confirmed
        if ours and name not in wanted and not FIELDS[name].keep_when_empty:
            yield name


def _wanted(name: Field, wanted: Mapping[Field, Value], item: Item, draft: _Draft) -> Value:
    """What is wanted. A sort title that is the title itself is none: Plex does not tell it."""
    value = wanted.get(name)
    if name is not Field.SORT_TITLE:
        return value
    title = next((change.after for change in draft.changes if change.field is Field.TITLE), item.title)
    return None if value == title else value


def _standing(
    name: Field,
    item: Item,
    wanted: Value,
    rules: Rules,
    written: Written | None,
    shown: Mapping[Field, Value],
    *,
    told: bool,
) -> Standing:
    spec = FIELDS[name]
    return Standing(
        spec=spec,
        wanted=wanted,
        found=shown[name] if name in shown else _found(item, name, written),
        written=written,
        owner=rules.owner(name),
        locked=spec.plex in item.locks,
        told=told and name not in UNTOLD,
        clears_foreign=rules.clears_foreign(name),
    )


def _found(item: Item, name: Field, written: Written | None) -> Value:
    """What Plex holds. A picture's bytes cannot be told from the item, so our own record of them counts."""
    if FIELDS[name].kind is not Kind.PICTURE:
        return value_of(item, name)
    return written.confirmed if written is not None and written.is_confirmed else None


def _decide(at: Standing) -> Change | Kept | None:
    return shared.decide(at) if at.spec.shared else fields.decide(at)


def _minding(
    answer: Change | Kept | None, at: Standing, item: Item, rules: Rules, pins: frozenset[Field]
) -> Change | Kept | None:
    """The answer where nothing forbids it: a pin, an edit that is to be kept, a rating that would leave the server."""
    if answer is None:
        return None
    name, reason = at.spec.field, None
    if name in pins:
        reason = Left.PINNED
    elif at.edited and name in rules.keep_edits:
        reason = Left.EDITED
    elif name is Field.RATING and item.guid.startswith(_CATALOGUED) and not rules.rate_plex_items:
        reason = Left.CATALOGUED
    return answer if reason is None else Kept(field=name, now=at.found, wanted=at.wanted, reason=reason)


def _judge(draft: _Draft, at: Standing, answer: Change | Kept | None, rules: Rules) -> None:
    name, written = at.spec.field, at.written
    match answer:
        case Change() as change:
            draft.changes.append(change)
        case Kept() as left:
            draft.kept.append(left)
    if answer is not None and at.lost and written is not None and not _is_told(at):
        draft.conflicts.append(
            Conflict(field=name, ours=written.confirmed, now=at.found, done=_done(answer, at, rules), edited=at.edited)
        )
    if isinstance(answer, Change) or written is None:
        return
    if written.in_doubt and answer is None and _arrived(at, written):
        held = only(at.found, entry_keys(written.intended)) if at.spec.shared else at.found
        draft.arrived.append((name, held))
    elif at.spec.shared and not written.in_doubt:
        rest = shared.left_as_ours(at)
        if entry_keys(rest) != entry_keys(written.intended):
            draft.disowned.append((name, rest))


def _is_told(at: Standing) -> bool:
    """Whether Plex only followed our provider: it holds nothing but what is wanted, though perhaps not all of it."""
    return not is_empty(at.found) and at.given == at.found


def _done(answer: Change | Kept, at: Standing, rules: Rules) -> Done:
    if isinstance(answer, Change):
        return Done.RESTORED
    pinned = answer.reason is Left.PINNED or (at.edited and at.spec.field in rules.keep_edits)
    return Done.PINNED if pinned else Done.KEPT


def _arrived(at: Standing, written: Written) -> bool:
    """Whether what is wanted, and is there, is what was last written."""
    if at.spec.shared:
        return entry_keys(written.intended) <= entry_keys(at.found)
    return same(at.spec, at.wanted, written.intended) == "equal"
