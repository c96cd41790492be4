"""What is precious goes into a file and comes back as it was, whatever the database."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.errors import StoreError
from plexsync.store import backup, backupfile, losses, owner, precious, preferences
from plexsync.store.backupfile import PAGE, BackupError, Header, Identity, Table, Why
from plexsync.store.database import Database
from plexsync.store.opening import Home
from plexsync.store.restoration import restore_store
from plexsync.store.schema import metadata
from store.precious_rows import fill, held, older

HEADER = Header(program="0.1.0", schema="0001", made_at=100.0, why=Why.DAILY, number=1)


@pytest.fixture
def home(url: str, tmp_path: Path) -> Home:
    return Home(url=url, data_dir=tmp_path)


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    database.close()
    return database


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """A new SQLite store beside."""
    (tmp_path / "other").mkdir()
    return Home(url=f"sqlite:///{tmp_path / 'other' / 'plexsync.db'}", data_dir=tmp_path / "other")


def made(home: Home, file: Path) -> Path:
    home.backups.make(Why.BY_HAND, 1000.0, file)
    return file


def content(home: Home) -> dict[str, list[tuple[object, ...]]]:
    database = Database.open(home.url)
    try:
        return held(database)
    finally:
        database.close()


def without_losses(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    return rows | {"preferences": [row for row in rows["preferences"] if row[0] != "ledger lost"]}


@pytest.mark.usefixtures("filled")
def test_what_is_precious_comes_back_as_it_was_from_each_database_into_each(
    home: Home, other: Home, postgres_url: str, tmp_path: Path
) -> None:
    before = content(home)
    assert all(before.values()), before
    file = made(home, tmp_path / "a.backup")
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    restore_store(other, file, 2000.0, replace=False)
    assert without_losses(content(other)) == before
    # And from there into PostgreSQL, over what may be in it.
    back = made(other, tmp_path / "b.backup")
    server = Home(url=postgres_url, data_dir=tmp_path / "other")
    restore_store(server, back, 3000.0, replace=True)
    assert without_losses(content(server)) == before


@pytest.mark.usefixtures("filled")
def test_what_can_be_had_again_stays_out(home: Home, other: Home, tmp_path: Path) -> None:
    file = made(home, tmp_path / "a.backup")
    restore_store(other, file, 2000.0, replace=False)
    database = Database.open(other.url)
    with database.transaction() as conn:
        for name in precious.DERIVED_TABLES - {"counters"}:
            assert conn.scalar(sa.select(sa.func.count()).select_from(metadata.tables[name])) == 0, name
        names = set(conn.scalars(sa.select(metadata.tables["preferences"].c.name)))
    database.close()
    assert names == {"setting:log_level", "first contact:plex:1", "plugin settings", "ledger lost"}


def test_every_table_is_known_to_be_precious_or_not() -> None:
    assert set(precious.TABLES) | precious.DERIVED_TABLES == set(metadata.tables)
    assert not set(precious.TABLES) & precious.DERIVED_TABLES


@pytest.mark.usefixtures("filled")
def test_numbers_go_on_behind_restored_rows(home: Home, postgres_url: str, other: Home, tmp_path: Path) -> None:
    file = made(home, tmp_path / "a.backup")
    for target in (other, Home(url=postgres_url, data_dir=tmp_path / "other")):
        restore_store(target, file, 2000.0, replace=True)
        database = Database.open(target.url)
        fill_again = sa.insert(metadata.tables["history"])
        with database.transaction() as conn:
            highest = conn.scalar(sa.select(sa.func.max(metadata.tables["history"].c.id)))
            row = {"run": "r", "server": "plex", "scene": 1, "path": "p", "rating_key": 1, "field": "title"}
            new = conn.execute(fill_again.values(row | {"reason": "x", "at": 1.0})).inserted_primary_key
        database.close()
        assert new is not None
        assert new[0] == highest + 1


@pytest.mark.usefixtures("filled")
def test_a_backup_holds_up_nobody_and_sees_one_moment(home: Home, tmp_path: Path) -> None:
    """What is written while it is read is not in it, not even by half."""
    database = Database.open(home.url)
    with backup.snapshot(home.url) as conn:
        assert backup.ledger_rows(conn) == 18
        with database.transaction() as writing:
            preferences.put(writing, "setting:late", 1)
            writing.execute(sa.update(metadata.tables["ledger"]).values(path=sa.literal("/moved/") + _path()))
        counts = backup.write(conn, tmp_path / "a.backup", HEADER, tmp_path / "identity.json")
    database.close()
    assert counts["ledger"] == 18
    assert counts["preferences"] == 3
    rows = [row for piece in backupfile.pieces(tmp_path / "a.backup") for row in getattr(piece, "rows", ())]
    assert not any("/moved/" in str(row) for row in rows)


def _path() -> sa.ColumnElement[str]:
    return sa.cast(metadata.tables["ledger"].c.path, sa.Text)


def test_many_pages_are_read_in_the_order_of_their_keys(home: Home, other: Home, tmp_path: Path) -> None:
    database = Database.open(home.url)
    fill(database, items=PAGE // 3)
    before = held(database)
    database.close()
    assert len(before["ledger"]) == 2 * (PAGE // 3) * 3
    restore_store(other, made(home, tmp_path / "a.backup"), 2000.0, replace=False)
    assert without_losses(content(other)) == before


@pytest.mark.usefixtures("filled")
def test_a_backup_that_was_changed_or_cut_short_is_refused_by_name(home: Home, other: Home, tmp_path: Path) -> None:
    whole = made(home, tmp_path / "whole.backup").read_bytes()
    file, chance = tmp_path / "bad.backup", random.Random(3)
    for number in range(60):
        bad = bytearray(whole)
        if number % 2:
            del bad[chance.randrange(len(bad)) :]
        else:
            bad[chance.randrange(10, len(bad))] ^= 1 << chance.randrange(8)
        file.write_bytes(bad)
        with pytest.raises(BackupError, match=str(file)):
            restore_store(other, file, 2000.0, replace=True)
    assert list((tmp_path / "other").iterdir()) == [], "nothing was touched"


@pytest.mark.parametrize("text", [b"", b"no backup", b"{}\n", b'{"part":"plexsync backup"}\n', b"[]\n"])
def test_another_file_is_no_backup(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.backup").write_bytes(text)
    with pytest.raises(BackupError, match=r"x\.backup"):
        backupfile.contents(tmp_path / "x.backup")
    with pytest.raises(BackupError, match=r"gone\.backup cannot be read"):
        backupfile.contents(tmp_path / "gone.backup")


def test_a_checksum_that_fits_other_lines_is_no_proof(tmp_path: Path) -> None:
    """Packed anew, so that only our own checksum can tell."""
    with backupfile.writing(tmp_path / "a.backup", HEADER) as out:
        out.part(Table(name="uploads", columns=["server"]))
        out.rows([["plex"], ["plex"]])
    lines = gzip.decompress((tmp_path / "a.backup").read_bytes()).splitlines(keepends=True)
    for changed in (lines[:2] + lines[3:], lines[:3] + lines[2:], [*lines, b"[1]\n"], lines[:-1]):
        (tmp_path / "b.backup").write_bytes(gzip.compress(b"".join(changed)))
        with pytest.raises(BackupError, match="is damaged"):
            backupfile.contents(tmp_path / "b.backup")


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(tmp_path: Path, home: Home) -> None:
    (tmp_path / "file").touch()
    Database.open(home.url).close()
    with pytest.raises(StoreError, match=r"file/a\.backup cannot be written"):
        made(home, tmp_path / "file" / "a.backup")
    with pytest.raises(TypeError), backupfile.writing(tmp_path / "b.backup", HEADER) as out:
        out.part(Identity(facts={"no": object()}))
    assert not [path.name for path in tmp_path.iterdir() if "backup" in path.name]


@pytest.mark.usefixtures("filled")
def test_a_backup_that_is_broken_off_leaves_nothing(home: Home) -> None:
    halt = Event()
    halt.set()
    with pytest.raises(StoreError, match="broken off"):
        home.backups.make_if_due(1000.0, halt)
    assert list(home.backups.folder.iterdir()) == []
    assert home.backups.make_if_due(1000.0, Event()) is not None


@pytest.mark.usefixtures("filled")
def test_the_identity_goes_along_and_another_one_is_kept(home: Home, other: Home, tmp_path: Path) -> None:
    facts = {name: name for name in ("client_identifier", "api_key", "events_token", "signing_key", "provider_path")}
    facts |= {"machine_identifiers": {"plex": "m"}}  # type: ignore[dict-item]
    home.identity.write_text(json.dumps(facts))
    file = made(home, tmp_path / "a.backup")
    assert restore_store(other, file, 2000.0, replace=False).identity_kept is None
    assert json.loads(other.identity.read_text()) == facts
    assert oct(other.identity.stat().st_mode & 0o777) == "0o600"
    other.identity.write_text(json.dumps(facts | {"api_key": "another"}))
    kept = restore_store(other, file, 3000.0, replace=True).identity_kept
    assert kept is not None
    assert kept.name.startswith("identity.json.before-restore-")
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    assert json.loads(kept.read_text())["api_key"] == "another"
    assert json.loads(other.identity.read_text()) == facts
    assert restore_store(other, file, 4000.0, replace=True).identity_kept is None, "it is the same one"


@pytest.mark.usefixtures("filled")
def test_a_store_with_a_ledger_is_replaced_only_when_told_so(home: Home, tmp_path: Path) -> None:
    file = made(home, tmp_path / "a.backup")
    before = content(home)
    with pytest.raises(StoreError, match=r"holds a ledger of 18 fields already.*--replace"):
        restore_store(home, file, 2000.0, replace=False)
    assert content(home) == before
    done = restore_store(home, file, 2000.0, replace=True)
    assert without_losses(content(home)) == before
    if home.file is not None:
        assert done.database_kept is not None
        assert done.database_kept.exists(), "the old file is never deleted"
        assert done.database_kept.name.startswith("plexsync.db.replaced-")


@pytest.mark.usefixtures("filled")
def test_a_restore_remembers_from_when_the_ledger_is(home: Home, other: Home, tmp_path: Path) -> None:
    restore_store(other, made(home, tmp_path / "a.backup"), 2000.0, replace=False)
    database = Database.open(other.url)
    with database.transaction() as conn:
        assert [(loss.since, loss.at) for loss in losses.losses(conn)] == [(1000.0, 2000.0)]
    database.close()


def test_a_store_that_another_daemon_works_on_is_not_restored(postgres_url: str, tmp_path: Path) -> None:
    home = Home(url=postgres_url, data_dir=tmp_path)
    database = Database.open(postgres_url)
    with database.transaction() as conn:
        owner.take(conn, "plex:plex", "somebody")
    database.close()
    file = made(home, tmp_path / "a.backup")
    with pytest.raises(StoreError, match=r"Another PlexSync \(somebody\) works on the database .*stop that one first"):
        restore_store(home, file, 2000.0, replace=True)


def test_a_backup_of_older_tables_is_restored_into_newer_ones(home: Home, other: Home, tmp_path: Path) -> None:
    older(home.url)
    file = made(home, tmp_path / "a.backup")
    assert backupfile.header_of(file).schema == "0001"
    restore_store(other, file, 2000.0, replace=False)
    rows = content(other)["ledger"]
    assert len(rows) == 1
    names = [column.name for column in metadata.tables["ledger"].c]
    assert dict(zip(names, rows[0], strict=True)) | {"before": "old", "before_known": True} == dict(
        zip(names, rows[0], strict=True)
    )


def test_a_backup_of_newer_tables_is_refused_by_name(tmp_path: Path, other: Home) -> None:
    header = Header(program="9.9.0", schema="9917", made_at=1.0, why=Why.DAILY, number=1)
    with backupfile.writing(tmp_path / "a.backup", header) as out:
        out.part(Table(name="uploads", columns=["server"]))
    with pytest.raises(StoreError, match=r"a\.backup was made by a newer PlexSync \(9\.9\.0, tables of version 9917\)"):
        restore_store(other, tmp_path / "a.backup", 2.0, replace=True)


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(_VALUES, _VALUES)))
def test_any_values_come_back_equal_and_of_the_same_type(tmp_path: Path, rows: list[tuple[object, object]]) -> None:
    file = tmp_path / "a.backup"
    with backupfile.writing(file, HEADER) as out:
        out.part(Table(name="t", columns=["a", "b"]))
        for row in rows:
            out.rows([row])
    found = [tuple(row) for piece in backupfile.pieces(file) for row in getattr(piece, "rows", ())]
    assert [(value, type(value)) for row in found for value in row] == [
        (value, type(value)) for row in rows for value in row
    ]
    file.unlink()


def test_a_backup_that_does_not_fit_is_not_said_to_be_restored(
    home: Home, filled: Database, other: Home, tmp_path: Path
) -> None:
    header = Header(program="0.1.0", schema="0001", made_at=1.0, why=Why.DAILY, number=1)
    with backupfile.writing(tmp_path / "a.backup", header) as out:
        out.part(Table(name="ledger", columns=["server", "path", "field"]))
        out.rows([["plex", "/a", "title"]])
    for target in (home, other):
        with pytest.raises(StoreError, match=r"a\.backup does not fit the tables of this PlexSync, nothing was"):
            restore_store(target, tmp_path / "a.backup", 2.0, replace=True)
    if home.file is None:
        assert len(content(home)["ledger"]) == 18, "all in one transaction"
