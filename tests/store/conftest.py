"""A fresh database for every test, on each kind of database that is at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from plexsync.store.database import Database

#: An empty PostgreSQL database that the tests may drop everything in; without it they run on SQLite only.
POSTGRES = os.environ.get("PLEXSYNC_TEST_POSTGRES")


def _emptied(url: str) -> str:
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.execute(sa.text("DROP SCHEMA public CASCADE"))
        conn.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql" and POSTGRES:
        return _emptied(POSTGRES)
    return f"sqlite:///{tmp_path / 'plexsync.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'plexsync.db'}"
