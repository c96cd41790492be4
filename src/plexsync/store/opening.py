"""How a store is opened for work: whatever state its files are in, it is whole afterwards, or refused with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plexsync.log import logger
from plexsync.model.errors import StoreDamagedError, StoreError
from plexsync.model.spans import moment
from plexsync.store import address, backup, damage, identity, migration, notices, rebuild, volume
from plexsync.store.backupfile import BackupError, Contents, Why
from plexsync.store.backups import Backups, restorable
from plexsync.store.database import Database
from plexsync.store.rebuild import Doubt

_log = logger("plexsync.store")

_FOLDER = "backups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A store, and the data folder with what goes with it."""

    url: str
    data_dir: Path

    @property
    def file(self) -> Path | None:
        """The database file; None where it is a server's."""
        parsed = address.parsed(self.url)
        named = parsed.database if address.is_sqlite(parsed) else None
        return Path(named) if named and named != ":memory:" else None

    @property
    def identity(self) -> Path:
        """The file that says who this installation is."""
        return self.data_dir / identity.FILE_NAME

    @property
    def backups(self) -> Backups:
        """Its own backups."""
        return Backups(folder=self.data_dir / _FOLDER, url=self.url, identity=self.identity)


def open_for_work(home: Home, now: float) -> Database:
    """The store, up to date. Call it under the folder lock.

    A damaged one is set aside, and what its newest good backup holds is read back; an older one is backed up before it
    is brought up to date. StoreError when it is a newer program's, locked, on a network disk, or cannot be written.
    """
    if home.file is not None:
        volume.require_local(home.file, volume.mount_table())
    found_again = identity.recover(home.identity, home.backups.usable(), now)
    try:
        return _filled(home, found_again, now)
    except StoreDamagedError as error:
        if home.file is None:
            raise
        doubt(home, words_of(error), now, sure=True)
        return _filled(home, found_again, now)


def doubt(home: Home, why: str, now: float, *, sure: bool) -> None:
    """Have the next opening look whether the database is whole; `sure` that it is not. A server's is left alone."""
    if home.file is not None:
        rebuild.doubt(home.file, Doubt(at=now, why=why, sure=sure))


def _filled(home: Home, notice: str, now: float) -> Database:
    database = _opened(home, now)
    try:
        if notice:
            with database.transaction() as conn:
                notices.add(conn, notice)
        _read_back_if_lost(home, database, now)
    except BaseException:
        database.close()
        raise
    return database


def _opened(home: Home, now: float) -> Database:
    about = None if home.file is None else _doubt(home.file, now)
    if home.file is not None and about is not None:
        return rebuild.replace(home.file, home.url, about, _sources(home, about))
    _before_migration(home, now)
    return Database.open(home.url) if home.file is None else _whole(home.url)


def words_of(error: StoreDamagedError) -> str:
    """What the driver said, or the error itself where it said nothing."""
    return str(getattr(error.__cause__, "orig", error))


def _whole(url: str) -> Database:
    """Opened, and with all the tables that its version says it has. StoreDamagedError otherwise."""
    database = Database.open(url)
    try:
        with database.transaction() as conn:
            if missing := damage.missing_columns(conn):
                raise StoreDamagedError(f"these tables or columns are not there: {missing}")
    except BaseException:
        database.close()
        raise
    return database


def _doubt(file: Path, now: float) -> Doubt | None:
    """Why the file has to be replaced; None when it does not."""
    known = rebuild.doubt_of(file)
    if known is not None and known.aside:
        return known
    fault = known.why if known is not None and known.sure else damage.fault_of(file, thorough=known is not None)
    if fault:
        return _damaged(file, fault, now)
    if known is not None:
        _log.warning("the database is whole, though that was in doubt", file=str(file), reason=known.why)
        rebuild.settle(file)
    return None


def _damaged(file: Path, fault: str, now: float) -> Doubt:
    why = f"The database {file} was found damaged on {moment(now)} ({fault})."
    return Doubt(at=now, why=why, aside=damage.aside_name(file, "damaged", now))


def _sources(home: Home, about: Doubt) -> Iterator[tuple[Path, Contents]]:
    if about.source is not None:
        path = Path(about.source)
        try:
            yield path, restorable(path)
        except BackupError as error:
            _log.error("the backup that was to be restored cannot be used any more", reason=str(error))
    yield from home.backups.usable()


def _before_migration(home: Home, now: float) -> None:
    """Back up what an older program left. StoreError for what a newer one left."""
    if home.file is not None and not (home.file.exists() and home.file.stat().st_size):
        return
    with backup.snapshot(home.url) as conn:
        found = migration.version(conn)
    if found is not None and not migration.knows(found):
        raise _newer(home, found)
    if found not in {None, migration.newest()}:
        home.backups.make(Why.BEFORE_MIGRATION, now)


def _newer(home: Home, found: str) -> StoreError:
    """Names what helps: the program that made it, or the newest backup that this one can restore."""
    usable = next(home.backups.usable(), None)
    remedy = f"no backup that this one can restore lies in {home.backups.folder}"
    if usable is not None:
        path, contents = usable
        made_at = moment(contents.header.made_at)
        remedy = f"go back to the backup of {made_at}: `plexsync restore {path} --replace`"
    return StoreError(
        f"The database {address.place_of(home.url)} has version {found}, made by a newer PlexSync; this one knows up "
        f"to {migration.newest()}. Install that newer PlexSync again, or {remedy}"
    )


def _read_back_if_lost(home: Home, database: Database, now: float) -> None:
    """A store that holds nothing, beside backups that do, was lost."""
    with database.transaction() as conn:
        lost = not backup.holds_anything(conn)
    usable = next(home.backups.usable(), None) if lost else None
    if usable is not None:
        why = f"The database {database.place} held nothing on {moment(now)}, though there are backups of it."
        rebuild.read_back(database, why, now, home.backups.usable())
