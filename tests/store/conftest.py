"""A fresh database for every test, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newstore import new_store
from plexsync.store.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables on SQLite, one with the newest schema on PostgreSQL."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'plexsync.db'}"


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    if url.startswith("sqlite"):
        new_store(tmp_path / "plexsync.db")
    opened = Database.open(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'plexsync.db'}"
