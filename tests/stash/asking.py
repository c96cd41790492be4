"""Questions to a Stash whose every answer a test chooses, and how each of them may fail."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from plexsync.model.errors import SyncError
from plexsync.model.scene import Scene
from plexsync.model.work import Peer
from plexsync.stash.client import StashClient

Connect = Callable[..., StashClient]
KEY = "key-that-nobody-may-read-0123456789"
COVERED = Scene(id=5, cover="/scene/5/screenshot?t=1")
CALLS: dict[str, Callable[[StashClient], Awaitable[Any]]] = {
    "POST /graphql ScenesById": lambda stash: stash.scenes([5]),
    "GET /scene/5/screenshot": lambda stash: stash.cover(COVERED),
    "POST /graphql RunOperation": lambda stash: stash.run_operation("plugin", {}),
}
READ, COVER, OPERATION = CALLS
#: A scene as Stash answers it when next to nothing is known of it.
BARE_SCENE: dict[str, Any] = {
    "id": "5",
    "title": None,
    "code": None,
    "details": None,
    "director": None,
    "date": None,
    "rating100": None,
    "organized": False,
    "updated_at": "2026-07-11T10:00:00+02:00",
    "urls": [],
    "stash_ids": [],
    "studio": None,
    "performers": [],
    "tags": [],
    "groups": [],
    "files": [],
    "paths": {"screenshot": "http://stash:9999/scene/5/screenshot?t=1783756800"},
}


def errors(*faults: dict[str, Any], data: object = None) -> str:
    """An answer with these among its `errors`."""
    return json.dumps({"errors": faults, "data": data})


async def failure(call: Awaitable[Any], secret: str = KEY) -> SyncError:
    """The error that a call ends with; it shows no secret, no query and not too much."""
    with pytest.raises(SyncError) as caught:
        await call
    error = caught.value
    assert error.peer is Peer.STASH
    assert error.place
    assert "?" not in error.place
    assert secret not in f"{error.message}{error.place}{error.excerpt}"
    assert len(error.excerpt or "") <= 200
    assert len(error.message) <= 500
    return error
