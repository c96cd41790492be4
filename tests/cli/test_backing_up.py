"""Backups made, listed and restored by hand; what a daemon says that cannot start on its store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.program import House
from plexsync.cli.asking import standing_of
from plexsync.store import engines, identity, notices
from plexsync.store.lock import FolderLock
from plexsync.store.opening import Home, open_for_work
from store.precious_rows import fill, held

NOW = 1_800_000_000.0


@pytest.fixture
def filled(tmp_path: Path) -> House:
    """A data folder with a store that was worked with; its servers are nowhere."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    house = House(data_dir=data_dir, plugins=tmp_path, stash="http://127.0.0.1:9", plex="http://127.0.0.1:9")
    house.configure(f'port = 0\nstash_url = "{house.stash}"\nplex_url = "{house.plex}"\nplex_token = "x"\n')
    database = open_for_work(home_of(house), NOW)
    fill(database)
    database.close()
    identity.load_or_create(data_dir / "identity.json")
    return house


def home_of(house: House) -> Home:
    return Home(url=f"sqlite:///{house.data_dir / 'plexsync.db'}", data_dir=house.data_dir)


def rows(house: House) -> object:
    database = open_for_work(home_of(house), NOW)
    try:
        found = held(database)
    finally:
        database.close()
    return found | {"preferences": [row for row in found["preferences"] if row[0] != "ledger lost"]}


def test_a_backup_is_made_listed_and_restored(filled: House, tmp_path: Path) -> None:
    before = rows(filled)
    file = tmp_path / "mine.backup"
    made = filled.call("backup", str(file))
    assert made.code == 0, made.err
    assert "18 ledger rows, 18 history rows" in made.out
    assert filled.call("backup", "--json").facts["rows"]["ledger"] == 18
    listed = filled.call("restore", "--json").facts
    assert [row["why"] for row in listed] == ["by hand"]
    assert listed[0]["rows"]["history"] == 18
    shown = filled.call("restore").out
    assert "by hand" in shown
    assert "18 ledger rows" in shown
    refused = filled.call("restore", str(file))
    assert refused.code == 1
    assert "holds a ledger of 18 fields already" in refused.err
    assert "--replace" in refused.err
    done = filled.call("restore", str(file), "--replace")
    assert done.code == 0, done.err
    assert "plexsync.db.replaced-" in done.out
    assert rows(filled) == before
    facts = filled.call("restore", str(file), "--replace", "--json").facts
    assert facts["rows"]["ledger"] == 18
    assert facts["identity_kept_as"] is None


def test_a_backup_of_the_folder_is_named_by_its_name_alone(filled: House) -> None:
    name = Path(filled.call("backup", "--json").facts["file"]).name
    assert filled.call("restore", name, "--replace").code == 0


def test_a_backup_goes_into_a_folder_and_over_no_other_file(filled: House, tmp_path: Path) -> None:
    file = Path(filled.call("backup", str(tmp_path), "--json").facts["file"])
    assert file.parent == tmp_path
    assert filled.call("backup", str(file)).code == 0, "an older backup may be replaced"
    (tmp_path / "letter.txt").write_text("mine")
    refused = filled.call("backup", str(tmp_path / "letter.txt"))
    assert refused.code == 1
    assert "choose another name" in refused.err
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_without_a_store_there_is_nothing_to_back_up_and_none_to_list(tmp_path: Path) -> None:
    house = House(data_dir=tmp_path, plugins=tmp_path, stash="", plex="")
    refused = house.call("backup")
    assert (refused.code, "there is no database" in refused.err) == (1, True)
    assert "There are no backups" in house.call("restore").out
    assert house.call("restore", "--json").facts == []


@pytest.mark.parametrize("words", [["--noted", "x.backup"], ["--replace"], ["--replace", "--noted"]])
def test_words_that_make_no_sense_together_are_bad_usage(filled: House, words: list[str]) -> None:
    assert filled.call("restore", *words).code == 2


def test_a_restore_waits_for_nobody(filled: House, tmp_path: Path) -> None:
    filled.call("backup", str(tmp_path / "mine.backup"))
    with FolderLock(filled.data_dir) as lock:
        lock.acquire({"pid": 12345})
        refused = filled.call("restore", str(tmp_path / "mine.backup"), "--replace")
    assert refused.code == 1
    assert "process 12345: stop that one first" in refused.err


def test_a_damaged_backup_is_shown_as_such(filled: House) -> None:
    file = Path(filled.call("backup", "--json").facts["file"])
    file.write_bytes(file.read_bytes()[:-30])
    assert "cut short" in filled.call("restore", "--json").facts[0]["fault"]
    assert "cut" in filled.call("restore").out
    refused = filled.call("restore", str(file), "--replace")
    assert refused.code == 1
    assert "cut short" in refused.err


def test_what_happened_to_the_store_is_told_until_it_is_noted(filled: House) -> None:
    database = open_for_work(home_of(filled), NOW)
    with database.transaction() as conn:
        notices.add(conn, "The database was found damaged.")
    database.close()
    for _ in range(2):
        assert "Needs you: The database was found damaged." in filled.call("status").out
    assert "1 message" in filled.call("restore", "--noted").out
    assert "damaged" not in filled.call("status").out
    assert filled.call("restore", "--noted", "--json").facts == {"noted": 0}


def test_why_names_the_fields_of_which_nobody_knows_what_was_there_before() -> None:
    item = {"item": 1, "path": "/a", "in_step": True, "confidence": "high", "reason": "path"}
    server = {"job": None, "dead": None, "decision": None, "held_libraries": [], "items": [item]}
    item["before_unknown"] = []
    assert "not known" not in " ".join(standing_of(server))
    item["before_unknown"] = ["summary", "title"]
    assert "a database was lost" in standing_of(server)[-1]
    assert standing_of(server)[-1].endswith("is not known of summary, title")


def test_a_store_that_another_program_locks_ends_the_daemon_with_the_reason(
    filled: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 200)
    with closing(sqlite3.connect(filled.data_dir / "plexsync.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = filled.call("run")
    assert done.code == 1
    assert "is locked by another program" in done.err
    assert "Traceback" not in done.err
    assert list(filled.data_dir.glob("*.damaged-*")) == []


def test_a_newer_store_ends_the_daemon_with_what_to_do(filled: House) -> None:
    backup = filled.call("backup", "--json").facts["file"]
    before = rows(filled)
    with closing(sqlite3.connect(filled.data_dir / "plexsync.db", isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9917'")
    done = filled.call("run")
    assert done.code == 1
    assert "version 9917" in done.err
    assert f"`plexsync restore {backup} --replace`" in done.err
    assert "Traceback" not in done.err
    assert filled.call("restore", backup, "--replace").code == 0
    assert rows(filled) == before


def test_a_reading_verb_says_that_the_store_is_damaged_and_changes_nothing(filled: House) -> None:
    file = filled.data_dir / "plexsync.db"
    content = b"This is no database. " * 500
    file.write_bytes(content)
    told = filled.call("status")
    assert told.code == 1
    assert "is damaged" in told.err
    assert "start PlexSync" in told.err
    assert file.read_bytes() == content
