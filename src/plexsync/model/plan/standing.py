"""How one field stands: what is wanted, what Plex holds, and what happened to it since we wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.model.compare import same
from plexsync.model.fields import FieldSpec, Owner, Value
from plexsync.model.plan.entries import entry_keys, is_empty
from plexsync.model.plan.written import Written, is_ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that the answer about one field depends on. `locked`: Plex's lock on the field is set."""

    spec: FieldSpec
    wanted: Value
    found: Value
    written: Written | None
    owner: Owner
    locked: bool = False
    clears_foreign: bool = False

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
