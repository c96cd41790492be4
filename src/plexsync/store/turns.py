"""One process at a time for what none may do beside another, though a daemon holds the data folder meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from plexsync.model.errors import StoreError

#: Seconds between two looks.
_LOOK = 0.1


@asynccontextmanager
async def turn(data_dir: Path, what: str, patience: float, waits: Callable[[], None]) -> AsyncIterator[None]:
    """Wait, at most `patience` seconds, until nobody else is at it, and tell that once. StoreError when somebody still
    is.
    """
    # The name begins as those of all our files: who looks after the folder knows it by that.
    lock = FileLock(data_dir / f"plexsync-{what}.lock")
    try:
        if not _taken(lock):
            waits()
            async with asyncio.timeout(patience):
                while not _taken(lock):  # noqa: ASYNC110 -- another process lets go of it, and tells nobody
                    await asyncio.sleep(_LOOK)
    except TimeoutError:
        raise StoreError(
            f"Another PlexSync is at the same in {data_dir} and does not come to an end: wait for it, or stop it"
        ) from None
    except OSError as error:
        raise StoreError(f"The folder {data_dir} cannot be locked: {error}") from error
    try:
        yield
    finally:
        lock.release()


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
