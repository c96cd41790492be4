"""Whatever Plex calls an item, its file decides: nothing goes to a wrong one, and what was there before us is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from plexsync.model.fields import Field
from plexsync.model.plan import Written
from plexsync.store import ledger, pins, schema
from plexsync.store.database import Connection
from plexsync.store.pins import PinnedBy
from plexsync.sync.service import Service
from sync.test_clearing import walked
from sync.test_story import Play, play
from world import World, quiet, until

TOKEN = {"X-Plex-Token": "sim-plex-token"}


async def rebuilt(it: Play) -> dict[str, str]:
    """The library is emptied and scanned anew: every item has another key. The keys by path."""
    paths = list(await it.place.items())
    url = it.place.plex.url
    for path in paths:
        content = {"path": path, "scan": path == paths[-1]}
        await it.place.http.request("DELETE", f"{url}/_sim/files", json=content)
    await it.place.http.put(f"{url}/library/sections/1/emptyTrash", headers=TOKEN)
    for path in reversed(paths):
        await it.plex_file(path, scan=path == paths[0])
    return {path: item["ratingKey"] for path, item in (await it.place.items()).items()}


async def ledgers(service: Service, *paths: str) -> dict[str, dict[Field, Written]]:
    found: dict[str, dict[Field, Written]] = await service.database.run(lambda c: ledger.rows(c, "plex", paths))
    return found


async def titles_in_stash(place: World) -> dict[str, str]:
    scenes = (await place.http.get(f"{place.stash.url}/_sim/scenes?covers=0")).json()
    return {one["paths"][0].replace("/data", "/plex/media", 1): one["title"] for one in scenes}


async def test_a_rebuilt_library_is_filled_again_under_its_new_keys(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=4) as it:
        paths = [await it.path_of(scene) for scene in range(1, 5)]
        before = {path: rows[Field.SUMMARY].before for path, rows in (await ledgers(it.service, *paths)).items()}
        await it.service.database.run(lambda c: pins.pin(c, "plex", paths[0], [Field.SUMMARY], PinnedBy.USER, 1.0))
        old = {path: item["ratingKey"] for path, item in (await it.place.items()).items()}
        new = await rebuilt(it)
        assert not set(old.values()) & set(new.values())
        wanted = await titles_in_stash(it.place)

        async def filled() -> bool:
            """every new item has its title"""
            await it.service.intake.wish("libraries of plex")
            items = await it.place.items()
            return all(items[path]["title"] == title for path, title in wanted.items() if title)

        await until(filled)
        await it.at_rest()
        rows = await ledgers(it.service, *paths)
        assert {path: row[Field.SUMMARY].before for path, row in rows.items()} == before
        assert not (await it.place.items())[paths[0]]["summary"], "what is pinned is pinned at the file"
        links = [(await it.service.why(scene))["servers"][0]["items"] for scene in range(1, 5)]
        assert [[str(tie["item"]) for tie in ties] for ties in links] == [[new[path]] for path in paths]
        assert await service_questions(it.service) == []


async def service_questions(service: Service) -> list[Any]:
    return await service.questions.listing()


def rotated(connection: Connection, keys: dict[int, int]) -> None:
    """All that is stored of Plex's keys means the next item, as after a restored database of Plex."""
    shift = 1_000_000
    for table in (schema.item_files, schema.links, schema.in_step):
        for old, new in keys.items():
            mine = table.c.rating_key == old
            connection.execute(sa.update(table).where(mine).values(rating_key=new + shift))
    for table in (schema.item_files, schema.links, schema.in_step):
        moved = table.c.rating_key > shift
        connection.execute(sa.update(table).where(moved).values(rating_key=table.c.rating_key - shift))


async def test_where_every_key_means_another_item_nothing_is_written_to_a_wrong_one(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=4) as it:
        keys = [int(item["ratingKey"]) for item in (await it.place.items()).values()]
        turned = dict(zip(keys, keys[1:] + keys[:1], strict=True))

        def turn(connection: Connection) -> None:
            # The rows of items stay; which file is whose is what went wrong.
            connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            for old in keys:
                mine = schema.items.c.rating_key == old
                row = connection.execute(sa.select(schema.items).where(mine)).one()._asdict()
                connection.execute(sa.insert(schema.items).values(row | {"rating_key": turned[old] + 1_000_000}))
            rotated(connection, turned)
            connection.execute(sa.delete(schema.items).where(schema.items.c.rating_key > 1_000_000))

        await it.service.database.run(turn)
        for scene in range(1, 5):
            await it.edited(scene, title=f"Title of {scene}")
        for scene in range(1, 5):
            await it.holds(scene, title=f"Title of {scene}")
        await it.at_rest()
        held = [(await it.place.item(scene))["title"] for scene in range(1, 5)]
        assert held == [f"Title of {scene}" for scene in range(1, 5)]
        answer = await it.place.http.get(f"{it.place.plex.url}/_sim/requests")
        writes = [one for one in answer.json()["requests"] if one["method"] == "PUT" and "title.value" in str(one)]
        assert len(writes) <= 8, "the four of the start and these four"


async def test_what_was_there_before_us_moves_with_its_file(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        old, new = await it.path_of(1), "/plex/media/moved/here.mp4"
        before = (await ledgers(it.service, old))[old]
        await it.service.database.run(lambda c: pins.pin(c, "plex", old, [Field.STUDIO], PinnedBy.USER, 1.0))
        await it.stash_file("/data/moved/here.mp4", was=old.replace("/plex/media", "/data", 1))
        await it.plex_file(new, moved_from=old, scan=True)
        await it.edited(1, details="")

        async def cleared() -> bool:
            """what we wrote is cleared at the new place: the ledger knows that it was ours"""
            found = (await it.place.items()).get(new)
            return found is not None and not found["summary"]

        await until(cleared)
        await it.at_rest()
        rows = await ledgers(it.service, old, new)
        assert old not in rows
        kept = {field: rows[new][field].before for field in before}
        assert kept == {field: row.before for field, row in before.items()}
        pinned = await it.service.database.run(lambda c: pins.pinned(c, "plex", [old, new]))
        assert pinned == {new: frozenset({Field.STUDIO})}


async def test_a_renamed_file_is_a_new_item_with_the_fields_the_picture_and_the_pins_of_the_old_one(
    tmp_path: Path,
) -> None:
    async with play(tmp_path) as it:
        old, new = await it.path_of(1), "/plex/media/renamed/film.mp4"
        held = (await it.place.items())[old]
        assert held["posterSha1"]
        await it.service.database.run(lambda c: pins.pin(c, "plex", old, [Field.STUDIO], PinnedBy.USER, 1.0))
        await it.stash_file("/data/renamed/film.mp4", was=old.replace("/plex/media", "/data", 1))
        await it.told(1)
        await it.plex_file(new, moved_from=old, scan=True)

        async def followed() -> bool:
            """what PlexSync wrote stands at the new item"""
            found = (await it.place.items()).get(new, {})
            names = ("title", "summary", "actors", "genres", "originallyAvailableAt", "posterSha1")
            return bool(found) and all(found[name] == held[name] for name in names)

        await until(followed)
        await it.at_rest()
        found = (await it.place.items())[new]
        assert found["ratingKey"] != held["ratingKey"]
        assert found["studio"] is None, "what is pinned at the file is not written to the new item either"
        assert found["uploads"] == 1


async def test_what_was_undone_stays_so_when_its_file_gets_another_name(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        old, new = await it.path_of(1), "/plex/media/renamed/film.mp4"
        assert (await it.place.items())[old]["summary"]
        await it.service.undoing.undo_scene(1)
        await quiet(it.service)
        await it.stash_file("/data/renamed/film.mp4", was=old.replace("/plex/media", "/data", 1))
        await it.plex_file(new, moved_from=old, scan=True)
        await it.service.intake.wish("libraries of plex")
        await it.edited(1, details="Written again")

        async def linked() -> bool:
            """the scene has its new item"""
            return [one["path"] for one in (await it.service.why(1))["servers"][0]["items"]] == [new]

        await until(linked)
        await it.at_rest()
        assert not (await it.place.items())[new]["summary"]
        pinned = await it.service.database.run(lambda c: pins.pinned(c, "plex", [old, new]))
        assert Field.SUMMARY in pinned[new]
        assert old not in pinned


async def test_a_file_that_comes_to_plex_late_is_followed_all_the_same(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        old, new = await it.path_of(2), "/plex/media/late/there.mp4"
        before = (await ledgers(it.service, old))[old][Field.SUMMARY].before
        await it.stash_file("/data/late/there.mp4", was=old.replace("/plex/media", "/data", 1))
        await it.edited(2, title="Waits for its file")
        assert "there.mp4" in await it.failing(2)
        await it.plex_loses(old)
        await it.plex_file(new, scan=True)

        async def arrived() -> bool:
            """the new item has the title"""
            await it.service.intake.wish("libraries of plex")
            found = (await it.place.items()).get(new)
            return found is not None and found["title"] == "Waits for its file"

        await until(arrived)
        await it.at_rest()
        rows = await ledgers(it.service, old, new)
        assert list(rows) == [new]
        assert rows[new][Field.SUMMARY].before == before


async def test_fifty_lookalike_libraries_get_nothing(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=3) as it:
        url = it.place.plex.url
        for number in range(50):
            told = {"title": f"Lookalike {number}", "path": f"/copies/{number}/media", "items": 3}
            (await it.place.http.post(f"{url}/_sim/sections", json=told)).raise_for_status()
        names = {path.rsplit("/", 1)[-1] for path in await it.place.items() if path.startswith("/plex/media")}
        copies = [path for path in await it.place.items() if path.startswith("/copies")]
        assert len(copies) == 150
        assert {path.rsplit("/", 1)[-1] for path in copies} == names, "they do look alike"
        untouched = await below(it.place.http, url, "/copies")
        await it.service.intake.wish("libraries of plex")
        for scene in (1, 2, 3):
            await it.edited(scene, title=f"Only here {scene}")
        for scene in (1, 2, 3):
            await it.holds(scene, title=f"Only here {scene}")
        await walked(it.service)
        assert await below(it.place.http, url, "/copies") == untouched


async def below(http: httpx2.AsyncClient, url: str, root: str) -> dict[str, str]:
    items = (await http.get(f"{url}/_sim/items")).json()
    return {path: item["title"] for path, item in items.items() if path.startswith(root)}


async def test_lookalikes_that_no_rule_tells_apart_are_reported_and_left_alone(tmp_path: Path) -> None:
    """Three libraries with the same files, all of them synced, and no path rule."""
    async with play(tmp_path, scenes=2) as it:
        url = it.place.plex.url
        titles = ["Open movies"]
        for number in range(2):
            told = {"title": f"Twin {number}", "path": f"/twin{number}/media", "items": 2}
            (await it.place.http.post(f"{url}/_sim/sections", json=told)).raise_for_status()
            titles.append(f"Twin {number}")
        shown = {path: item["title"] for path, item in (await it.place.items()).items()}
        fresh = World(
            folder=tmp_path / "fresh",
            stash=it.place.stash,
            plex=it.place.plex,
            http=it.place.http,
            settings={"PLEXSYNC_PATH_RULES": "", "PLEXSYNC_LIBRARIES": ", ".join(titles)},
            clock=it.place.clock,
        )
        fresh.folder.mkdir()
        async with fresh.running() as service:
            await quiet(service)
            for scene in (1, 2):
                decision = (await service.why(scene))["servers"][0]["decision"]
                assert decision["kind"] == "ambiguous", decision
                assert "3 items of Plex" in decision["reason"]
        assert {path: item["title"] for path, item in (await it.place.items()).items()} == shown


async def test_a_plex_that_holds_a_part_gets_its_part_and_the_rest_is_named(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=3) as it:
        for number in range(5):
            scene = await it.stash_file(f"/data/only in stash/{number}.mp4", title=f"Only in Stash {number}")
            await it.told(scene)
        lone = await it.stash_file("/elsewhere/movie.mp4", title="Outside of all")
        await it.told(lone)
        await it.decided(lone, "outside")
        shown = {path: item["title"] for path, item in (await it.place.items()).items()}
        assert len(shown) == 3
        await it.edited(2, title="In both")
        await it.holds(2, title="In both")
        explained = await it.service.explain(lone - 1)
        file = explained["servers"][0]["live"]["files"][0]
        assert file["verdict"] == "missing"
        assert "Plex lists no item there" in file["says"]
