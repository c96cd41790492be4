"""A small simulated Plex and a client that speaks JSON to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving
from sim.plex.provider import Films, films_served

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "sim-plex-token"


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=12, section_count=2, guest_token="guest"))) as running:
        yield running


@pytest.fixture
def plex(server: Serving) -> Iterator[httpx2.Client]:
    headers = {"X-Plex-Token": TOKEN, "Accept": "application/json"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=10, verify=False) as client:
        yield client


@pytest.fixture
def films() -> Iterator[Films]:
    films = Films()
    with films_served(films):
        yield films
