"""A backup takes the place of a whole store because a person wants it: to go back, or to move to another database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import StoreDamagedError, StoreError
from plexsync.store import backup, damage, identity, losses, owner, rebuild, restore, volume
from plexsync.store.backupfile import Contents
from plexsync.store.backups import restorable
from plexsync.store.database import Database
from plexsync.store.losses import Loss
from plexsync.store.opening import Home
from plexsync.store.rebuild import Doubt

#: Seconds without a beat after which the daemon of another data folder is taken for gone.
_SILENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored, and under which names the former database file and identity are kept, if there were any."""

    contents: Contents
    database_kept: Path | None
    identity_kept: Path | None


def restore_store(home: Home, file: Path, now: float, *, replace: bool) -> Restored:
    """Make the store, and the identity beside it, what the backup holds. Call it under the folder lock.

    StoreError, and nothing is changed, when the backup is not whole, when a newer program made it, and when the store
    holds a ledger already, unless it is to be replaced.
    """
    contents = restorable(file)
    kept = None
    if home.file is not None:
        kept = _into_file(home, home.file, file, contents, now, replace=replace)
    else:
        _into_server(home, file, contents, now, replace=replace)
    former = None
    if contents.identity is not None:
        former = identity.put_back(home.identity, contents.identity, now, kept_as="before-restore")
    return Restored(contents=contents, database_kept=kept, identity_kept=former)


def _into_file(home: Home, database: Path, file: Path, contents: Contents, now: float, *, replace: bool) -> Path | None:
    volume.require_local(database, volume.mount_table())
    if not replace:
        _require_no_ledger(home, database)
    about = Doubt(at=now, why="", aside=damage.aside_name(database, "replaced", now), source=str(file.resolve()))
    there = database.exists()
    _require_filled(rebuild.replace(database, home.url, about, [(file, contents)]), contents, file)
    return database.with_name(about.aside) if there else None


def _require_filled(database: Database, contents: Contents, file: Path) -> None:
    try:
        with database.transaction() as conn:
            count, wanted = backup.ledger_rows(conn), contents.counts.get("ledger", 0)
    finally:
        database.close()
    if count != wanted:
        raise StoreError(f"{_misfit(file)}. What was there before is kept beside the database; the log says more")


def _misfit(file: Path) -> str:
    return f"The backup {file} does not fit the tables of this PlexSync, nothing was restored from it"


def _require_no_ledger(home: Home, database: Path) -> None:
    if not database.exists() or (database.is_file() and not database.stat().st_size):
        return
    try:
        with backup.snapshot(home.url) as conn:
            count = backup.ledger_rows(conn)
    except StoreDamagedError as error:
        raise StoreError(f"{error}. To set it aside and restore that backup, say --replace") from error
    _refuse(str(database), count, "sets that file aside")


def _refuse(place: str, count: int, effect: str) -> None:
    if count:
        raise StoreError(
            f"The database {place} holds a ledger of {count} fields already, which tells what Plex held before "
            f"PlexSync: nothing was restored. --replace {effect} and restores all the same"
        )


def _into_server(home: Home, file: Path, contents: Contents, now: float, *, replace: bool) -> None:
    database = Database.open(home.url)
    try:
        with database.transaction() as conn:
            _require_no_daemon(conn, database.place)
            if not replace:
                _refuse(database.place, backup.ledger_rows(conn), "empties it")
            restore.empty(conn)
            restore.fill(conn, file)
            losses.note(conn, Loss(since=contents.header.made_at, at=now))
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        raise StoreError(f"{_misfit(file)} ({error.orig})") from error
    finally:
        database.close()


def _require_no_daemon(conn: Connection, place: str) -> None:
    for one in owner.standing(conn).values():
        if one.holder and abs(one.silent) < _SILENCE:
            raise StoreError(
                f"Another PlexSync ({one.holder}) works on the database {place}: stop that one first; if it was "
                f"killed, wait {_SILENCE:.0f} s"
            )
