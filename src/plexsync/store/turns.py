"""One process at a time for what none may do beside another, though a daemon holds the data folder meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from plexsync.model.errors import StoreError


@contextmanager
def turn(data_dir: Path, what: str, patience: float) -> Iterator[None]:
    """Wait, at most `patience` seconds, until nobody else is at it. StoreError when somebody still is."""
    lock = FileLock(data_dir / f"{what}.lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise StoreError(
            f"Another PlexSync is at the same in {data_dir} and does not come to an end: wait for it, or stop it"
        ) from None
    except OSError as error:
        raise StoreError(f"The folder {data_dir} cannot be locked: {error}") from error
    try:
        yield
    finally:
        lock.release()
