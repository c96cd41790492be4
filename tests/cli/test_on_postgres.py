"""Verbs on a store in PostgreSQL."""

from __future__ import annotations

import pytest
from bench.cluster import PASSWORD

from cli.program import House

pytestmark = pytest.mark.process


@pytest.fixture
def served(house: House, postgres_url: str) -> House:
    """The house with its store in PostgreSQL."""
    toml = house.data_dir / "plexsync.toml"
    toml.write_text(f'store_url = "{postgres_url}"\n{toml.read_text()}')
    return house


def test_what_one_verb_syncs_the_others_read_and_none_shows_the_password(served: House) -> None:
    done = served.call("sync", "2", "--json")
    assert done.code == 0, done.err
    assert served.items()["Big Buck Bunny"]["studio"] == "Blender Foundation"
    assert not list(served.data_dir.glob("*.db"))
    status, why, *others = (served.call(*words) for words in (["status"], ["why", "2"], ["queue", "list"], ["config"]))
    assert "No daemon runs" in status.out
    assert "in step" in why.out
    written = [file.read_text() for file in served.data_dir.rglob("*.log*")]
    for text in (*written, *(one.out + one.err for one in (done, status, why, *others))):
        assert PASSWORD not in text


def test_a_database_that_cannot_be_opened_is_told_in_one_line(served: House) -> None:
    toml = served.data_dir / "plexsync.toml"
    toml.write_text(toml.read_text().replace(PASSWORD, "mistyped-secret"))
    told = served.call("status")
    assert told.code == 1
    assert told.err.count("\n") == 1
    assert "correct user and password in store_url" in told.err
    assert "mistyped-secret" not in told.err
