"""The files beside the database: who holds the folder, and who we are."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from plexsync.model.errors import StoreError
from plexsync.store import identity, lock
from plexsync.store.lock import FolderLock

HOLDER = """
import os, sys
from pathlib import Path
from plexsync.store.lock import FolderLock

lock = FolderLock(Path(sys.argv[1]))
lock.acquire({"pid": os.getpid(), "url": "http://127.0.0.1:9797"})
print("held", flush=True)
sys.stdin.read()
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


@pytest.mark.process
def test_a_second_holder_is_told_who_has_the_folder_and_kill_9_frees_it(tmp_path: Path) -> None:
    mine = FolderLock(tmp_path)
    with _holder(tmp_path) as child:
        with pytest.raises(StoreError) as refused:
            mine.acquire({"pid": os.getpid()})
        assert f"process {child.pid}" in str(refused.value)
        assert str(tmp_path) in str(refused.value)
        assert lock.holder(tmp_path) == {"pid": child.pid, "url": "http://127.0.0.1:9797"}
        child.kill()
        child.wait()
        assert (tmp_path / "daemon.json").exists(), "the killed one left its facts"
        assert lock.holder(tmp_path) is None, "but nobody holds the folder"
        mine.acquire({"pid": os.getpid()})
    assert lock.holder(tmp_path) == {"pid": os.getpid()}
    mine.release()


def test_facts_can_be_told_later_and_go_with_the_lock(tmp_path: Path) -> None:
    assert lock.holder(tmp_path) is None
    with FolderLock(tmp_path) as mine:
        mine.acquire({"pid": 1})
        mine.tell({"pid": 1, "url": "http://127.0.0.1:9797"})
        assert lock.holder(tmp_path) == {"pid": 1, "url": "http://127.0.0.1:9797"}
        assert (tmp_path / "daemon.json").stat().st_mode & 0o777 == 0o600
    assert lock.holder(tmp_path) is None
    assert not (tmp_path / "daemon.json").exists()
    mine.release()


def test_facts_that_cannot_be_told_leave_the_folder_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with FolderLock(tmp_path) as mine:
        mine.acquire({"pid": 1})
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "mkstemp", full)
            with pytest.raises(StoreError, match=r"cannot be written to \(No space left on device\): make room"):
                mine.tell({"pid": 1, "url": "http://127.0.0.1:9797"})
        assert lock.holder(tmp_path) == {"pid": 1}
    with monkeypatch.context() as patch, FolderLock(tmp_path) as mine:
        patch.setattr(tempfile, "mkstemp", full)
        with pytest.raises(StoreError, match="make room"):
            mine.acquire({"pid": 1})
        assert lock.holder(tmp_path) is None, "who cannot begin holds nothing"


def test_a_holder_whose_facts_cannot_be_read_still_holds_the_folder(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as mine:
        mine.acquire({"pid": 1})
        (tmp_path / "daemon.json").write_text("{half")
        assert lock.holder(tmp_path) == {}
        with pytest.raises(StoreError, match="process unknown"):
            FolderLock(tmp_path).acquire({"pid": 2})


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be locked"):
        FolderLock(tmp_path / "file" / "data").acquire({"pid": 1})


def test_an_identity_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "identity.json"
    made = identity.load_or_create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert identity.load_or_create(file) == made
    secrets = (made.api_key, made.events_token, made.signing_key, made.provider_path)
    assert len(set(secrets)) == 4
    assert all(len(secret) >= 32 for secret in secrets)
    assert not any(secret in repr(made) for secret in secrets)
    assert identity.load_or_create(tmp_path / "other.json") != made


def test_a_pinned_machine_is_remembered_and_nothing_else_changes(tmp_path: Path) -> None:
    file = tmp_path / "identity.json"
    made = identity.load_or_create(file)
    pinned = identity.pin(file, "plex", "machine a")
    assert pinned.machine_identifiers == {"plex": "machine a"}
    assert pinned.api_key == made.api_key
    written = file.stat().st_mtime_ns
    assert identity.pin(file, "plex", "machine a") == pinned
    assert file.stat().st_mtime_ns == written
    identity.pin(file, "other", "machine b")
    assert identity.load_or_create(file).machine_identifiers == {"plex": "machine a", "other": "machine b"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["identity.json"]


@pytest.mark.parametrize("content", ["", "{half", json.dumps({"client_identifier": "x"}), "[]"])
def test_an_identity_that_cannot_be_read_is_never_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "identity.json"
    file.write_text(content)
    with pytest.raises(StoreError, match=r"identity\.json cannot be read.*backup"):
        identity.load_or_create(file)
    assert file.read_text() == content
