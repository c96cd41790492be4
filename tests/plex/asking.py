"""Questions to a Plex whose every answer a test chooses, and how each of them may fail."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from plexsync.model.errors import SyncError
from plexsync.model.work import Peer
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import Param
from rawserver import Act, Answering, Asked, reply

Connect = Callable[..., PlexClient]
TOKEN = "sim-plex-token"
MACHINE = "a" * 40
TITLE = (Param("title.value", "Sintel & Süß"), Param("title.locked", "1"))
IDENTITY = reply(200, json.dumps({"MediaContainer": {"size": 0, "machineIdentifier": MACHINE, "version": "1.43.2"}}))
CALLS: dict[str, Callable[[PlexClient], Awaitable[Any]]] = {
    "GET /library/metadata/7": lambda plex: plex.details([7]),
    "PUT /library/sections/1/all": lambda plex: plex.edit(1, 7, TITLE),
    "POST /library/metadata/7/posters": lambda plex: plex.upload_picture(7, b"picture"),
}
READ, EDIT, UPLOAD = CALLS
WRITES = (EDIT, UPLOAD)


def plex_that(answers: bytes | Answering) -> Answering:
    """A Plex that is identified as usual and gives this answer to all else."""

    def answering(asked: Asked) -> bytes | Act:
        if asked.path == "/identity":
            return IDENTITY
        return answers if isinstance(answers, bytes) else answers(asked)

    return answering


async def failure(call: Awaitable[Any], token: str = TOKEN) -> SyncError:
    """The error that a call ends with; it shows no token, no query and not too much."""
    with pytest.raises(SyncError) as caught:
        await call
    error = caught.value
    assert error.peer is Peer.PLEX
    assert error.place
    assert "?" not in error.place
    assert token not in f"{error.message}{error.place}{error.excerpt}"
    assert "Sintel" not in f"{error.message}{error.place}"
    assert len(error.excerpt or "") <= 200
    assert len(error.message) <= 500
    return error
