"""Facts for reading verbs: told by the daemon, or read from the store while none runs."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import Remote, daemon_of
from plexsync.store.lock import FolderLock, holder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plexsync.config import Config
    from plexsync.store.database import Connection

_SQLITE = "sqlite:///"


class Facts(Protocol):
    """What reading verbs ask for."""

    def status(self) -> dict[str, Any]: ...
    def queue(self, limit: int) -> list[dict[str, Any]]: ...
    def dead(self, limit: int) -> list[dict[str, Any]]: ...
    def dead_of(self, scene: int) -> list[dict[str, Any]]: ...
    def outages(self) -> dict[str, Any]: ...
    def runs(self, limit: int) -> list[dict[str, Any]]: ...
    def conflicts(self, limit: int, scene: int | None) -> list[dict[str, Any]]: ...
    def why(self, scene: int) -> dict[str, Any]: ...
    def brake(self) -> list[dict[str, Any]]: ...
    def index(self) -> dict[str, Any]: ...
    def reconciliations(self, limit: int) -> list[dict[str, Any]]: ...
    def reconciliation(self, number: int) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Told:
    """By the daemon."""

    remote: Remote

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.remote.get("/api/v1/status")
        return found | {"pid": self.remote.pid, "url": str(self.remote.client.base_url)}

    def queue(self, limit: int) -> list[dict[str, Any]]:
        return _rows(self.remote.get("/api/v1/queue", limit=limit))

    def dead(self, limit: int) -> list[dict[str, Any]]:
        return _rows(self.remote.get("/api/v1/dead", limit=limit))

    def dead_of(self, scene: int) -> list[dict[str, Any]]:
        return _rows(self.remote.get(f"/api/v1/dead/{scene}"))

    def outages(self) -> dict[str, Any]:
        found: dict[str, Any] = self.remote.get("/api/v1/outages")
        return found

    def runs(self, limit: int) -> list[dict[str, Any]]:
        return _rows(self.remote.get("/api/v1/runs", limit=limit))

    def conflicts(self, limit: int, scene: int | None) -> list[dict[str, Any]]:
        query = {"limit": limit} if scene is None else {"limit": limit, "scene": scene}
        return _rows(self.remote.get("/api/v1/conflicts", **query))

    def why(self, scene: int) -> dict[str, Any]:
        found: dict[str, Any] = self.remote.get(f"/api/v1/scenes/{scene}/why", live="true")
        return found

    def brake(self) -> list[dict[str, Any]]:
        return _rows(self.remote.get("/api/v1/brake"))

    def index(self) -> dict[str, Any]:
        found: dict[str, Any] = self.remote.get("/api/v1/index")
        return found

    def reconciliations(self, limit: int) -> list[dict[str, Any]]:
        return _rows(self.remote.get("/api/v1/reconcile", limit=limit))

    def reconciliation(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.remote.get(f"/api/v1/reconcile/{number}")
        return found


@contextmanager
def facts_of(call: Call) -> Iterator[Facts]:
    """Where the facts of this call's data folder come from. Failed when there is nothing to read yet."""
    config = call.config()
    with daemon_of(config.data_dir) as remote:
        if remote is not None:
            yield Told(remote)
            return
    from plexsync.cli.storefacts import Stored
    from plexsync.store.database import Database

    _must_exist(config)
    database = Database.open_reading(config.database_url)
    try:
        yield Stored(database, config, _pid(holder(config.data_dir)))
    finally:
        database.close()


@contextmanager
def changing(call: Call, verb: str) -> Iterator[Connection]:
    """The store of the data folder for a change of its own, while no daemon runs. StoreError while one does."""
    from plexsync.app.folder import open_store

    config = call.config()
    _must_exist(config)
    with FolderLock(config.data_dir) as lock:
        lock.acquire({"pid": os.getpid(), "verb": verb})
        database = open_store(config)
        try:
            with database.transaction() as connection:
                yield connection
        finally:
            database.close()


def _pid(facts: dict[str, Any] | None) -> int | None:
    return None if facts is None else int(facts.get("pid", 0))


def _must_exist(config: Config) -> None:
    url = config.database_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise Failed(
            f"Nothing has been synced in {config.data_dir} yet: there is no database. "
            "Start the daemon with `plexsync run`, or name the right folder with --data-dir"
        )


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The list itself, or the only list of an object."""
    if isinstance(answer, dict):
        answer = next((value for value in answer.values() if isinstance(value, list)), [])
    return list(answer)
