"""The data folder: its store, and what goes with it."""

from __future__ import annotations

import os
from pathlib import Path

from plexsync.config import Config
from plexsync.model.errors import StoreError
from plexsync.store.database import Database
from plexsync.store.opening import Home, open_for_work
from plexsync.sync.clock import Clock, SystemClock


def home_of(config: Config) -> Home:
    """Where the store and its backups lie."""
    return Home(url=config.database_url, data_dir=config.data_dir)


def require_folder(data_dir: Path) -> None:
    """Make the data folder where it is not there. StoreError when this user cannot work in it."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        owner = data_dir.stat().st_uid
    except OSError as error:
        raise StoreError(
            f"The data folder {data_dir} cannot be made ({error.strerror}): make it for PlexSync's user, or choose "
            "another data_dir"
        ) from error
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        me = f"user {os.geteuid()}" if hasattr(os, "geteuid") else "this user"
        raise StoreError(
            f"The data folder {data_dir} of user {owner} cannot be written to by {me}: let that user in (a "
            "container by PUID and PGID), mount it writable, or choose another data_dir"
        )


def open_store(config: Config, clock: Clock | None = None) -> Database:
    """The store of a data folder, made when it is not there, and made anew from a backup when it was lost.

    StoreError when it cannot be used. Call it under the folder lock.
    """
    require_folder(config.data_dir)
    return open_for_work(home_of(config), (clock or SystemClock()).now())
