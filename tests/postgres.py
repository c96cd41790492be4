"""PostgreSQL for tests: one server for the whole run, and a database of its own for every test that asks.

A test in any room takes the fixture `postgres_url`: the address of a database that no other test sees, with the
newest schema and no rows, gone afterwards. Where fixtures do not reach (a hypothesis example, a second database in
one test): `with fresh_database(server) as url`, `server` being the session fixture `postgres_server`.

    async def test_something(tmp_path: Path, postgres_url: str) -> None:
        async with world(tmp_path) as room, room.running(store_url=postgres_url) as service: ...

Two daemons on one database are two worlds with the same `store_url` and folders of their own. A test that stops the
server takes the fixture `stoppable_postgres`, one of its module's own: `fresh_database(stoppable_postgres)`.

The first test that asks starts the server; whoever runs at the same time in another process joins it; a process
beside them (`postgres_guard`) removes it when the last of them is gone. Where no server is installed such tests are
skipped, or fail if PLEXSYNC_TEST_REQUIRE names "postgresql".
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from bench.cluster import USER, Cluster, NotInstalledError

from plexsync.store.database import Database

_TEMPLATE = "schema"
_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The server of this run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with _installed(), joined(shared) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def stoppable_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server for the tests of one module, which may stop and start it."""
    with _installed(), joined(tmp_path_factory.mktemp("stoppable")) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_server: Cluster) -> Iterator[str]:
    """The address of a database with the newest schema and no rows, for this test alone."""
    with fresh_database(postgres_server) as url:
        yield url


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except NotInstalledError as error:
        if "postgresql" in os.environ.get("PLEXSYNC_TEST_REQUIRE", ""):
            pytest.fail(str(error))
        pytest.skip(str(error))


@contextmanager
def joined(folder: Path) -> Iterator[Cluster]:
    """The server that all processes with this folder share, begun by the first of them."""
    gate, users, facts = (folder / f"postgres.{name}" for name in ("gate", "users", "json"))
    with users.open("a") as held:
        with gate.open("a") as entry:
            fcntl.flock(entry, fcntl.LOCK_EX)
            fcntl.flock(held, fcntl.LOCK_SH)
            if not facts.exists():
                _begin(facts)
                _guard(gate, users, facts)
        yield Cluster.told(json.loads(facts.read_text()))


@contextmanager
def fresh_database(server: Cluster, *, empty: bool = False) -> Iterator[str]:
    """The address of a new database, with the newest schema unless it has to be `empty`; gone after the block."""
    name = f"test_{secrets.token_hex(6)}"
    template = "template0" if empty else _TEMPLATE
    with server.ruling() as conn:
        # The newer way writes every page to the log, which is dearer where the disk is asked for nothing.
        copying = "STRATEGY file_copy" if conn.info.server_version >= 150000 else ""
        conn.execute(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {template} {copying}")
    try:
        yield server.url(name)
    finally:
        with server.ruling() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _begin(facts: Path) -> None:
    cluster = Cluster.begun(durable=False, max_connections="300", deadlock_timeout="50ms")
    try:
        with cluster.ruling() as conn:
            conn.execute(f"CREATE DATABASE {_TEMPLATE} OWNER {USER} TEMPLATE template0 {_order(conn)}")
        Database.open(cluster.url(_TEMPLATE)).close()
    except BaseException:
        cluster.remove()
        raise
    facts.write_text(json.dumps(cluster.facts()))


def _order(conn: psycopg.Connection) -> str:
    """Texts in the order of a language, as most servers have them: not that of Python, nor SQLite's."""
    return "LOCALE_PROVIDER icu ICU_LOCALE 'en'" if conn.info.server_version >= 150000 else ""


def _guard(*files: Path) -> None:
    guard = [sys.executable, str(Path(__file__).with_name("postgres_guard.py")), *map(str, files)]
    # What measures coverage would write its findings when nobody gathers them any more: it starts by the environment.
    environ = {"PYTHONPATH": str(_ROOT)}
    with files[0].with_name("postgres.log").open("ab") as log:
        subprocess.run(guard, env=environ, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
