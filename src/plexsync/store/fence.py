"""The store as an owner may use it: what a transaction does is kept only while the reign lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from plexsync.store import owner
from plexsync.store.database import Database

T = TypeVar("T")


class Transactions(Protocol):
    """The database itself, or an owner's view of it."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """One transaction: kept for good once the block ends, undone if it raises."""
        ...

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction on the store's own thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Transactions of one reign. NotOwnerError, and nothing is kept, once another daemon took `key` over."""

    database: Database
    key: str
    epoch: int

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """As the database's, if the reign lasts."""
        with self.database.transaction() as connection:
            owner.insist(connection, self.key, self.epoch)
            yield connection

    async def run(self, work: Callable[[Connection], T]) -> T:
        """As the database's, if the reign lasts."""

        def fenced(connection: Connection) -> T:
            owner.insist(connection, self.key, self.epoch)
            return work(connection)

        return await self.database.run(fenced)
