"""The open database: its version, its transactions, and the one thread that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import StoreError
from plexsync.store import dialect, migration

__all__ = ["Connection", "Database"]

T = TypeVar("T")


class Database:
    """All of the store. Every function of this package takes a connection of `transaction` or `run`."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self.place = place  #: for people: the file, or the address without its password

    @classmethod
    def open(cls, url: str) -> Database:
        """Open for work and bring the schema up to date; StoreError when that cannot be done."""
        return cls._opened(url, migration.upgrade, reading=False)

    @classmethod
    def open_reading(cls, url: str) -> Database:
        """Open beside a running daemon: nothing is changed, not even the schema; StoreError when it is another's."""
        return cls._opened(url, migration.require_current, reading=True)

    @classmethod
    def _opened(cls, url: str, check: Callable[[Connection, str], None], *, reading: bool) -> Database:
        place = dialect.place_of(url)
        database = cls(dialect.engine_for(url, reading=reading), place)
        try:
            with database.transaction() as conn:
                check(conn, place)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: kept for good once the block ends, undone if it raises.

        A database that is locked, full, damaged or away raises StoreError; nothing of the block is kept then.
        """
        try:
            with self._engine.begin() as conn:
                yield conn
        except sa.exc.DatabaseError as error:
            if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError):
                raise
            raise StoreError(f"The database {self.place} cannot be used: {error.orig}") from error

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction on the store's own thread. Once begun it is finished, even if the waiter is cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._within, work)

    def _within(self, work: Callable[[Connection], T]) -> T:
        with self.transaction() as conn:
            return work(conn)

    def close(self) -> None:
        """Finish what `run` has begun, then let go of the database."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()
