"""Which daemon owns a server or the timetable: one row for each, with an epoch that fences off all earlier owners.

Ages are told by the database's own clock: those of the daemons' machines may differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import NotOwnerError
from plexsync.store.dialect import count_up, put_new, seconds_now
from plexsync.store.schema import owners


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who owns `key`, "" when nobody does. `silent` and `since` are seconds: without a beat, and as the owner."""

    key: str
    holder: str
    epoch: int
    silent: float
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a standby found: the epoch of its own reign, or None and the seconds until it may take over."""

    epoch: int | None
    wait: float
    holder: str


# Statements of the busiest way are made once: making one costs more than SQLite needs to run it.
_MINE = sa.and_(owners.c.server == sa.bindparam("of_key"), owners.c.epoch == sa.bindparam("in_epoch"))
# Nobody takes over while a transaction that looked lives; beats pass all the same.
_STILL_MINE = sa.select(owners.c.epoch).where(_MINE).with_for_update(read=True, key_share=True)


def take(conn: Connection, key: str, holder: str) -> int:
    """Become the owner, whoever was it before; the new epoch. Whether one may is for the caller to know."""
    now = seconds_now(conn)
    row = {"server": key, "holder": holder, "epoch": 1, "beat_at": now, "since": now}
    return count_up(conn, owners, row, "epoch")


def take_if_free(conn: Connection, key: str, holder: str, silence: float, *, manners: float = 0.0) -> Look:
    """Become the owner if nobody is, or if the owner was silent for `silence` seconds; `manners` later even then.

    A key that was never owned counts as free from the first look.
    """
    row = {"server": key, "holder": "", "epoch": 0, "beat_at": seconds_now(conn) - silence, "since": 0.0}
    put_new(conn, owners, row)
    columns = (owners.c.holder, owners.c.epoch, (seconds_now(conn) - owners.c.beat_at).label("silent"))
    # A row that is held is that of an owner in the middle of its work.
    looked = sa.select(*columns).where(owners.c.server == key).with_for_update(skip_locked=True)
    found = conn.execute(looked).one_or_none()
    if found is None:
        holder = conn.execute(sa.select(owners.c.holder).where(owners.c.server == key)).scalar_one()
        return Look(epoch=None, wait=silence, holder=holder)
    wait = silence + manners - found.silent
    # A beat far in the future is from before the database's clock was set back: nobody gives one now.
    if wait > 0 and found.silent > -silence:
        return Look(epoch=None, wait=wait, holder=found.holder)
    return Look(epoch=take(conn, key, holder), wait=0.0, holder=holder)


def beat(conn: Connection, key: str, epoch: int) -> None:
    """Say that the owner lives. NotOwnerError when another one took over."""
    mine = {"of_key": key, "in_epoch": epoch}
    if not conn.execute(sa.update(owners).where(_MINE).values(beat_at=seconds_now(conn)), mine).rowcount:
        raise _deposed(key)


def insist(conn: Connection, key: str, epoch: int) -> None:
    """NotOwnerError unless that reign lasts. If it does, it lasts until the end of this transaction."""
    if conn.execute(_STILL_MINE, {"of_key": key, "in_epoch": epoch}).one_or_none() is None:
        raise _deposed(key)


def free(conn: Connection, key: str, epoch: int, silence: float) -> None:
    """End that reign, so that the next one may begin at once. Nothing happens when it has ended already."""
    values: dict[str, Any] = {
        "holder": "",
        "epoch": owners.c.epoch + 1,
        "beat_at": seconds_now(conn) - silence,
        "since": 0.0,
    }
    conn.execute(sa.update(owners).where(_MINE).values(values), {"of_key": key, "in_epoch": epoch})


def standing(conn: Connection) -> dict[str, Owner]:
    """All keys that were ever owned."""
    now = seconds_now(conn)
    ages = ((now - owners.c.beat_at).label("silent"), (now - owners.c.since).label("since"))
    rows = conn.execute(sa.select(owners.c.server.label("key"), owners.c.holder, owners.c.epoch, *ages))
    return {row.key: Owner(**row._asdict()) for row in rows}


def _deposed(key: str) -> NotOwnerError:
    return NotOwnerError(f"Another PlexSync took over {key!r}: this one writes nothing more for it")
