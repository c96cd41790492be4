"""A SQLite file that is no whole database any more: how it is recognised, and how it is kept all the same."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import StoreError
from plexsync.store import private_file, wal
from plexsync.store.schema import metadata

#: What SQLite keeps beside a database; the file itself comes last, so that its new name says that all have theirs.
_PARTS = ("-wal", "-shm", "")
#: SQLite's codes for a malformed file, and for one that is no database.
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_PAGE_SIZES = frozenset(512 << power for power in range(7))


def fault_of(file: Path, *, thorough: bool) -> str:
    """What is wrong with the file, "" when nothing is or when nobody can tell. Nobody may work on it meanwhile.

    Cheap where its last user closed it well; else, or if it has to be `thorough`, all of its pages are looked at.
    """
    if file.is_dir():
        return "a folder lies in its place"
    try:
        return _fault_of_file(file, thorough=thorough)
    except OSError:
        # Whoever opens it to work on it says why it cannot be read.
        return ""


def _fault_of_file(file: Path, *, thorough: bool) -> str:
    log = file.with_name(f"{file.name}-wal")
    unclosed = log.is_file() and log.stat().st_size > 0
    if not file.exists():
        return ""
    if file.stat().st_size == 0:
        return "it is empty, but its log is not" if unclosed else ""
    if unclosed and wal.has_hole(log, _page_size(file)):
        return "commits in its log cannot be read"
    check = "integrity_check(1)" if thorough else "quick_check(1)" if unclosed else ""
    return _checked(file, check)


def missing_columns(conn: Connection) -> str:
    """What the tables of this program's version have and those of the database have not; "" for nothing."""
    told = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    there = {tuple(row) for row in conn.execute(sa.text(told))}
    wanted = [(table.name, column.name) for table in metadata.tables.values() for column in table.columns]
    return ", ".join(".".join(names) for names in wanted if names not in there)


def set_aside(file: Path, aside: str) -> None:
    """Give the file and what belongs to it another name in its folder. Goes on where it was cut off."""
    if file.with_name(aside).exists():
        return
    try:
        for part in _PARTS:
            here = file.with_name(file.name + part)
            if here.exists():
                here.rename(file.with_name(aside + part))
        private_file.sync_folder(file.parent)
    except OSError as error:
        raise StoreError(
            f"The database {file} has to be set aside as {aside}, and that cannot be done ({error.strerror}): "
            "let PlexSync's user write in its folder, or move it away by hand"
        ) from error


def aside_name(file: Path, what: str, now: float) -> str:
    """A free name for the file once it is set aside, such as `plexsync.db.damaged-20261231-235959`."""
    while True:
        name = f"{file.name}.{what}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}"
        if not file.with_name(name).exists():
            return name
        now += 1


def _checked(file: Path, check: str) -> str:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            told = str(conn.execute(f"PRAGMA {check}").fetchone()[0]) if check else "ok"
            return "" if told == "ok" else " ".join(told.split())
    except UnicodeDecodeError as error:
        return f"what it says of its tables cannot be read ({error.reason})"
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        # What else may ail it, such as a lock, is told of by whoever opens it to work on it.
        return str(error) if code is not None and code & 0xFF in _DAMAGED else ""


def _page_size(file: Path) -> int:
    with file.open("rb") as content:
        size = int.from_bytes(content.read(18)[16:18], "big")
    return 65536 if size == 1 else size if size in _PAGE_SIZES else 4096
