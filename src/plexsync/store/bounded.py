"""A PostgreSQL connection that a server cannot hold for ever: one that is frozen takes bytes and never answers."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class BoundedConnection(psycopg.Connection[Any]):
    """Raises OperationalError, and is closed, when an answer takes longer than `longest` seconds."""

    longest: float = 75.0  #: more than the server itself allows a statement

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        """As any connection waits."""
        return super().wait(self._bounded(gen), *arguments, **options)

    def _bounded(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """The same steps. The driver resumes them with a false value each time that nothing came for a moment."""
        deadline = time.monotonic() + self.longest
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {self.longest:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            found: T = end.value
            return found
