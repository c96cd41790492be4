"""What the log on the disk tells of commits that SQLite would forget."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from plexsync.store.wal import has_hole

COMMITS = 60
_HEADER, _FRAME = 32, 24 + 4096


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The log of a database that was never closed, a few frames in each of its commits."""
    file = tmp_path_factory.mktemp("wal") / "a.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (a, b)")
        for number in range(COMMITS):
            conn.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * (number % 7) * 1000))
        return file.with_name("a.db-wal").read_bytes()


def hole(folder: Path, content: bytes) -> bool:
    file = folder / "b.db-wal"
    file.write_bytes(content)
    return has_hole(file, 4096)


def commits(log: bytes) -> list[int]:
    """Where the last frame of each commit begins."""
    starts = range(_HEADER, len(log), _FRAME)
    return [start for start in starts if int.from_bytes(log[start + 4 : start + 8], "big")]


def test_a_whole_log_has_no_hole(tmp_path: Path, log: bytes) -> None:
    assert not hole(tmp_path, log)
    assert not hole(tmp_path, b"")
    assert not hole(tmp_path, log[:20])


def test_a_log_that_only_ends_badly_has_no_hole(tmp_path: Path, log: bytes) -> None:
    chance = random.Random(1)
    last = commits(log)[-2] + _FRAME
    for _ in range(30):
        cut = chance.randrange(last, len(log))
        assert not hole(tmp_path, log[:cut])
        assert not hole(tmp_path, log[:cut] + chance.randbytes(len(log) - cut))
        assert not hole(tmp_path, log[:cut] + bytes(len(log) - cut))


def test_one_wrong_byte_before_the_last_commits_is_a_hole(tmp_path: Path, log: bytes) -> None:
    chance = random.Random(2)
    for _ in range(100):
        place = chance.randrange(0, commits(log)[-4])
        content = bytearray(log)
        content[place] ^= chance.randrange(1, 256)
        assert hole(tmp_path, bytes(content)), place


def test_what_an_earlier_round_left_behind_the_end_is_no_hole(tmp_path: Path) -> None:
    """After a checkpoint SQLite writes over its log from the start; the rest of the old round stays behind."""
    file = tmp_path / "c.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (a, b)")
        for number in range(COMMITS):
            conn.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * 3000))
        conn.execute("PRAGMA wal_checkpoint(RESTART)")
        conn.execute("INSERT INTO t VALUES (-1, 'new round')")
        log = file.with_name("c.db-wal")
        assert log.stat().st_size > 20 * _FRAME
        assert not has_hole(log, 4096)


def test_what_a_commit_that_was_cut_off_left_behind_later_ones_is_no_hole(tmp_path: Path) -> None:
    """A long commit was torn by a power cut; after it came shorter ones, in its place, and another power cut."""
    file = tmp_path / "d.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (a, b)")
        conn.execute("INSERT INTO t VALUES (0, 'kept')")
        conn.execute("BEGIN")
        conn.executemany("INSERT INTO t VALUES (?, ?)", [(number, "x" * 3000) for number in range(20)])
        conn.execute("COMMIT")
        for part in ("", "-wal"):
            shutil.copy(f"{file}{part}", f"{tmp_path / 'e.db'}{part}")
    log = tmp_path / "e.db-wal"
    torn = bytearray(log.read_bytes())
    torn[commits(bytes(torn))[-2] + _FRAME + 100] ^= 1
    log.write_bytes(torn)
    assert not has_hole(log, 4096)
    with closing(sqlite3.connect(tmp_path / "e.db", isolation_level=None)) as conn:
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (1,)
        conn.execute("INSERT INTO t VALUES (1, 'short')")
        assert len(log.read_bytes()) == len(torn), "the torn commit still lies behind"
        assert not has_hole(log, 4096)


def test_garbage_is_no_hole_and_no_error(tmp_path: Path) -> None:
    for size in (0, 31, 32, 33, 5000, 100_000):
        assert not hole(tmp_path, os.urandom(size))
