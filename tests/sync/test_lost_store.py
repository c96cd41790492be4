"""A store that was moved, restored or lost: Plex is brought back in step, and nothing is written twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from plexsync.model.fields import Field
from plexsync.model.work import Event
from plexsync.store import ledger, precious
from plexsync.store.backupfile import Why
from plexsync.store.database import Database
from plexsync.store.opening import Home
from plexsync.store.restoration import restore_store
from plexsync.store.schema import metadata
from plexsync.sync.service import Service
from world import LIBRARY, World, quiet, until, world

DAY = 24 * 3600.0
PLEX_ROOT = "/plex/media"


def home_of(place: World, url: str | None = None) -> Home:
    folder = place.folder / "data"
    return Home(url=url or f"sqlite:///{folder / 'plexsync.db'}", data_dir=folder)


def rows(home: Home, name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = metadata.tables[name]
    database = Database.open(home.url)
    try:
        with database.transaction() as conn:
            wanted = [table.c[column] for column in columns] or list(table.c)
            return [tuple(row) for row in conn.execute(sa.select(*wanted).order_by(*table.primary_key))]
    finally:
        database.close()


def of_undo(home: Home) -> list[tuple[Any, ...]]:
    """What an undo needs of the ledger."""
    return rows(home, "ledger", "path", "field", "rating_key", "before", "confirmed", "is_confirmed", "before_known")


async def synced(place: World, home: Home) -> None:
    """Everything is in Plex, some of it changed twice."""
    async with place.running(store_url=home.url) as service:
        await quiet(service)
        await place.edit(2, title="Once more", rating100=40)
        await service.take([Event(type="Scene.Update.Post", id=2)])
        await until(service.quiet)


@pytest.mark.parametrize("from_sqlite", [True, False])
async def test_a_moved_store_knows_all_it_knew_and_writes_nothing_to_plex(
    tmp_path: Path, postgres_url: str, from_sqlite: bool
) -> None:
    async with world(tmp_path) as place:
        old, new = home_of(place), home_of(place, postgres_url)
        if not from_sqlite:
            old, new = new, old
        await synced(place, old)
        known, uploads, history = of_undo(old), rows(old, "uploads"), rows(old, "history")
        assert known
        assert uploads
        file = old.backups.make(Why.BY_HAND, place.clock.now()).path
        restore_store(new, file, place.clock.now(), replace=False)
        items = await place.items()
        await place.forget_requests()
        async with place.running(store_url=new.url) as service:
            await quiet(service)
            status = await service.status()
        counts = await place.plex_counts()
        assert {name: counts[name] for name in ("writes", "uploads", "repeats")} == dict.fromkeys(
            ("writes", "uploads", "repeats"), 0
        )
        assert await place.items() == items
        assert of_undo(new) == known
        assert rows(new, "uploads") == uploads
        assert rows(new, "history") == history
        assert status["stash"]["scenes"] == 5
        assert status["servers"][0]["queue"]["dead"] == 0


async def test_every_preference_is_known_to_be_precious_or_not(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        await synced(place, home_of(place))
        names = [row[0] for row in rows(home_of(place), "preferences", "name")]
        known = (*precious.PRECIOUS_PREFERENCES, *precious.DERIVED_PREFERENCES)
        assert [name for name in names if not name.startswith(known)] == []


async def test_a_restored_library_that_was_let_go_is_written_and_not_previewed_again(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        home = home_of(place)
        async with place.running(preview_first_contact="true") as service:
            await quiet(service)
            await service.sync_library(LIBRARY, go=True)
            await until(service.quiet)
        file = home.backups.make(Why.BY_HAND, place.clock.now()).path
        await place.edit(3, title="Changed after the backup")
        restore_store(home, file, place.clock.now(), replace=True)
        async with place.running(preview_first_contact="true") as service:
            await quiet(service)
            assert (await place.item(3))["title"] == "Changed after the backup"
            assert (await service.status())["servers"][0]["first_contact"]["waiting"] == 0


async def lose(place: World, *, backups: bool) -> None:
    """The database is gone, two days ago by the clock, and perhaps its backups."""
    home = home_of(place)
    assert home.file is not None
    home.file.write_bytes(b"This is no database. " * 500)
    for found in home.backups.found() if not backups else ():
        found.path.unlink()
    place.clock.jump(-2 * DAY)
    async with place.running() as service:
        await quiet(service)
    place.clock.jump(2 * DAY)


async def age(place: World) -> None:
    """Plex got its items long ago."""
    for key in (item["ratingKey"] for item in (await place.items()).values()):
        params = {"type": "1", "id": key, "addedAt.value": str(int(place.clock.now() - 300 * DAY))}
        url = f"{place.plex.url}/library/sections/1/all"
        answer = await place.http.put(url, params=params, headers={"X-Plex-Token": "sim-plex-token"})
        assert answer.status_code == 200, answer.text


async def added(place: World, name: str) -> int:
    """A file that comes to Plex and Stash now; its scene."""
    plex = {"path": f"{PLEX_ROOT}/{name}", "scan": True}
    assert (await place.http.post(f"{place.plex.url}/_sim/files", json=plex)).status_code < 300
    answer = await place.http.post(f"{place.stash.url}/_sim/files", json={"path": f"/data/{name}"})
    return int(answer.json()["id"])


async def changed(place: World, service: Service, scene: int, text: str) -> None:
    """Title and text are edited, and have arrived."""
    await place.edit(scene, title=text, details=text)
    await service.take([Event(type="Scene.Update.Post", id=scene)])

    async def arrived() -> bool:
        """The title is in Plex."""
        return bool((await place.item(scene))["title"] == text)

    await until(arrived)
    await until(service.quiet)


async def test_after_a_loss_what_was_there_before_us_is_unknown_but_for_items_that_came_since(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        async with place.running() as service:
            await quiet(service)
        await age(place)
        await place.forget_requests()
        await lose(place, backups=False)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0), "equal values are not written again"
        kept = rows(home_of(place), "ledger", "field", "before_known")
        assert set(kept) == {("poster", False)}, "nobody can read from Plex which picture it shows"
        new = await added(place, "films/Brand new.mp4")
        async with place.running() as service:
            await quiet(service)
            await changed(place, service, 1, "First text after the loss")
            await changed(place, service, new, "First text ever")
            old_facts, new_facts = await service.why(1), await service.why(new)
            status = await service.status()
        assert old_facts["servers"][0]["items"][0]["before_unknown"] == ["poster", "summary", "title"]
        assert new_facts["servers"][0]["items"][0]["before_unknown"] == []
        assert any("was found damaged" in told for told in status["troubles"])
        known = {row[:2]: row[2] for row in rows(home_of(place), "ledger", "path", "field", "before_known")}
        assert known[f"{PLEX_ROOT}/films/Brand new.mp4", "title"] is True


async def test_after_a_loss_with_a_backup_what_it_holds_stays_known(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        home = home_of(place)
        async with place.running() as service:
            await quiet(service)
        await age(place)
        before = of_undo(home)
        home.backups.make(Why.DAILY, place.clock.now())
        await place.forget_requests()
        await lose(place, backups=True)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0)
        assert of_undo(home) == before
        async with place.running() as service:
            await quiet(service)
            await changed(place, service, 1, "After the loss")
            facts = await service.why(1)
        item = facts["servers"][0]["items"][0]
        assert item["before_unknown"] == ["title"], "its title was never written before"
        first = {(row[0], row[1]): row[3] for row in before}
        assert (item["path"], "title") not in first
        database = Database.open(home.url)
        with database.transaction() as conn:
            written = ledger.rows(conn, "plex", [item["path"]])[item["path"]]
        database.close()
        assert written[Field.SUMMARY].intended == "After the loss"
        assert written[Field.SUMMARY].before == first[item["path"], "summary"]
