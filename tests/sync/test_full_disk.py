"""A disk that takes no files holds up what needs them, costs no attempt, and is forgotten once it does again."""

from __future__ import annotations

import shutil
from pathlib import Path

from plexsync.model.work import Event
from world import quiet, until, world


async def test_covers_wait_for_their_folder_and_nothing_else_does(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        folder = tmp_path / "data" / "art"
        folder.parent.mkdir(parents=True)
        folder.write_text("in the way")  # as good as a full disk: no file can be made there
        async with place.running(max_retries="1") as service:

            async def all_written() -> bool:
                """Everything but the pictures is in Plex."""
                return (await place.plex_counts())["writes"] >= 5

            await until(all_written)
            await place.edit(1, title="While the disk was full")
            await service.take([Event(type="Scene.Update.Post", id=1)])

            async def arrived() -> bool:
                """The title is in Plex."""
                return bool((await place.item(1))["title"] == "While the disk was full")

            await until(arrived)
            place.clock.leap(3600)

            async def told() -> bool:
                """The queue says why it waits."""
                rows = await service.queue(10)
                failures = [row["failure"]["message"] for row in rows if row["failure"]]
                return any("cannot be kept" in text and "make room" in text for text in failures)

            await until(told)
            assert (await place.plex_counts())["uploads"] == 0
            assert all(row["attempts"] == 0 for row in await service.queue(10))
            folder.unlink()
            await quiet(service)
            assert await service.dead(10) == []
            assert (await place.plex_counts())["uploads"] == 5


async def test_a_backup_that_cannot_be_written_is_told_of_until_it_can(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        folder = tmp_path / "data" / "backups"
        async with place.running() as service:
            await quiet(service)
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("in the way")
        async with place.running() as service:

            async def told() -> bool:
                """The status names the folder."""
                return any(str(folder) in trouble for trouble in (await service.status())["troubles"])

            await until(told)
            await quiet(service)  # who waits until all is done does not wait for the backup
            await place.edit(1, title="Work goes on")
            await service.take([Event(type="Scene.Update.Post", id=1)])

            async def arrived() -> bool:
                """The title is in Plex."""
                return bool((await place.item(1))["title"] == "Work goes on")

            await until(arrived)
            folder.unlink()

            async def made() -> bool:
                """There is a backup, and nothing to tell."""
                return bool(list(folder.glob("*.backup"))) and not await told()

            await until(made)
