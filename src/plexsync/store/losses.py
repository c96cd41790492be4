"""When the ledger was lost, and of which values nobody can say since then whether Plex held them before us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from plexsync.model.fields import Field
from plexsync.model.item import Item
from plexsync.store import preferences

_NAME = "ledger lost"
#: Seconds by which Plex's clock may differ from ours.
_CLOCKS_DIFFER = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What was written between `since` (None: ever) and `at` is in no ledger; seconds since the epoch."""

    since: float | None
    at: float

    def spares(self, item: Item, field: Field, now: float) -> bool:
        """Whether we cannot have written to the field in that time: the item came later, or was last changed before."""
        if self.at + _CLOCKS_DIFFER < item.added_at <= now + _CLOCKS_DIFFER:
            return True
        # A rating is its user's, and does not move the time of the item.
        if self.since is None or field is Field.RATING:
            return False
        return 0 < item.updated_at < self.since - _CLOCKS_DIFFER


def note(conn: Connection, loss: Loss) -> None:
    """From now on that counts."""
    known = preferences.held(conn, _NAME) or ()
    preferences.put(conn, _NAME, [*known, asdict(loss)])


def losses(conn: Connection) -> tuple[Loss, ...]:
    """All that was lost so far, the first first."""
    return tuple(Loss(**row) for row in preferences.get(conn, _NAME) or ())


def unknown(conn: Connection, item: Item, fields: Iterable[Field], now: float) -> frozenset[Field]:
    """Those of the fields that may hold a value of ours, although no ledger says so."""
    lost = losses(conn)
    return frozenset(field for field in fields if not all(loss.spares(item, field, now) for loss in lost))
