"""Addresses of databases as people write them, and what is said when nothing can be opened there."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from bench.cluster import PASSWORD, USER, Cluster

from plexsync.model.errors import StoreError
from plexsync.store import preferences
from plexsync.store.address import parsed, place_of
from plexsync.store.database import Database
from plexsync.store.schema import metadata
from postgres import fresh_database


@pytest.fixture
def empty_url(postgres_server: Cluster) -> Iterator[str]:
    with fresh_database(postgres_server, empty=True) as url:
        yield url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////data/plexsync.db", "/data/plexsync.db"),
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgres://me:se%40cret@host:5433/db", "postgresql://me:***@host:5433/db"),
        ("postgresql+psycopg://me:secret@[::1]/db?sslmode=require&password=secret", "postgresql://me:***@[::1]/db"),
        ("postgresql://me@/db?host=/run/postgresql", "postgresql://me@/db?host=/run/postgresql"),
        ("postgresql:///db", "postgresql:///db"),
        ("postgresql://me:secret@%2Frun%2Fpostgresql/db", "postgresql://me:***@/run/postgresql/db"),
    ],
)
def test_a_database_is_named_without_its_password(url: str, place: str) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:se@cret:x@host/db", "write %40 for @"),
        ("secret", "write it like"),
        ("mysql://me:secret@host/db", 'begins with "mysql://"'),
        ("postgresql+psycopg2://me:secret@host/db", r'begins with "postgresql\+psycopg2://"'),
    ],
)
def test_an_address_that_is_none_is_refused_with_a_remedy_and_without_the_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        parsed(url)
    assert "cret" not in "".join(traceback.format_exception(caught.value)).replace(url, "")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_the_scheme_opens_the_same_database(postgres_url: str, scheme: str) -> None:
    for url in (postgres_url, postgres_url.replace("postgresql:", f"{scheme}:")):
        database = Database.open(url)
        with database.transaction() as conn:
            preferences.put(conn, "a", 1)
            assert preferences.all_under(conn, "") == {"a": 1}
        database.close()


def test_a_socket_serves_as_well_as_a_port(postgres_server: Cluster, postgres_url: str) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    folder = str(postgres_server.folder).replace("/", "%2F")
    for url in (postgres_server.socket_url(name), f"postgresql://{USER}@{folder}:{postgres_server.port}/{name}"):
        Database.open(url).close()
        Database.open_reading(url).close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((PASSWORD, "not-the-password"), r"does not let PlexSync in .*correct user and password in store_url"),
        ((f"{USER}:", "nobody-known:"), r"does not let PlexSync in .*correct user and password in store_url"),
        (("/test_", "/absent_"), r"is not there .*absent_\w+.* does not exist\): create it"),
        (("@127.0.0.1:", "@127.0.0.1:1"), r"cannot be reached"),
        (("/test_", "/test_?sslmode=none&application_name="), r"cannot be reached .*sslmode"),
        (("/test_", "/test_?nonsense="), r"cannot be reached .*nonsense.*store_url right"),
    ],
)
def test_a_database_that_cannot_be_opened_is_refused_with_its_place_and_without_the_password(
    postgres_url: str, change: tuple[str, str], said: str
) -> None:
    url = postgres_url.replace(*change)
    for opening in (Database.open, Database.open_reading):
        with pytest.raises(StoreError, match=said) as caught:
            opening(url)
        assert "\n" not in str(caught.value)
        assert caught.value.args[0].startswith("The database postgresql://")
        told = "".join(traceback.format_exception(caught.value))
        assert PASSWORD not in told
        assert "not-the-password" not in told


def test_a_driver_that_is_not_installed_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r'driver that is not installed .*psycopg.*pip install "plexsync\[postgres\]"'):
        Database.open("postgresql://me:secret@host/db")


def test_an_encoding_that_cannot_hold_every_title_is_refused(postgres_server: Cluster) -> None:
    with postgres_server.ruling() as ruling:
        ruling.execute(f"CREATE DATABASE latin OWNER {USER} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(StoreError, match=r"holds texts as LATIN1.*createdb --encoding=UTF8"):
            Database.open(postgres_server.url("latin"))
    finally:
        with postgres_server.ruling() as ruling:
            ruling.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_user_without_rights_is_told_what_it_lacks(postgres_server: Cluster, empty_url: str) -> None:
    name = empty_url.rsplit("/", 1)[1]
    with postgres_server.ruling(name) as ruling:
        ruling.execute("ALTER SCHEMA public OWNER TO ruler; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(StoreError, match=r"does not let PlexSync's user do its work .*permission denied.*owner"):
        Database.open(empty_url)


def test_daemons_that_start_together_bring_an_empty_database_up_to_date_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for database in threads.map(Database.open, [empty_url] * 4):
            database.close()
    engine = sa.create_engine(parsed(empty_url))
    assert set(sa.inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_what_we_ask_of_a_session_holds(postgres_server: Cluster, postgres_url: str) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    with postgres_server.ruling() as ruling:
        ruling.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        ruling.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    database = Database.open(postgres_url)
    asked = ("synchronous_commit", "transaction_isolation", "lock_timeout", "tcp_keepalives_idle", "application_name")
    with database.transaction() as conn:
        found = [conn.exec_driver_sql(f"SHOW {setting}").scalar_one() for setting in asked]
    database.close()
    assert found == ["on", "read committed", "10s", "20", "plexsync"]


def test_options_of_the_address_come_before_ours(postgres_url: str) -> None:
    database = Database.open(f"{postgres_url}?application_name=mine&connect_timeout=3")
    with database.transaction() as conn:
        assert conn.exec_driver_sql("SHOW application_name").scalar_one() == "mine"
    database.close()
