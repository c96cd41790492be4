"""Clients of Stash that are closed when a test ends, and a server that answers what a test puts in its mouth."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from plexsync.stash.client import StashClient
from stash.asking import BARE_SCENE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pytest_httpserver import HTTPServer
    from werkzeug import Request

KEY = "key-that-nobody-may-read-0123456789"


@dataclass
class Mouth:
    """A client of a server that answers every request with the same words."""

    client: StashClient
    server: HTTPServer
    asked: list[Request] = field(default_factory=list)

    def says(
        self, body: str | bytes | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Answer this from now on."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        named = {"Content-Type": "application/json"} | (headers or {})
        self.server.clear()
        self.server.expect_request("/graphql").respond_with_data(content, status, named)
        self.server.expect_request("/scene/5/screenshot").respond_with_data(content, status, named)

    def requests(self) -> list[Request]:
        """What came."""
        return [request for request, _ in self.server.log]

    def bodies(self) -> list[dict[str, Any]]:
        """The documents and variables that came."""
        return [json.loads(request.data) for request in self.requests()]


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., StashClient]]:
    """Makes clients; takes the arguments of `StashClient`."""
    clients: list[StashClient] = []

    def connected(*args: Any, **settings: Any) -> StashClient:
        clients.append(StashClient(*args, **settings))
        return clients[-1]

    yield connected
    for client in clients:
        await client.close()


@pytest.fixture
def mouth(httpserver: HTTPServer, connect: Callable[..., StashClient]) -> Mouth:
    return Mouth(client=connect(httpserver.url_for(""), KEY, read_timeout=5.0), server=httpserver)


@pytest.fixture
def scene_answer() -> dict[str, Any]:
    """A scene as Stash answers it when next to nothing is known of it."""
    return dict(BARE_SCENE)
