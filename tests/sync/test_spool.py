"""The spool folder: nothing is lost, nothing is taken for more than it is, and every trouble is told."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from newstore import new_store
from plexsync.model.work import Event, EventType
from plexsync.store import jobs, queue
from plexsync.store.database import Database
from plexsync.sync.intake import Intake
from plexsync.sync.spool import Spool, parse
from sync.hands import SetClock
from world import FastClock, until, world


@dataclass(slots=True)
class Post:
    """A spool folder and the store behind it."""

    folder: Path
    database: Database
    clock: SetClock = field(default_factory=SetClock)
    asked: list[str] = field(default_factory=list)
    woken: int = 0

    def spool(self) -> Spool:
        intake = Intake(
            database=self.database, clock=self.clock, servers=("plex",), wake=self._wake, ask=self.asked.append
        )
        return Spool(folder=self.folder, intake=intake)

    def leave(self, name: str, **line: object) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_text(json.dumps({"v": 1, "type": "Scene.Update.Post", "at": 1.5} | line))
        return path

    def scenes(self) -> list[int]:
        with self.database.transaction() as connection:
            return sorted(row.scene for row in queue.listing(connection, limit=100_000))

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    database = Database.open(new_store(tmp_path / "plexsync.db"))
    yield Post(folder=tmp_path / "spool", database=database)
    database.close()


@contextmanager
def undeletable(folder: Path) -> Iterator[None]:
    """Files can be added and not removed, also by root; skips where the file system does not know how."""
    if subprocess.run(["/usr/bin/chattr", "+a", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("this file system has no append-only folders")
    try:
        yield
    finally:
        subprocess.run(["/usr/bin/chattr", "-a", str(folder)], check=True)


def unusable(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE jobs RENAME TO elsewhere"))


def usable(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO jobs"))


async def test_events_become_jobs_and_their_files_go(post: Post) -> None:
    post.leave("1-a.json", id="5")
    post.leave("2-b.json", id=6)
    assert await post.spool().drain() == 2
    assert post.scenes() == [5, 6]
    assert list(post.folder.iterdir()) == []
    assert post.woken == 1


async def test_no_file_goes_before_its_event_is_in_the_store(post: Post) -> None:
    path = post.leave("1-a.json", id="5")
    spool = post.spool()
    unusable(post.database)
    assert await spool.drain() == 0
    assert path.exists()
    assert "events wait" in spool.fault
    usable(post.database)
    assert await spool.drain() == 1
    assert not path.exists()
    assert (post.scenes(), spool.fault) == ([5], "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"type": "Scene.Upd',
        b"[1]",
        b"\xff\xfe\x00",
        b'{"id": "5"}',
        b'{"type": "Scene.Update.Post", "id": "five"}',
        b'{"type": "Scene.Update.Post", "id": -5}',
        b'{"type": "Scene.Update.Post", "id": 99999999999999999999999}',
        b'{"type": "Scene.Destroy.Post", "path": "/data/\\u0000.mp4"}',
        b'{"type": "Scene.Update.Post", "at": "yesterday", "id": 5}',
        b" " * 70_000,
    ],
)
async def test_a_file_that_says_nothing_is_kept_aside_and_a_walk_finds_what_it_meant(
    post: Post, content: bytes
) -> None:
    post.leave("2-good.json", id="6")
    (post.folder / "1-bad.json").write_bytes(content)
    await post.spool().drain()
    assert post.scenes() == [6]
    assert [path.name for path in post.folder.iterdir()] == ["1-bad.bad"]
    assert (post.folder / "1-bad.bad").read_bytes() == content
    assert post.asked == ["full walk"]


async def test_a_folder_in_the_place_of_an_event_is_set_aside_too(post: Post) -> None:
    (post.folder / "1-folder.json").mkdir(parents=True)
    await post.spool().drain()
    assert [path.name for path in post.folder.iterdir()] == ["1-folder.bad"]


async def test_events_that_cannot_be_deleted_are_taken_once_and_told(post: Post) -> None:
    post.leave("1-a.json", id="5")
    spool = post.spool()
    with undeletable(post.folder):
        assert await spool.drain() == 1
        assert "cannot be deleted" in spool.fault
        with post.database.transaction() as connection:
            jobs.clear(connection, "plex")
        assert await spool.drain() == 0
        post.leave("2-b.json", id="6")
        assert await spool.drain() == 1
        assert post.scenes() == [6]
        assert "cannot be deleted" in spool.fault
    (post.folder / "1-a.json").unlink()
    (post.folder / "2-b.json").unlink()
    post.leave("1-a.json", id="7")
    assert await spool.drain() == 1
    assert (post.scenes(), spool.fault) == ([6, 7], "")


async def test_broken_files_that_cannot_be_renamed_hold_nothing_up(post: Post) -> None:
    post.leave("2-good.json", id="6")
    (post.folder / "1-bad.json").write_bytes(b"{")
    spool = post.spool()
    with undeletable(post.folder):
        await asyncio.wait_for(spool.drain(), 5)
        assert post.scenes() == [6]
        assert spool.fault
        asked = len(post.asked)
        await spool.drain()
        assert len(post.asked) == asked


async def test_five_thousand_files_go_at_once_however_many_of_them_are_broken(post: Post) -> None:
    for number in range(1, 5001):
        post.leave(f"{number:05}-e.json", id=number % 700 + 1)
    for number in range(1000):
        (post.folder / f"{number:05}-bad.json").write_bytes(b"{")
    assert await post.spool().drain() == 5000
    assert len(post.scenes()) == 700
    assert {path.suffix for path in post.folder.iterdir()} == {".bad"}


async def test_the_marker_asks_for_a_walk(post: Post) -> None:
    post.leave("walk-needed.json", type="Walk.Needed", id="")
    await post.spool().drain()
    assert post.asked == ["full walk"]


async def test_what_the_plugin_never_finished_goes_after_an_hour(post: Post) -> None:
    old, new, other = (post.leave(name) for name in ("1-old.tmp", "2-new.tmp", "notes.txt"))
    for path, age in ((old, 3700), (new, 3500), (other, 100_000)):
        os.utime(path, (post.clock.now() - age,) * 2)
    await post.spool().drain()
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)


async def test_a_folder_that_we_make_is_open_to_the_plugin_whatever_the_umask(post: Post) -> None:
    spool = post.spool()
    before = os.umask(0o077)
    try:
        spool.listen(asyncio.Event())
    finally:
        os.umask(before)
    assert post.folder.stat().st_mode & 0o777 == 0o777
    assert (post.folder / "nudge.sock").stat().st_mode & 0o777 == 0o777
    spool.close()


async def test_a_folder_that_others_made_keeps_its_rights(post: Post) -> None:
    post.folder.mkdir(mode=0o750)
    spool = post.spool()
    spool.listen(asyncio.Event())
    assert post.folder.stat().st_mode & 0o777 == 0o750
    spool.close()


async def test_a_folder_that_comes_late_is_heard_then(post: Post) -> None:
    post.folder.parent.joinpath("spool").write_text("in the way")
    spool, nudged = post.spool(), asyncio.Event()
    spool.listen(nudged)
    assert await spool.drain() == 0
    assert "cannot be read" in spool.fault
    post.folder.unlink()
    post.leave("1-a.json", id="5")
    spool.listen(nudged)
    assert await spool.drain() == 1
    assert spool.fault == ""
    nudge(post.folder)
    await asyncio.wait_for(nudged.wait(), 5)
    spool.close()


async def test_a_folder_that_was_replaced_is_heard_again(post: Post) -> None:
    spool, nudged = post.spool(), asyncio.Event()
    spool.listen(nudged)
    (post.folder / "nudge.sock").unlink()
    post.folder.rmdir()
    assert await spool.drain() == 0
    spool.listen(nudged)
    nudge(post.folder)
    await asyncio.wait_for(nudged.wait(), 5)
    spool.close()
    assert not (post.folder / "nudge.sock").exists()


async def test_a_path_too_long_for_a_socket_is_heard_all_the_same(post: Post) -> None:
    post.folder = post.folder / ("x" * 100) / ("y" * 100)
    spool, nudged = post.spool(), asyncio.Event()
    spool.listen(nudged)
    nudge(post.folder)
    await asyncio.wait_for(nudged.wait(), 5)
    spool.close()


async def test_a_nudge_is_quicker_than_the_poll(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with (
        # At the machine's pace, so that no poll is due before patience ends.
        world(tmp_path, clock=FastClock(1.0)) as place,
        place.running(spool_folders=json.dumps([str(folder)]), poll_interval="60") as service,
    ):
        await until(service.quiet)
        (folder / "1-a.json").write_text('{"v":1,"type":"Scene.Update.Post","id":"2","at":1}')
        nudge(folder)

        async def taken() -> bool:
            return service.intake.accepted == 1

        await until(taken)


async def test_without_a_nudge_the_poll_finds_it(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with world(tmp_path) as place, place.running(spool_folders=json.dumps([str(folder)])) as service:
        await until(service.quiet)
        await place.edit(2, title="Left in the folder")
        (folder / "1-a.json").write_text('{"v":1,"type":"Scene.Update.Post","id":"2","at":1}')

        async def arrived() -> bool:
            return bool((await place.item(2))["title"] == "Left in the folder")

        await until(arrived)


def nudge(folder: Path) -> None:
    """As the plugin does, through the folder's descriptor: the path may be too long."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as said:
            said.sendto(b"!", f"/proc/self/fd/{descriptor}/nudge.sock")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("number", ["", "0", 0, None])
def test_an_event_may_tell_no_id(number: object) -> None:
    event = parse(json.dumps({"type": "Scene.Destroy.Post", "id": number, "path": "/data/a.mp4"}).encode())
    assert event == Event(type=EventType.SCENE_DESTROY, id=None, path="/data/a.mp4")
