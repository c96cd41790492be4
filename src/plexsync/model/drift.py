"""What a plan tells of an item that was in step: which of its fields no longer hold what they should. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plexsync.model.fields import Field, Owner
from plexsync.model.gaps import GapKind
from plexsync.model.plan import Because, Change, Plan, Written, is_empty
from plexsync.model.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The fields that a sync would write, each with the kind of gap that is."""

    fields: Mapping[Field, GapKind]

    @property
    def kind(self) -> GapKind | None:
        """What the item counts as; None where nothing differs."""
        kinds = set(self.fields.values())
        return next((kind for kind in GapKind if kind in kinds), None)


def drift_of(plan: Plan, *, in_step: bool, pictures: frozenset[Field] = frozenset()) -> Drift:
    """`in_step`: neither the scene nor the rules moved since the item was confirmed, so it was Plex that changed.

    `pictures` are the fields that show another picture than ours, see `lost_pictures`. The plan is one without them.
    """
    found = {change.field: _kind(change, in_step=in_step) for change in plan.changes}
    return Drift(fields=found | dict.fromkeys(pictures, GapKind.DRIFTED))


def _kind(change: Change, *, in_step: bool) -> GapKind:
    if not in_step and change.because is not Because.DRIFTED:
        return GapKind.STALE
    return GapKind.EMPTY if is_empty(change.before) else GapKind.DRIFTED


def lost_pictures(
    moved: frozenset[Field], ledger: Mapping[Field, Written], rules: Rules, pins: frozenset[Field]
) -> frozenset[Field]:
    """Of the fields whose picture is another one than when the item was last looked at, those that showed ours."""
    return frozenset(name for name in moved if _is_watched(name, ledger.get(name), rules, pins))


def _is_watched(name: Field, written: Written | None, rules: Rules, pins: frozenset[Field]) -> bool:
    if written is None or written.in_doubt or not written.is_confirmed or is_empty(written.intended):
        return False
    return name not in pins and rules.owner(name) is Owner.STASH
