"""From whatever version the database has to the one this program works with."""

from __future__ import annotations

import logging
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plexsync.model.errors import StoreError
from plexsync.store.dialect import work_alone


def upgrade(conn: Connection, place: str) -> None:
    """Run the missing steps within the caller's transaction: all of them or none.

    StoreError when the database comes from a newer program.
    """
    if version(conn) == newest():
        return
    work_alone(conn)
    found = version(conn)
    if found == newest():
        return
    _refuse_newer(found, place)
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def require_current(conn: Connection, place: str) -> None:
    """StoreError unless the database has exactly this program's version."""
    found = version(conn)
    _refuse_newer(found, place)
    if found != newest():
        raise StoreError(
            f"The database {place} has version {found or 'none'}, this PlexSync needs {newest()}: "
            "start the daemon once, it brings the database up to date"
        )


def version(conn: Connection) -> str | None:
    """The version that the database says it has; None when it is empty."""
    return MigrationContext.configure(conn).get_current_revision()


def newest() -> str:
    """The version that this program works with."""
    return _known()[0]


def knows(found: str) -> bool:
    """Whether this program can bring a database of that version up to date."""
    return found in _known()


@cache
def _known() -> tuple[str, ...]:
    """Every version that there was, the newest first. To read all steps takes longer than to open a store."""
    return tuple(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "plexsync.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(found: str | None, place: str) -> None:
    if found is not None and not knows(found):
        raise StoreError(
            f"The database {place} has version {found}, made by a newer PlexSync; this one knows up to "
            f"{newest()}. Install that newer PlexSync again, or restore the backup made before it"
        )
