"""A client for whatever server a test starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from plex.asking import TOKEN
from plexsync.plex.client import PlexClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., PlexClient]]:
    """Make clients that are closed when the test ends."""
    clients: list[PlexClient] = []

    def make(url: str, token: str = TOKEN, **options: Any) -> PlexClient:
        options = {"client_identifier": "3f0e1b8e-6f5c-4a52-9a4a-0d3b7f6c1d11", "read_timeout": 5.0, **options}
        clients.append(PlexClient(url, token, **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
