"""A plan is a value: what differs, why, and what is left alone for which reason."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.model.fields import Field, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The ledger of one field of one item.

    `before` is what Plex held before our first write ever; `intended` what we last set out to write; `confirmed`
    what Plex held after that write, None until it was read back. `tries` counts the writes of this `intended` whose
    read-back showed another value.
    """

    before: Value
    intended: Value
    confirmed: Value = None
    is_confirmed: bool = False
    tries: int = 0
