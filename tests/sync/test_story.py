"""One scene's way to Plex, with all that can come between."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event
from plexsync.sim.library import cover
from plexsync.sync.gates.gate import GateState
from plexsync.sync.service import Service
from world import FastClock, World, quiet, until, world

HOOK = "Scene.Update.Post"


@dataclass(slots=True)
class Play:
    """A world at work and the ways to act in it."""

    place: World
    service: Service

    async def edited(self, scene: int, **values: Any) -> None:
        await self.place.edit(scene, **values)
        await self.told(scene)

    async def told(self, *scenes: int) -> None:
        await self.service.take([Event(type=HOOK, id=scene) for scene in scenes])

    async def at_rest(self) -> None:
        await quiet(self.service)

    async def holds(self, scene: int, **values: Any) -> None:
        item: dict[str, Any] = {}

        async def held() -> bool:
            nonlocal item
            item = await self.place.item(scene)
            return all(item[name] == value for name, value in values.items())

        try:
            await until(held)
        except AssertionError:
            found = {name: item[name] for name in values}
            raise AssertionError(f"Plex holds {found}, wanted {values}; {await self.service.why(scene)}") from None

    async def decided(self, scene: int, kind: str) -> dict[str, Any]:
        async def decision() -> Any:
            found = (await self.service.why(scene))["servers"][0]["decision"]
            return found if found and found["kind"] == kind else None

        found: dict[str, Any] = await until(decision)
        return found

    async def failing(self, scene: int) -> str:
        """The reason that is shown for the scene's job."""

        async def reason() -> Any:
            job = (await self.service.why(scene))["servers"][0]["job"]
            return job and job["failure"] and job["failure"]["message"]

        return str(await until(reason))

    async def plex_file(self, path: str, **more: Any) -> dict[str, Any]:
        answer = await self.place.http.post(f"{self.place.plex.url}/_sim/files", json={"path": path, **more})
        found: dict[str, Any] = answer.json()
        return found

    async def plex_loses(self, path: str) -> None:
        content = {"path": path, "scan": True}
        await self.place.http.request("DELETE", f"{self.place.plex.url}/_sim/files", json=content)
        headers = {"X-Plex-Token": "sim-plex-token"}
        await self.place.http.put(f"{self.place.plex.url}/library/sections/1/emptyTrash", headers=headers)

    async def in_plex(self, key: str, **values: Any) -> None:
        answer = await self.place.http.put(f"{self.place.plex.url}/_sim/items/{key}", json=values)
        assert answer.status_code == 200, answer.text

    async def stash_file(self, path: str, **more: Any) -> int:
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/files", json={"path": path, **more})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    async def silent(self, scene: int, **values: Any) -> None:
        answer = await self.place.http.post(f"{self.place.stash.url}/_sim/silent", json={"id": scene, **values})
        assert answer.status_code == 200, answer.text

    async def path_of(self, scene: int) -> str:
        found = await self.place.graphql("query($id: ID) { findScene(id: $id) { files { path } } }", id=str(scene))
        return str(found["findScene"]["files"][0]["path"]).replace("/data", "/plex/media", 1)


@asynccontextmanager
async def play(folder: Path, *, scenes: int = 3, speed: float = 60.0) -> AsyncIterator[Play]:
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(speed)
        async with place.running() as service:
            await quiet(service)
            for scene in range(1, scenes + 1):
                why = await service.why(scene)
                assert [item["in_step"] for item in why["servers"][0]["items"]] == [True], why
            yield Play(place, service)


def picture(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64," + base64.b64encode(content).decode()


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


# --- edits that come while something is under way


async def test_an_edit_that_comes_while_its_scene_is_being_written_wins(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        slow = {"path": "/library/sections/", "method": "PUT", "fault": "delay", "seconds": 0.4, "times": 1}
        await it.place.faults(it.place.plex, slow)
        await it.edited(1, title="First", details="One")

        async def writing() -> bool:
            return bool((await it.place.http.get(f"{it.place.plex.url}/_sim/faults")).json()[0]["struck"])

        await until(writing)
        await it.edited(1, title="Second", details="Two")
        await it.holds(1, title="Second", summary="Two")
        await it.at_rest()
        assert (await it.place.item(1))["title"] == "Second"


async def test_a_write_whose_answer_was_cut_is_read_once_more_and_not_repeated(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.place.forget_requests()
        await it.place.faults(
            it.place.plex, {"path": "/library/sections/", "method": "PUT", "fault": "cut", "times": 1}
        )
        await it.edited(1, title="Kept though cut")
        await it.holds(1, title="Kept though cut")
        await it.at_rest()
        counts = await it.place.plex_counts()
        assert (counts["writes"], counts["repeats"]) == (1, 0)
        assert (await it.service.why(1))["servers"][0]["items"][0]["in_step"]


async def test_an_upload_whose_answer_was_cut_is_not_sent_again(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.place.forget_requests()
        await it.place.faults(it.place.plex, {"path": ".*/posters", "method": "POST", "fault": "cut", "times": 1})
        await it.edited(1, cover_image=picture(cover(70)))
        await it.holds(1, posterSha1=sha1(cover(70)))
        await it.at_rest()
        assert (await it.place.plex_counts())["uploads"] == 1


async def test_a_retry_writes_what_stash_holds_by_then(tmp_path: Path) -> None:
    # Slow enough that the retry does not read Stash before the second edit, and write after the fault is gone.
    async with play(tmp_path, speed=1.0) as it:
        await it.place.faults(it.place.plex, {"path": "/library/sections/", "method": "PUT", "fault": "status500"})
        await it.edited(1, title="Old")
        await it.failing(1)
        await it.silent(1, title="New")
        await it.place.faults(it.place.plex)
        it.place.clock.leap(80)
        await it.holds(1, title="New")
        await it.at_rest()


# --- scenes as they are in Stash


async def test_a_scene_that_stash_does_not_have_is_gone(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.told(999)
        await it.decided(999, "gone")
        before = await it.place.item(2)
        await it.place.graphql("mutation { sceneDestroy(input: {id: 3}) }")
        await it.told(3, 1)
        await it.decided(3, "gone")
        assert (await it.service.why(1))["servers"][0]["decision"] is None
        assert await it.place.item(2) == before


async def test_a_scene_without_files_is_a_decision(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        made = await it.place.graphql('mutation { sceneCreate(input: {title: "Nowhere"}) { id } }')
        await it.told(int(made["sceneCreate"]["id"]))
        await it.decided(int(made["sceneCreate"]["id"]), "no file")


async def test_a_scene_without_title_leaves_plex_its_own(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        shown = (await it.place.item(1))["title"]
        await it.edited(1, title="", details="Only this")
        await it.holds(1, title=shown, summary="Only this")


LISTS: tuple[tuple[list[str], list[str]], ...] = (
    (["a", "b", "c", "d"], ["Ann", "Bo", "Cy"]),
    (["d", "e"], ["Cy"]),
    (["x"], ["Di", "Ed"]),
    ([], []),
    (["a,b", "c & d", "é"], ["O'Neil, Jr."]),
)


@pytest.mark.parametrize("tag_mode", ["additive", "replace"])
@pytest.mark.parametrize("multi_removal", ["all", "first"])
async def test_lists_become_what_they_are_in_stash_however_plex_takes_them(
    tmp_path: Path, tag_mode: str, multi_removal: str
) -> None:
    async with play(tmp_path, scenes=1) as it:
        await it.place.switches(tag_mode=tag_mode, multi_removal=multi_removal, poster_upload_locks=False)
        for tags, people in LISTS:
            shown = cover(len(tags) + 50)
            await it.silent(1, tags=tags, performers=people, cover_image=picture(shown))
            await it.told(1)
            await it.at_rest()
            item = await it.place.item(1)
            assert (sorted(item["genres"]), sorted(item["actors"])) == (sorted(tags), sorted(people))
            assert item["posterSha1"] == sha1(shown)
            assert {"genre", "actor", "thumb"} <= set(item["locks"])


@pytest.mark.parametrize("tag_mode", ["additive", "replace"])
async def test_two_thousand_tags_arrive_and_go(tmp_path: Path, tag_mode: str) -> None:
    async with play(tmp_path, scenes=1) as it:
        await it.place.switches(tag_mode=tag_mode)
        names = [f"tag number {number:04}" for number in range(2000)]
        await it.silent(1, tags=names)
        await it.told(1)
        if tag_mode == "replace":
            # A server that replaces the list takes no more of it than one request line holds.
            await it.decided(1, "refused")
            return
        await it.at_rest()
        assert sorted((await it.place.item(1))["genres"]) == names
        await it.silent(1, tags=["one"])
        await it.told(1)
        await it.holds(1, genres=["one"])


TITLES = (
    "👩‍👩‍👧‍👦 família 🎬",
    "שלום עולם",
    "مرحبا بالعالم",
    "a&b=c+d%20e#f;g/h\\i?j",
    "‘quotes’ “and” — dashes",
    "日本語のタイトル",
    "'; DROP TABLE jobs; --",
    "x" * 255,
)


async def test_any_title_arrives_as_it_is(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=1) as it:
        for title in TITLES:
            await it.edited(1, title=title, details=f"{title}\n\n{title}")
            await it.holds(1, title=title, summary=f"{title}\n\n{title}")


NAMES = (
    "100% real.mp4",
    "a_b_c.mp4",
    "#1 take.mp4",
    "two\nlines.mp4",
    "back\\slash.mp4",
    "a'b\"c.mp4",
    "Ünï ❤.mp4",
    "+ &.mp4",
)


async def test_any_file_name_finds_its_item(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=1) as it:
        for number, name in enumerate(NAMES):
            await it.plex_file(f"/plex/media/odd/{name}", scan=True)
            await it.told(await it.stash_file(f"/data/odd/{name}", title=f"Odd {number}"))

        async def arrived() -> bool:
            items = await it.place.items()
            return [items[f"/plex/media/odd/{name}"]["title"] for name in NAMES] == [f"Odd {n}" for n in range(8)]

        await until(arrived)


# --- files and items


async def test_a_file_that_plex_has_not_scanned_yet_is_written_as_soon_as_it_has(tmp_path: Path) -> None:
    # At this pace 90 s are long for a slow machine, too.
    async with play(tmp_path, speed=4.0) as it:
        scene = await it.stash_file("/data/new/film.mp4", title="Brand new")
        await it.told(scene)
        assert "lists no item" in await it.failing(scene)
        began = it.place.clock.now()
        await it.plex_file("/plex/media/new/film.mp4", scan=True)

        async def arrived() -> bool:
            return bool((await it.place.items())["/plex/media/new/film.mp4"]["title"] == "Brand new")

        await until(arrived)
        assert it.place.clock.now() - began < 90
        assert await it.service.dead(10) == []


async def test_a_file_that_never_comes_is_a_gap_and_no_failure(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(4000.0)
        async with place.running() as service:
            it = Play(place, service)
            scene = await it.stash_file("/data/new/film.mp4", title="Never")
            await it.told(scene)
            await it.decided(scene, "missing")
            assert await service.dead(10) == []


async def test_an_item_that_was_deleted_and_came_back_under_another_key_is_filled_again(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        path, before = await it.path_of(1), await it.place.item(1)
        await it.plex_loses(path)
        assert path not in await it.place.items()
        await it.edited(1, title="While it was gone")
        await it.failing(1)
        await it.plex_file(path, scan=True)
        await it.holds(1, title="While it was gone", summary=before["summary"], genres=before["genres"])
        assert (await it.place.item(1))["ratingKey"] != before["ratingKey"]
        await it.at_rest()
        assert (await it.place.item(1))["posterSha1"] == before["posterSha1"]


async def test_two_files_of_one_name_in_two_folders_are_not_mixed_up(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=1) as it:
        for studio in ("a", "b"):
            await it.plex_file(f"/plex/media/{studio}/scene1.mp4", scan=True)
        scene = await it.stash_file("/data/b/scene1.mp4", title="Of B")
        await it.told(scene)

        async def arrived() -> bool:
            return bool((await it.place.items())["/plex/media/b/scene1.mp4"]["title"] == "Of B")

        await until(arrived)
        await it.at_rest()
        assert (await it.place.items())["/plex/media/a/scene1.mp4"]["title"] != "Of B"


async def test_an_item_that_holds_files_of_two_scenes_is_written_for_neither(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=2) as it:
        path = await it.path_of(1)
        await it.plex_file("/plex/media/more/other version.mp4", version_of=path)
        scene = await it.stash_file("/data/more/other version.mp4", title="The other")
        await it.told(scene)
        decision = await it.decided(scene, "shared")
        assert "scene 1" in decision["reason"]
        await it.place.forget_requests()
        await it.edited(1, title="Neither this")
        await it.decided(1, "shared")
        assert (await it.place.plex_counts())["writes"] == 0


async def test_an_item_with_several_versions_of_one_scene_is_written_once(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.plex_file("/plex/media/more/4k.mp4", version_of=await it.path_of(1))
        await it.stash_file("/data/more/4k.mp4", scene=1)
        await it.at_rest()
        await it.place.forget_requests()
        await it.edited(1, title="Both versions")
        await it.holds(1, title="Both versions")
        await it.at_rest()
        assert (await it.place.plex_counts())["writes"] == 1


async def test_every_item_of_a_scene_with_several_files_is_written(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.plex_file("/plex/media/copies/copy.mp4", scan=True)
        await it.stash_file("/data/copies/copy.mp4", scene=1)
        await it.edited(1, title="Twice")
        await it.holds(1, title="Twice")

        async def copied() -> bool:
            return bool((await it.place.items())["/plex/media/copies/copy.mp4"]["title"] == "Twice")

        await until(copied)


async def test_a_file_moved_in_stash_and_plex_is_followed(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        path = await it.path_of(1)
        stash_path = path.replace("/plex/media", "/data", 1)
        await it.stash_file("/data/moved/here.mp4", was=stash_path)
        await it.plex_file("/plex/media/moved/here.mp4", moved_from=path, scan=True)
        await it.edited(1, title="Moved along")

        async def followed() -> bool:
            return bool((await it.place.items())["/plex/media/moved/here.mp4"]["title"] == "Moved along")

        await until(followed)


# --- what is the user's own, and what Plex does by itself


async def test_a_refresh_in_plex_reverts_nothing_that_we_wrote(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.place.switches(poster_upload_locks=False)
        await it.edited(1, title="Ours", rating100=80, cover_image=picture(cover(71)))
        await it.holds(1, title="Ours", posterSha1=sha1(cover(71)))
        await it.at_rest()
        before = await it.place.item(1)
        headers = {"X-Plex-Token": "sim-plex-token"}
        await it.place.http.put(f"{it.place.plex.url}/library/metadata/{before['ratingKey']}/refresh", headers=headers)
        after = await it.place.item(1)
        ours = ("title", "summary", "studio", "genres", "actors", "userRating", "posterSha1", "originallyAvailableAt")
        assert {name: after[name] for name in ours} == {name: before[name] for name in ours}


async def test_a_role_that_plex_knows_stays_with_its_performer(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        item = await it.place.item(1)
        name = item["actors"][0]
        params = {"type": "1", "id": item["ratingKey"], "actor[0].tag.tag": name, "actor[0].tagging.text": "The Hero"}
        headers = {"X-Plex-Token": "sim-plex-token"}
        url = f"{it.place.plex.url}/library/sections/{item['section']}/all"
        assert (await it.place.http.put(url, params=params, headers=headers)).status_code == 200
        assert (await it.place.item(1))["roles"][name] == "The Hero"
        await it.silent(1, performers=[*item["actors"], "Someone New"])
        await it.told(1)
        await it.holds(1, actors=[*item["actors"], "Someone New"])
        await it.at_rest()
        assert (await it.place.item(1))["roles"][name] == "The Hero"


async def test_a_genre_of_the_users_gives_way_and_a_label_stays(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        item = await it.place.item(1)
        await it.in_plex(item["ratingKey"], genres=[*item["genres"], "Mine"], labels=["Shelf"], collections=["Best"])
        await it.told(1)
        await it.holds(1, genres=item["genres"], labels=["Shelf"], collections=["Best"])


async def test_a_rating_that_the_household_gave_is_not_overwritten(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.in_plex((await it.place.item(1))["ratingKey"], userRating=3.0)
        await it.edited(1, rating100=90, title="Rated")
        await it.holds(1, title="Rated", userRating=3.0)


async def test_with_the_master_switch_off_nothing_is_written(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place, place.running(sync_enabled="false") as service:
        await quiet(service)
        await Play(place, service).edited(1, title="Not this", cover_image=picture(cover(72)))
        await quiet(service)
        counts = await place.plex_counts()
        assert (counts["writes"], counts["uploads"]) == (0, 0)


# --- covers


async def test_a_cover_that_is_replaced_twice_within_a_second_ends_as_the_last(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        for number in (73, 74):
            await it.edited(1, cover_image=picture(cover(number)))
            await it.at_rest()
        await it.edited(1, cover_image=picture(cover(75)))
        await it.edited(1, cover_image=picture(cover(76)))
        await it.holds(1, posterSha1=sha1(cover(76)))


async def test_a_scene_without_a_cover_of_its_own_leaves_the_poster_alone(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        before = (await it.place.item(1))["posterSha1"]
        await it.place.forget_requests()
        await it.silent(1, cover_image=None, title="No cover")
        await it.told(1)
        await it.holds(1, title="No cover", posterSha1=before)
        await it.at_rest()
        assert (await it.place.plex_counts())["uploads"] == 0


async def test_a_cover_that_is_no_picture_leaves_the_poster_alone(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        before = (await it.place.item(1))["posterSha1"]
        await it.edited(1, cover_image=picture(b"\xff\xd8\xffno picture at all"), title="Broken cover")
        await it.holds(1, title="Broken cover", posterSha1=before)
        await it.at_rest()
        assert (await it.service.why(1))["servers"][0]["items"][0]["in_step"]


async def test_a_cover_that_cannot_be_had_holds_no_field_up(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=1) as it:
        faults = ("status500", "maintenance503", "refuse", "html", "unauthorized401", "redirect")
        for number, fault in enumerate(faults, 80):
            await it.place.faults(it.place.stash, {"path": "/scene/", "fault": fault})
            await it.edited(1, title=f"Before the cover: {fault}", cover_image=picture(cover(number)))
            await it.holds(1, title=f"Before the cover: {fault}")
            assert await it.failing(1)
            await it.place.faults(it.place.stash)
            await it.holds(1, posterSha1=sha1(cover(number)))
        assert await it.service.dead(10) == []


async def test_a_cover_that_came_only_half_is_not_shown(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=1) as it:
        before = (await it.place.item(1))["posterSha1"]
        await it.place.faults(it.place.stash, {"path": "/scene/", "fault": "half_json"})
        await it.edited(1, title="Half a cover", cover_image=picture(cover(78)))
        await it.holds(1, title="Half a cover")
        await it.at_rest()
        assert (await it.place.item(1))["posterSha1"] == before
        await it.place.faults(it.place.stash)
        await it.told(1)
        await it.holds(1, posterSha1=sha1(cover(78)))


# --- answers that are none


FAULTS = ("half_json", "html", "wrong_types", "redirect", "unauthorized401", "status500")


@pytest.mark.parametrize(
    ("peer", "method", "path"),
    [
        ("plex", "GET", "/library/metadata/"),
        ("plex", "PUT", "/library/sections/"),
        ("plex", "POST", "/library/metadata/.*/posters"),
        ("plex", "", "/"),
        ("stash", "POST", "/graphql"),
        ("stash", "GET", "/scene/"),
    ],
)
async def test_an_answer_that_is_none_keeps_the_job_with_its_reason_until_it_heals(
    tmp_path: Path, peer: str, method: str, path: str
) -> None:
    async with play(tmp_path) as it:
        server = it.place.plex if peer == "plex" else it.place.stash
        # Half a picture is a picture, as far as anyone can tell.
        for number, fault in enumerate(FAULTS if path != "/scene/" else FAULTS[1:]):
            title, shown = f"Under {fault}", cover(80 + number)
            await it.place.edit(1, title=title, cover_image=picture(shown))
            await it.place.faults(server, {"path": path, "method": method, "fault": fault})
            await it.told(1)

            async def seen(title: str = title) -> bool:
                job = (await it.service.why(1))["servers"][0]["job"]
                done = job is None and (await it.place.item(1))["title"] == title
                return bool(done or (job and job["failure"] and job["failure"]["message"]) or it.service.troubles())

            await until(seen)
            assert await it.service.dead(10) == []
            await it.place.faults(server)
            await it.holds(1, title=title, posterSha1=sha1(shown))
            await it.at_rest()


# --- who answers, and whether we may


async def test_another_server_at_the_address_is_written_nothing_until_the_known_one_is_back(tmp_path: Path) -> None:
    async with world(tmp_path) as place:
        async with place.running() as service:
            await quiet(service)
        await place.edit(1, title="Not for strangers")
        await place.switches(machine_identifier="a-stranger")
        await place.forget_requests()
        async with place.running() as service:
            it = Play(place, service)
            await it.told(1)

            async def held() -> bool:
                return service.servers[0].gate.gate.state is GateState.HELD

            await until(held)
            assert any("another Plex server" in trouble for trouble in service.troubles())
            counts = await place.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0)
            await place.switches(machine_identifier=None)
            await it.holds(1, title="Not for strangers")


async def test_a_server_that_is_swapped_while_we_work_does_not_empty_the_index(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.place.switches(machine_identifier="a-stranger")
        await it.place.faults(
            it.place.plex, {"path": "/library/metadata/", "method": "GET", "fault": "status", "status": 404}
        )
        await it.edited(1, title="Still known")

        async def held() -> bool:
            return it.service.servers[0].gate.gate.state is GateState.HELD

        await until(held)
        await it.place.faults(it.place.plex)
        await it.place.switches(machine_identifier=None)
        await it.holds(1, title="Still known")


async def test_a_token_that_is_refused_and_taken_again_needs_nobody(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        await it.place.faults(it.place.plex, {"fault": "unauthorized401"})
        await it.edited(1, title="After the token")

        async def held() -> bool:
            return it.service.servers[0].gate.gate.state is GateState.HELD

        await until(held)
        assert it.service.troubles()
        await it.place.faults(it.place.plex)
        await it.holds(1, title="After the token")
        await it.at_rest()
        assert await it.service.dead(10) == []


async def test_values_that_plex_will_not_take_are_decisions_and_no_outage(tmp_path: Path) -> None:
    async with play(tmp_path, scenes=8) as it:
        await it.place.switches(tag_mode="replace")
        opened = []
        it.service.servers[0].gate.on_change(lambda: opened.append(it.service.servers[0].gate.gate))
        names = [f"a rather long name of a tag {number:04}" for number in range(400)]
        for scene in range(1, 9):
            await it.silent(scene, tags=names)
        await it.told(*range(1, 9))
        for scene in range(1, 9):
            await it.decided(scene, "refused")
        assert opened == []


async def test_a_database_that_is_locked_for_a_while_loses_nothing(tmp_path: Path) -> None:
    async with play(tmp_path) as it:
        database = it.service.database
        blocked = asyncio.Event()

        def rename(words: str) -> Any:
            return lambda c: c.exec_driver_sql(f"ALTER TABLE {words}")

        await it.place.faults(
            it.place.plex, {"path": "/library/sections/", "method": "PUT", "fault": "delay", "seconds": 0.3}
        )
        await it.edited(1, title="Through it")
        await database.run(rename("jobs RENAME TO elsewhere"))
        await it.place.clock.wait(blocked, 20)
        await database.run(rename("elsewhere RENAME TO jobs"))
        await it.holds(1, title="Through it")
        await it.at_rest()
        await it.edited(1, title="And on")
        await it.holds(1, title="And on")
