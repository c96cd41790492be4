"""One daemon a data folder: a lock that the system frees with its process, and facts about who holds it."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from plexsync.model.errors import StoreError
from plexsync.store import private_file

#: Seconds. `holder` takes the lock for an instant to see whether it is free; a daemon that starts outwaits that.
_PATIENCE = 0.5


class FolderLock:
    """Held from `acquire` to `release` or the end of the process, however that ends."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        self._lock = _lock(data_dir)

    def acquire(self, facts: dict[str, Any]) -> None:
        """Hold the folder and tell others these facts; they should name the "pid".

        StoreError, naming folder and process, when another one holds it.
        """
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=0.05)
        except Timeout:
            pid = (_facts(self._folder) or {}).get("pid", "unknown")
            raise StoreError(
                f"The folder {self._folder} is in use by another PlexSync, process {pid}: "
                "stop that one first, or choose another data_dir"
            ) from None
        except OSError as error:
            raise StoreError(
                f"The folder {self._folder} cannot be locked ({error.strerror}): "
                f"give the file {_LOCK_NAME} in it to PlexSync's user"
            ) from error
        try:
            self.tell(facts)
        except StoreError:
            self._lock.release()
            raise

    def tell(self, facts: dict[str, Any]) -> None:
        """Replace the facts that others read; only while holding the lock. StoreError when the disk will not take
        them: the folder is held all the same.
        """
        try:
            private_file.replace(_facts_path(self._folder), json.dumps(facts) + "\n")
        except OSError as error:
            raise StoreError(
                f"The folder {self._folder} cannot be written to ({error.strerror}): make room on its disk, or let "
                "PlexSync's user in"
            ) from error

    def release(self) -> None:
        """Let go of the folder. Nothing happens when it is not held."""
        if self._lock.is_locked:
            _facts_path(self._folder).unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(data_dir: Path) -> dict[str, Any] | None:
    """The facts of the process that holds the folder now; None when nobody does. {} when it tells nothing yet."""
    if not (data_dir / _LOCK_NAME).exists():
        return None
    lock = _lock(data_dir)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _facts(data_dir) or {}
    lock.release()
    return None


_LOCK_NAME = "plexsync.lock"


def _lock(data_dir: Path) -> FileLock:
    # Not per thread: the daemon may release it from another thread than the one that took it.
    return FileLock(data_dir / _LOCK_NAME, thread_local=False)


def _facts_path(data_dir: Path) -> Path:
    return data_dir / "daemon.json"


def _facts(data_dir: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads(_facts_path(data_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None
