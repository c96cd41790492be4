"""A new store in the place of one that was lost: what is being done is on the disk first, so that it can be resumed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.model.spans import moment
from plexsync.store import backup, damage, losses, notices, private_file, restore
from plexsync.store.backupfile import Contents
from plexsync.store.database import Database
from plexsync.store.losses import Loss

_log = logger("plexsync.store")


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Lies beside the database while it is not known to be whole. Once `aside` is named, it is being replaced.

    `why` is what was met, "" where a person wants it so; `sure` that no check is needed; `source` the backup to take,
    if a certain one is meant.
    """

    at: float
    why: str
    sure: bool = False
    aside: str = ""
    source: str | None = None


def doubt_of(file: Path) -> Doubt | None:
    """The doubt about a database; None when there is none."""
    try:
        return msgspec.json.decode(_place(file).read_bytes(), type=Doubt)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        _log.warning("what is known of a doubtful database cannot be read", file=str(_place(file)), reason=str(error))
        return Doubt(at=0.0, why="")


def doubt(file: Path, about: Doubt) -> None:
    """Remember it. StoreError when that cannot be done."""
    try:
        private_file.replace(_place(file), msgspec.json.encode(about).decode() + "\n")
    except OSError as error:
        raise StoreError(f"The file {_place(file)} cannot be written: {error.strerror}") from error


def settle(file: Path) -> None:
    """There is no doubt any more."""
    _place(file).unlink(missing_ok=True)


def replace(file: Path, url: str, about: Doubt, backups: Iterable[tuple[Path, Contents]]) -> Database:
    """Set the old database aside and open a new one, filled from the first backup that can be had.

    What `about` says is on the disk before anything is done, so that this may be called again after any crash.
    """
    doubt(file, about)
    damage.set_aside(file, about.aside)
    database = Database.open(url)
    try:
        read_back(database, about.why and f"{about.why} It is kept as {about.aside}.", about.at, backups)
    except BaseException:
        database.close()
        raise
    settle(file)
    return database


def read_back(database: Database, why: str, now: float, backups: Iterable[tuple[Path, Contents]]) -> None:
    """Fill a store that holds nothing from the first backup that can be had. Where there is a `why` people are told."""
    for path, contents in backups:
        try:
            with database.transaction() as conn:
                if not backup.holds_anything(conn):
                    restore.fill(conn, path)
                    _remember(conn, why, now, contents, path)
        except (sa.exc.IntegrityError, sa.exc.DataError) as error:
            _log.error("a backup does not fit its tables, an older one is tried", file=str(path), reason=str(error))
        else:
            return
    with database.transaction() as conn:
        if not backup.holds_anything(conn):
            _remember(conn, why, now, None, None)


def _remember(conn: Connection, why: str, now: float, contents: Contents | None, path: Path | None) -> None:
    made_at = contents.header.made_at if contents is not None else None
    losses.note(conn, Loss(since=made_at, at=now))
    if not why:
        return
    if path is None or made_at is None:
        found = "There is no backup that could be read back."
    else:
        found = f"The backup {path.name} of {moment(made_at)} was read back."
    told = (
        f"{why} {found} All else is compared anew. What Plex held before PlexSync wrote to it is not known where that "
        "was first done after the backup."
    )
    notices.add(conn, told)
    _log.error("the store was lost and made anew", reason=told)


def _place(file: Path) -> Path:
    return file.with_name(f"{file.name}.doubt")
