"""The open database: its version, its transactions, and the one thread that works on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.errors import StoreError
from plexsync.store import dialect, migration

__all__ = ["Connection", "Database"]

T = TypeVar("T")
_Wish = tuple[Callable[[Connection], Any], "Future[Any]"]
#: Pieces of work that share one commit at most, so that none waits long for the others.
_GROUP = 64


class Database:
    """All of the store. Every function of this package takes a connection of `transaction` or `run`."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._waiting: deque[_Wish] = deque()
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
        with self._translated(), self._engine.begin() as conn:
            yield conn

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction on the store's own thread. Once begun it is finished, even if the waiter is cancelled.

        What is asked for at the same time is committed together: it is kept as surely, for the price of one commit.
        """
        answer: Future[T] = Future()
        self._waiting.append((work, answer))
        self._thread.submit(self._work_off)
        return await asyncio.wrap_future(answer)

    def _work_off(self) -> None:
        group: list[_Wish] = []
        while self._waiting and len(group) < _GROUP:
            work, answer = self._waiting.popleft()
            if answer.set_running_or_notify_cancel():
                group.append((work, answer))
        if not group:
            return
        try:
            with self.transaction() as conn:
                ends = [self._one(conn, work, alone=len(group) == 1) for work, _ in group]
        except Exception as error:  # noqa: BLE001 -- handed on to those who wait
            ends = [error] * len(group)
        for (_, answer), end in zip(group, ends, strict=True):
            if isinstance(end, Exception):
                answer.set_exception(end)
            else:
                answer.set_result(end[0])

    def _one(self, conn: Connection, work: Callable[[Connection], Any], *, alone: bool) -> tuple[Any] | Exception:
        """The result of one piece of work, or what it raised; in a group it fails without the others."""
        if alone:
            return (work(conn),)
        try:
            with self._translated(), conn.begin_nested():
                return (work(conn),)
        except Exception as error:  # noqa: BLE001 -- handed on to the one who waits
            return error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DatabaseError as error:
            if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError):
                raise
            raise StoreError(f"The database {self.place} cannot be used: {error.orig}") from error

    def close(self) -> None:
        """Finish what `run` has begun, then let go of the database."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()
