"""What the ledger knows of one field of one item, and what of the field is ours by that."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.model.compare import same
from plexsync.model.fields import FieldSpec, Kind, Value
from plexsync.model.plan.entries import entry_keys, is_empty

#: After this many writes whose read-back showed the same other value, Plex is taken at its word.
TRIES_UNTIL_REFUSED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The ledger of one field of one item.

    `before` is what Plex held before our first write ever; `intended` what we last set out to write, None for
    nothing. `confirmed` is what Plex held when a write was last read back: this one if `is_confirmed` or there were
    `tries`, which counts the writes of this `intended` whose read-back showed another value; else an earlier one.
    Where a list was to be emptied, `confirmed` holds only the entries that should have gone and did not. Of a shared
    list `intended` and `confirmed` hold only the entries that we added.
    `in_doubt`: a write was begun lately that was never read back. Whatever Plex holds since is ours.
    `given` is what of `before` Plex had taken from our provider, and of a shared list what it took since. It is ours as
    well, though an undo leaves it.
    """

    before: Value
    intended: Value
    confirmed: Value = None
    is_confirmed: bool = False
    tries: int = 0
    in_doubt: bool = False
    given: Value = None

    def may_have_arrived(self, spec: FieldSpec, found: Value) -> bool:
        """Whether what Plex holds can come from a write in doubt: it is not what Plex is known to have held before."""
        held = self.before if is_empty(self.confirmed) else self.confirmed
        return self.in_doubt and not self.is_confirmed and same(spec, held, found) != "equal"


def is_ours(spec: FieldSpec, found: Value, written: Written | None) -> bool:
    """Whether Plex holds what we wrote last, or what we held confirmed before a write that never came to its end."""
    if written is None:
        return False
    if written.in_doubt:
        return True
    if _still_ours(written) and same(spec, written.confirmed, found) == "equal":
        return True
    sameness = same(spec, written.intended, found)
    # A number near ours may be a person's own choice.
    return sameness == "equal" or (sameness == "form" and spec.kind is not Kind.NUMBER)


def added(spec: FieldSpec, written: Written) -> set[str]:
    """The entries of a list that we added, also where a write that takes them off never came to its end."""
    if spec.shared:
        return entry_keys(written.intended) | (set() if written.is_confirmed else entry_keys(written.confirmed))
    unfinished = not written.is_confirmed and (written.tries == 0 or is_empty(written.intended))
    ours = entry_keys(written.intended) | (entry_keys(written.confirmed) if unfinished else set())
    return ours - (entry_keys(written.before) - entry_keys(written.given))


def _still_ours(written: Written) -> bool:
    """Whether the value last read back is ours: not where Plex kept its own against what we wrote."""
    return written.is_confirmed or written.tries == 0 or is_empty(written.intended)
