"""How one field stands: what is wanted, what Plex holds, and what happened to it since we wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.model.compare import same
from plexsync.model.fields import FieldSpec, Owner, Value
from plexsync.model.plan.entries import entry_keys, is_empty, only
from plexsync.model.plan.written import Written, is_ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that the answer about one field depends on. `locked`: Plex's lock on the field is set.

    `told`: Plex takes the field from our provider, whenever it refreshes the item, unless it is locked.
    """

    spec: FieldSpec
    wanted: Value
    found: Value
    written: Written | None
    owner: Owner
    locked: bool = False
    told: bool = False
    clears_foreign: bool = False

    @property
    def given(self) -> Value:
        """What of the value Plex took from our provider: as it is wanted, and nobody locked it. Of a list entries."""
        if not self.told or self.locked:
            return None
        if isinstance(self.found, tuple):
            return only(self.found, entry_keys(self.wanted) - self._foreign)
        return self.found if same(self.spec, self.wanted, self.found) == "equal" else None

    @property
    def _foreign(self) -> set[str]:
        """Entries of a shared list that others had put there before us."""
        if self.written is None or not self.spec.shared:
            return set()
        return entry_keys(self.written.before) - entry_keys(self.written.given)

    @property
    def meant(self) -> bool:
        """What is wanted is what we set out to write last."""
        return self.written is not None and same(self.spec, self.wanted, self.written.intended) == "equal"

    @property
    def lost(self) -> bool:
        """Plex no longer holds what it held when our value was last read back, and we did not change it."""
        written = self.written
        if written is None or written.in_doubt or not written.is_confirmed:
            return False
        if is_empty(written.intended):
            return False
        if self.spec.shared:
            return not entry_keys(written.intended) <= entry_keys(self.found)
        return not is_ours(self.spec, self.found, written)

    @property
    def edited(self) -> bool:
        """A person changed our value: what we write is locked, and a refresh of Plex leaves locked fields alone."""
        return self.lost and (self.locked or not self.spec.lockable)

    @property
    def reverted(self) -> bool:
        """Plex itself took our value away: the field is not locked."""
        return self.lost and not self.edited
