"""A service that takes everything in and works on nothing, so that a test sees what came in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from web.house import Door, Settings, opened


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(Settings(folder=tmp_path / "data"), working=False, allowed_hosts=["plexsync.lan", "NAS:9797"]) as one:
        yield one


@pytest.fixture
def client(door: Door) -> Iterator[httpx2.Client]:
    with door.client() as one:
        yield one
