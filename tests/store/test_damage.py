"""A damaged, lost, locked or newer store at the start: what is done, what stays, and what people are told."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from plexsync.model.errors import StoreDamagedError, StoreError
from plexsync.store import damage, engines, identity, losses, notices, preferences, rebuild, restore
from plexsync.store.backupfile import Why
from plexsync.store.database import Database
from plexsync.store.opening import Home, doubt, open_for_work, words_of
from plexsync.store.rebuild import Doubt
from plexsync.store.schema import metadata
from store.precious_rows import fill, held, older

MADE_AT, NOW = 1_800_000_000.0, 1_800_050_000.0

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was closed well, with a backup of all that is precious in it."""
    folder = tmp_path_factory.mktemp("template")
    found = Home(url=f"sqlite:///{folder / 'plexsync.db'}", data_dir=folder)
    database = open_for_work(found, MADE_AT)
    fill(database, items=150)
    identity.load_or_create(found.identity)
    database.close()
    found.backups.make(Why.DAILY, MADE_AT)
    return folder


@pytest.fixture
def home(template: Path, sqlite_url: str, tmp_path: Path) -> Home:
    """The same for this test alone."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Home(url=sqlite_url, data_dir=tmp_path)


@pytest.fixture
def file(home: Home) -> Path:
    assert home.file is not None
    return home.file


def opened(home: Home, now: float = NOW) -> tuple[Rows, list[str], list[tuple[float | None, float]]]:
    """What is precious in the store once it was opened, what people are told, and what counts as lost."""
    database = open_for_work(home, now)
    try:
        with database.transaction() as conn:
            told = notices.sentences(conn)
            lost = [(loss.since, loss.at) for loss in losses.losses(conn)]
        rows = held(database)
    finally:
        database.close()
    kept = [row for row in rows["preferences"] if row[0] not in {"notices", "ledger lost"}]
    return rows | {"preferences": kept}, told, lost


def asides(home: Home) -> list[str]:
    return sorted(path.name for path in home.data_dir.iterdir() if ".damaged-" in path.name)


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else str(sorted(path.iterdir())).replace(str(path), "").encode()


def garbled(file: Path, start: int, size: int) -> None:
    content = bytearray(file.read_bytes())
    content[start : start + size] = random.Random(start).randbytes(size)
    file.write_bytes(content)


def killed(file: Path) -> None:
    """As after kill -9: the log still lies there."""
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(8):
            conn.execute("UPDATE counters SET value = ?", (number,))
        kept = {part: Path(f"{file}{part}").read_bytes() for part in ("", "-wal")}
    for part, content in kept.items():
        Path(f"{file}{part}").write_bytes(content)


def in_the_header(file: Path) -> None:
    garbled(file, 0, 100)


def in_the_middle(file: Path) -> None:
    killed(file)
    garbled(file, file.stat().st_size // 2 // 4096 * 4096, 5 * 4096)


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def truncated_after_a_kill(file: Path) -> None:
    killed(file)
    truncated(file)


def emptied_beside_its_log(file: Path) -> None:
    killed(file)
    file.write_bytes(b"")


def in_the_log(file: Path) -> None:
    killed(file)
    garbled(file.with_name(f"{file.name}-wal"), 32 + 24 + 4096 + 50, 400)


def in_the_header_of_the_log(file: Path) -> None:
    killed(file)
    garbled(file.with_name(f"{file.name}-wal"), 4, 20)


def a_folder_in_its_place(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "something").write_text("of somebody's")


DAMAGES = [
    in_the_header,
    in_the_middle,
    truncated,
    truncated_after_a_kill,
    emptied_beside_its_log,
    in_the_log,
    in_the_header_of_the_log,
    a_folder_in_its_place,
]


@pytest.mark.parametrize("harm", DAMAGES, ids=lambda harm: harm.__name__)
def test_a_damaged_store_is_set_aside_and_the_newest_backup_read_back(
    home: Home, file: Path, harm: Callable[[Path], None]
) -> None:
    before, _, _ = opened(home)
    harm(file)
    harmed = {path.name.removeprefix(file.name): content(path) for path in home.data_dir.glob("plexsync.db*")}
    rows, told, lost = opened(home)
    assert rows == before
    assert lost == [(MADE_AT, NOW)]
    aside = asides(home)
    for part in harmed.keys() - {"-shm"}:
        assert content(file.with_name(aside[0] + part)) == harmed[part], "as it was found, for whoever can mend it"
    assert len(told) == 1
    for word in (str(file), "damaged", aside[0], home.backups.found()[0].path.name, "read back"):
        assert word in told[0]
    assert opened(home, NOW + 60) == (rows, told, lost), "once and for all"
    assert asides(home) == aside


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"")], ids=["gone", "empty"])
def test_a_store_that_is_gone_beside_its_backups_is_read_back(
    home: Home, file: Path, harm: Callable[[Path], None]
) -> None:
    before, _, _ = opened(home)
    harm(file)
    rows, told, lost = opened(home)
    assert rows == before
    assert lost == [(MADE_AT, NOW)]
    assert "held nothing" in told[0]
    assert asides(home) == []


def test_a_log_without_its_database_harms_no_new_one(home: Home, file: Path) -> None:
    before, _, _ = opened(home)
    killed(file)
    file.unlink()
    assert opened(home)[0] == before


def test_an_empty_postgresql_beside_backups_is_filled_from_them(home: Home, postgres_url: str) -> None:
    before, _, _ = opened(home)
    server = Home(url=postgres_url, data_dir=home.data_dir)
    rows, told, _ = opened(server)
    assert rows == before
    assert "postgresql://" in told[0]
    assert "of-a-test" not in told[0], "no password"
    assert opened(server)[1] == told


def test_a_store_that_was_killed_is_whole_and_stays(home: Home, file: Path) -> None:
    before, _, _ = opened(home)
    killed(file)
    assert opened(home) == (before, [], [])
    assert asides(home) == []


def test_a_bad_newest_backup_gives_way_to_the_one_before(home: Home, file: Path) -> None:
    before, _, _ = opened(home)
    newest = home.backups.make(Why.DAILY, MADE_AT + 86_400).path
    os.truncate(newest, newest.stat().st_size - 40)
    in_the_header(file)
    rows, told, lost = opened(home)
    assert rows == before
    assert lost == [(MADE_AT, NOW)]
    assert newest.name not in told[0]


def test_without_any_good_backup_the_store_begins_anew_and_says_so(home: Home, file: Path) -> None:
    for found in home.backups.found():
        found.path.write_bytes(found.path.read_bytes()[:50])
    in_the_header(file)
    rows, told, lost = opened(home)
    assert not any(rows.values())
    assert lost == [(None, NOW)]
    assert "no backup that could be read back" in told[0]


def test_a_backup_that_does_not_fit_its_tables_gives_way_to_the_one_before(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _, _ = opened(home)
    newest = home.backups.make(Why.DAILY, MADE_AT + 86_400).path
    fits = restore.fill

    def misfit(conn: sa.Connection, path: Path) -> dict[str, int]:
        if path == newest:
            conn.execute(sa.text("INSERT INTO uploads (server) VALUES ('half')"))
        return fits(conn, path)

    monkeypatch.setattr(restore, "fill", misfit)
    in_the_header(file)
    rows, _, lost = opened(home)
    assert rows == before
    assert lost == [(MADE_AT, NOW)]


def test_damage_that_was_met_while_working_is_looked_into_and_believed_when_it_repeats(home: Home, file: Path) -> None:
    before, _, _ = opened(home)
    doubt(home, "disk image is malformed", NOW, sure=False)
    assert opened(home) == (before, [], []), "a thorough look finds nothing"
    assert rebuild.doubt_of(file) is None
    doubt(home, "disk image is malformed", NOW, sure=True)
    rows, told, _ = opened(home)
    assert rows == before
    assert "disk image is malformed" in told[0]
    assert len(asides(home)) == 1


def test_a_thorough_look_finds_what_a_cheap_one_does_not(home: Home, file: Path) -> None:
    garbled(file, file.stat().st_size // 2 // 4096 * 4096, 5 * 4096)
    assert damage.fault_of(file, thorough=False) == "", "it was closed well"
    assert damage.fault_of(file, thorough=True) != ""


def test_a_doubt_that_cannot_be_read_is_one_all_the_same(home: Home, file: Path) -> None:
    before, _, _ = opened(home)
    garbled(file, file.stat().st_size // 2 // 4096 * 4096, 5 * 4096)
    file.with_name("plexsync.db.doubt").write_text("{half")
    assert opened(home)[0] == before
    assert len([name for name in asides(home) if not name.endswith(("-wal", "-shm"))]) == 1


class _CutOff(Exception):
    """As if the process was killed here."""


def _steps(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[None]:
    """Cut off before the step of that number of those that make a store anew."""
    count = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == at:
                raise _CutOff
            return real(*args, **options)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "doubt", guarded(rebuild.doubt))
        patch.setattr(Path, "rename", guarded(Path.rename))
        patch.setattr(Database, "open", guarded(Database.open))
        patch.setattr(restore, "fill", guarded(restore.fill))
        patch.setattr(losses, "note", guarded(losses.note))
        patch.setattr(rebuild, "settle", guarded(rebuild.settle))
        yield


@pytest.mark.parametrize("at", range(1, 9))
def test_a_rebuild_that_is_cut_off_goes_on_where_it_was(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before, _, _ = opened(home)
    in_the_middle(file)
    damaged = file.read_bytes()
    for _ in _steps(monkeypatch, at):
        with pytest.raises(_CutOff):
            open_for_work(home, NOW)
    rows, told, lost = opened(home, NOW + 600)
    assert rows == before
    assert len(lost) == len(told) == 1
    assert "damaged" in told[0]
    kept = [name for name in asides(home) if not name.endswith(("-wal", "-shm"))]
    assert len(kept) == 1
    assert file.with_name(kept[0]).read_bytes() == damaged
    assert rebuild.doubt_of(file) is None


def test_a_restore_that_was_cut_off_goes_on_with_the_same_file(home: Home, file: Path, tmp_path: Path) -> None:
    before, _, _ = opened(home)
    chosen = home.backups.make(Why.BY_HAND, MADE_AT + 5, tmp_path / "chosen.backup").path
    rebuild.doubt(file, Doubt(at=NOW, why="", aside="plexsync.db.replaced-x", source=str(chosen)))
    rows, told, lost = opened(home)
    assert (rows, told, lost) == (before, [], [(MADE_AT + 5, NOW)])
    assert file.with_name("plexsync.db.replaced-x").exists()


def test_a_folder_that_may_not_be_written_is_named(home: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_header(file)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StoreError, match=r"has to be set aside as .*Permission denied.*write in its folder"):
        open_for_work(home, NOW)


@pytest.mark.parametrize("content", [None, "", "{half", "[]"])
def test_a_lost_identity_comes_from_the_newest_backup(home: Home, content: str | None) -> None:
    known = identity.load_or_create(home.identity)
    home.identity.unlink() if content is None else home.identity.write_text(content)
    _, told, lost = opened(home)
    assert identity.load_or_create(home.identity) == known
    assert lost == []
    assert "identity" in told[0]
    kept = list(home.data_dir.glob("identity.json.damaged-*"))
    assert [path.read_text() for path in kept] == ([] if content is None else [content])


def test_an_identity_is_not_invented_beside_backups_without_one(home: Home) -> None:
    home.identity.unlink()
    shutil.rmtree(home.backups.folder)
    home.backups.make(Why.DAILY, MADE_AT)
    home.identity.write_text("{half")
    open_for_work(home, NOW).close()
    assert home.identity.read_text() == "{half"


def test_a_locked_store_is_waited_for_and_then_refused_with_the_reason(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 300)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="is locked by another program") as refused:
            open_for_work(home, NOW)
        assert time.monotonic() - began >= 0.3
        assert not isinstance(refused.value, StoreDamagedError)
        assert asides(home) == [], "a lock is no damage"
    open_for_work(home, NOW).close()


def newer(home: Home) -> None:
    database = Database.open(home.url)
    with database.transaction() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9917'"))
    database.close()


def test_a_newer_store_is_refused_and_the_backup_to_go_back_to_is_named(home: Home, file: Path) -> None:
    wanted = home.backups.found()[0].path
    newer(home)
    home.backups.make(Why.DAILY, NOW)  # of the newer tables: nothing for this program
    content = file.read_bytes()
    with pytest.raises(StoreError, match=r"version 9917, made by a newer PlexSync") as refused:
        open_for_work(home, NOW)
    assert f"plexsync restore {wanted} --replace" in str(refused.value)
    assert file.read_bytes() == content


def test_a_newer_store_without_a_fitting_backup_says_where_one_was_looked_for(home: Home) -> None:
    shutil.rmtree(home.backups.folder)
    newer(home)
    with pytest.raises(StoreError, match=f"no backup that this one can restore lies in {home.backups.folder}"):
        open_for_work(home, NOW)


def test_an_older_store_is_backed_up_before_it_is_brought_up_to_date(tmp_path: Path, url: str) -> None:
    older(url)
    home = Home(url=url, data_dir=tmp_path)
    open_for_work(home, NOW).close()
    (found,) = home.backups.found()
    assert found.header is not None
    assert (found.header.why, found.header.schema) == (Why.BEFORE_MIGRATION, "0001")
    open_for_work(home, NOW).close()
    assert len(home.backups.found()) == 1, "only once"


def test_an_older_store_that_cannot_be_backed_up_is_left_as_it_is(tmp_path: Path, sqlite_url: str) -> None:
    older(sqlite_url)
    home = Home(url=sqlite_url, data_dir=tmp_path)
    home.backups.folder.write_text("in the way")
    with pytest.raises(StoreError, match="backups"):
        open_for_work(home, NOW)
    with closing(sqlite3.connect(tmp_path / "plexsync.db")) as conn:
        assert conn.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_a_new_store_is_made_without_a_word_and_without_a_backup(tmp_path: Path, url: str) -> None:
    home = Home(url=url, data_dir=tmp_path)
    rows, told, lost = opened(home)
    assert (told, lost) == ([], [])
    assert not any(rows.values())
    assert home.backups.found() == []


def test_what_people_were_told_goes_when_they_know(home: Home, file: Path) -> None:
    in_the_header(file)
    opened(home)
    database = open_for_work(home, NOW)
    with database.transaction() as conn:
        assert notices.clear(conn) == 1
        assert notices.sentences(conn) == []
        assert notices.clear(conn) == 0
        assert losses.losses(conn) != (), "what is lost stays lost"
        assert preferences.get(conn, "notices") is None
    database.close()
    assert json.dumps(opened(home)[1]) == "[]"


def test_a_damage_is_reported_to_whoever_asked_for_it(home: Home, file: Path) -> None:
    database = open_for_work(home, NOW)
    told: list[str] = []
    database.on_damage = told.append
    with database.transaction() as conn:
        conn.execute(sa.text("SELECT count(*) FROM ledger"))
    in_the_header(file)
    (file.with_name("plexsync.db-wal")).write_bytes(b"")
    database._engine.dispose()
    with pytest.raises(StoreDamagedError, match="start PlexSync"), database.transaction() as conn:
        conn.execute(sa.text("SELECT count(*) FROM ledger"))
    database.close()
    assert told == ["file is not a database"]


def read_all(database: Database) -> None:
    with database.transaction() as conn:
        for table in metadata.sorted_tables:
            conn.execute(sa.select(table)).all()
            conn.execute(sa.select(sa.func.count()).select_from(table)).all()


def healed(home: Home, *, sure: bool = False) -> None:
    """As a daemon does it: what its work meets is looked into, and believed the second time."""
    database = open_for_work(home, NOW)
    try:
        read_all(database)
    except StoreDamagedError as error:
        assert not sure, "believed, and still there"
        met = words_of(error)
    else:
        return
    finally:
        database.close()
    doubt(home, met, NOW, sure=home.data_dir.joinpath("met once").exists())
    home.data_dir.joinpath("met once").touch()
    healed(home, sure=bool(asides(home)))


def check_garbage(template: Path, folder: Path, *, seed: int, times: int) -> None:
    """Garbage anywhere in the file: whatever it hits, the store can be read again."""
    chance = random.Random(seed)
    for number in range(times):
        place = folder / str(number)
        shutil.copytree(template, place)
        home = Home(url=f"sqlite:///{place / 'plexsync.db'}", data_dir=place)
        assert home.file is not None
        garbled(home.file, chance.randrange(home.file.stat().st_size), chance.choice([1, 4, 50, 5000]))
        if chance.random() < 0.5:
            home.file.with_name("plexsync.db-wal").write_bytes(b"as after a crash")
        healed(home)
        shutil.rmtree(place)


def test_garbage_anywhere_in_the_file_is_got_over(template: Path, tmp_path: Path) -> None:
    check_garbage(template, tmp_path, seed=1, times=10)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_much_garbage_anywhere_in_the_file_is_got_over(template: Path, tmp_path: Path) -> None:
    check_garbage(template, tmp_path, seed=2, times=500)


@pytest.mark.parametrize("statement", ["DROP TABLE gates", "ALTER TABLE gates RENAME saved_at TO saved_up"])
def test_tables_that_are_not_as_their_version_says_are_damage(home: Home, file: Path, statement: str) -> None:
    before, _, _ = opened(home)
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute(statement)
    rows, told, _ = opened(home)
    assert rows == before
    assert "gates.saved_at" in told[0]
