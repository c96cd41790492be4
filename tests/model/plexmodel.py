"""What a Plex does with plans, without any Plex: lists additive or replaced, forms of its own, locks and refreshes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Kind, Value
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.plan import Change, Given, Plan, Written, entry_keys, make_plan, only
from plexsync.model.restoring import Known, Restored, restoration
from plexsync.model.rules import Rules

SCALARS = (Field.TITLE, Field.SUMMARY, Field.STUDIO, Field.RATING)
SHARED = (Field.LABELS, Field.COLLECTIONS)
LISTS = (Field.GENRES, Field.DIRECTORS, *SHARED)
FIELDS_HELD = (*SCALARS, *LISTS)


@dataclass(slots=True)
class PlexModel:
    """One item, and the ledger that is kept of it. `additive` lists never lose an entry that is not named."""

    additive: bool = True
    shouting: bool = False  #: gives texts a form of its own
    capitals: bool = False  #: gives labels a capital first letter
    guid: str = ""
    values: dict[Field, Any] = field(default_factory=dict)
    locks: set[Field] = field(default_factory=set)
    ledger: dict[Field, Written] = field(default_factory=dict)
    firsts: dict[Field, tuple[Value, bool]] = field(default_factory=dict)
    theirs: dict[Field, set[str]] = field(default_factory=lambda: {name: set() for name in SHARED})

    @property
    def item(self) -> Item:
        """The item as it is read."""
        plain: dict[str, Any] = {}
        for name in FIELDS_HELD:
            empty: Any = () if name in LISTS else None if name is Field.RATING else ""
            plain[name.value] = self.values.get(name) or empty
        return Item(
            rating_key=7, section=2, guid=self.guid, locks=frozenset(FIELDS[name].plex for name in self.locks), **plain
        )

    def edit(self, name: Field, value: Value) -> None:
        """A person changes a field, which locks it. What they add to a shared list is theirs."""
        if name in SHARED:
            keys = entry_keys(self.values.get(name))
            self.theirs[name] = (self.theirs[name] | (entry_keys(value) - keys)) & entry_keys(value)
        self._set(name, value)
        if FIELDS[name].lockable:
            self.locks.add(name)

    def refresh(self, values: Mapping[Field, Value]) -> None:
        """Plex asks its agent again: what is not locked gets another value. Labels and ratings are left alone."""
        for name, value in values.items():
            if name not in self.locks and name not in (*SHARED, Field.RATING):
                self._set(name, value)

    def told(self, wanted: Mapping[Field, Value]) -> None:
        """Plex asks our provider: what is not locked is as it says, of genres only the first."""
        for name in FIELDS_HELD:
            if name in self.locks or name in (Field.LABELS, Field.RATING):
                continue
            value = wanted.get(name)
            if name is Field.COLLECTIONS:
                held = self.values.get(name) or ()
                value = tuple(one for one in held if text_key(one) in self.theirs[name] - entry_keys(value)) + _names(
                    value
                )
            if name is not Field.TITLE or value:
                self._set(name, _names(value)[:1] if name is Field.GENRES else value)

    def unlock(self, name: Field) -> None:
        """A person opens a lock."""
        self.locks.discard(name)

    def plan(self, wanted: Mapping[Field, Value], rules: Rules, pins: Iterable[Field] = ()) -> Plan:
        return make_plan(
            scene=1, item=self.item, path="/a", wanted=wanted, rules=rules, ledger=self.ledger, pins=frozenset(pins)
        )

    def sync(self, wanted: Mapping[Field, Value], rules: Rules) -> Plan:
        """Carry a plan out as a sync does, ledger and read-back included."""
        made = self.plan(wanted, rules)
        for one in made.given:
            self._give(one)
        for change in made.changes:
            first = (value_of(self.item, change.field), change.field in self.locks)
            self.firsts.setdefault(change.field, first)
            self._write(change)
            self._note(change)
        for name, ours in made.disowned:
            self.ledger[name] = replace(self.ledger[name], intended=ours, confirmed=ours)
        return made

    def learn(self, wanted: Mapping[Field, Value], rules: Rules) -> None:
        """Look as a sync does whose writes wait for somebody's go."""
        for one in self.plan(wanted, rules).given:
            self._give(one)

    def undo(self) -> list[Restored]:
        """Put everything back; what was done."""
        known = {
            name: Known(written=row, before_locked=self.firsts[name][1] if name in self.firsts else None)
            for name, row in self.ledger.items()
        }
        made = restoration(self.item, known, {})
        for one in made.restored:
            self._write(one.change)
            if one.lock is False:
                self.locks.discard(one.field)
            elif one.lock is None and one.field not in SHARED:
                pass
            assert one.held_by(self.item)
        for one in (*made.restored, *made.settled):
            del self.ledger[one.field]
        return [*made.restored, *made.settled]

    def _write(self, change: Change) -> None:
        name = change.field
        if FIELDS[name].kind is not Kind.TAGS:
            value = change.after.upper() if self.shouting and isinstance(change.after, str) else change.after
            self._set(name, value)
        else:
            gone = entry_keys(change.before) - entry_keys(change.after)
            held = {text_key(entry): entry for entry in self.values.get(name) or () if text_key(entry) not in gone}
            after = {text_key(str(entry)): str(entry) for entry in _entries(change.after)}
            kept = held if self.additive or not after else {key: held[key] for key in after if key in held}
            order = {**kept, **after} if self.additive else {**after}
            self._set(name, tuple(held.get(key, self._spelt(name, entry)) for key, entry in order.items()))
        if FIELDS[name].lockable:
            self.locks.add(name)

    def _note(self, change: Change) -> None:
        name, found = change.field, value_of(self.item, change.field)
        held = only(found, entry_keys(change.ours)) if name in SHARED else found
        first = self.ledger.get(name, Written(before=change.before, intended=None))
        self.ledger[name] = Written(
            before=first.before, intended=change.intended, confirmed=held, is_confirmed=True, given=first.given
        )

    def _give(self, one: Given) -> None:
        before = self.ledger[one.field].before if one.field in self.ledger else one.before
        self.firsts.setdefault(one.field, (one.before, False))
        self.ledger[one.field] = Written(
            before=before, intended=one.intended, confirmed=one.confirmed, is_confirmed=True, given=one.value
        )

    def _spelt(self, name: Field, entry: str) -> str:
        return entry[:1].upper() + entry[1:] if self.capitals and name is Field.LABELS else entry

    def _set(self, name: Field, value: Value) -> None:
        if value:
            self.values[name] = value
        else:
            self.values.pop(name, None)


def _names(value: Value) -> tuple[str, ...]:
    return tuple(entry for entry in _entries(value) if isinstance(entry, str))


def _entries(value: Value) -> Sequence[object]:
    return value if isinstance(value, tuple) else ()
