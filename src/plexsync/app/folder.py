"""The data folder: its store, and what goes with it."""

from __future__ import annotations

from plexsync.config import Config
from plexsync.store.database import Database
from plexsync.store.opening import Home, open_for_work
from plexsync.sync.clock import Clock, SystemClock


def home_of(config: Config) -> Home:
    """Where the store and its backups lie."""
    return Home(url=config.database_url, data_dir=config.data_dir)


def open_store(config: Config, clock: Clock | None = None) -> Database:
    """The store of a data folder, made when it is not there, and made anew from a backup when it was lost.

    StoreError when it cannot be used. Call it under the folder lock.
    """
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return open_for_work(home_of(config), (clock or SystemClock()).now())
