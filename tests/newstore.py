"""SQLite for tests: the migrations run once in a process, and every new database is a copy of what they made.

What a first start does with a folder that holds nothing is shown by the tests of the store, of the command line and of
whole processes; all others may begin with what it leaves.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from plexsync.store.database import Database
from plexsync.store.opening import Home


def new_store(file: Path) -> str:
    """The address of a database that is made here, with the newest schema and no rows."""
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


def spare_first_start(home: Home) -> None:
    """Where nothing of a store is or was, there is a new one; a store that was lost stays lost."""
    file = home.file
    if file is not None and not home.backups.folder.exists() and not list(home.data_dir.glob(f"{file.name}*")):
        home.data_dir.mkdir(parents=True, exist_ok=True)
        new_store(file)


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plexsync.db"
        Database.open(f"sqlite:///{file}").close()
        return file.read_bytes()
