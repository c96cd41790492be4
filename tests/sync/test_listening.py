"""What happens in Plex is followed at once where Plex tells it, and by looks where it does not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from plexsync.plex.listings import PAGE
from plexsync.store import index
from plexsync.store.database import Connection
from plexsync.sync.index.listening import Listening
from plexsync.sync.index.told import MOST
from plexsync.sync.service import Service
from plexsync.sync.timetable import Entry
from sync.test_story import Play
from world import LIBRARY, FastClock, quiet, until, world

LOOKS = "libraries of plex"
NEW = "/plex/media/new/film.mp4"
#: No listing works: what is found then was read by id.
UNLISTED = {"path": "/library/sections/1/all", "method": "GET", "fault": "status500"}
NO_SOCKET = {"path": "/:/", "fault": "status", "status": 404}


def listening(service: Service) -> Listening:
    return service.servers[0].listening


def looks(service: Service) -> Entry:
    return service.entries[LOOKS]


@asynccontextmanager
async def heard(folder: Path, *, scenes: int = 2, libraries: str = LIBRARY) -> AsyncIterator[Play]:
    """At work and listening; Plex is looked at only where somebody asks for it."""
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(20)
        place.settings = {"PLEXSYNC_LIBRARIES": libraries}
        async with place.running() as service:
            await quiet(service)
            await connected(service)
            await without_looks(service)
            yield Play(place, service)


async def connected(service: Service) -> None:
    async def so() -> bool:
        return listening(service).connected

    await until(so)


async def without_looks(service: Service) -> None:
    entry = looks(service)
    entry.every = None
    runs = entry.runs
    entry.asked.set()

    async def over() -> bool:
        return entry.runs > runs and not entry.pending

    await until(over)


async def missed(it: Play, path: str = NEW, title: str = "Brand new") -> int:
    """A scene that waits for its file to be an item of Plex."""
    scene = await it.stash_file(path.replace("/plex/media", "/data", 1), title=title)
    await it.told(scene)
    assert "lists no item" in await it.failing(scene)
    return scene


async def arrives(it: Play, path: str = NEW, title: str = "Brand new") -> None:
    async def arrived() -> bool:
        found = (await it.place.items()).get(path)
        return found is not None and found["title"] == title

    await until(arrived)


async def requests(it: Play) -> list[str]:
    log = (await it.place.http.get(f"{it.place.plex.url}/_sim/requests")).json()["requests"]
    return [row["path"] for row in log]


def read_by_id(paths: list[str]) -> set[int]:
    keys = [path.split("/")[3] for path in paths if path.startswith("/library/metadata/")]
    return {int(key) for some in keys for key in some.split(",")}


async def tell(it: Play, **entry: Any) -> None:
    told = {"identifier": "com.plexapp.plugins.library", "type": 1, "state": 5} | entry
    content = {"type": "timeline", "content": {"TimelineEntry": [told]}}
    answer = await it.place.http.post(f"{it.place.plex.url}/_sim/notifications", json=content)
    assert answer.status_code == 200, answer.text


async def held(it: Play, path: str) -> list[int]:
    found = await it.service.database.run(lambda c: index.at_paths(c, "plex", [path]))
    return [item.rating_key for item in found.get(path, [])]


async def test_a_new_file_makes_its_waiting_scene_arrive_by_a_read_of_that_item(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        await missed(it)
        await it.place.faults(it.place.plex, UNLISTED)
        await it.plex_file(NEW, scan=True)
        await arrives(it)


async def test_the_end_of_a_scan_has_the_libraries_looked_at(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        await missed(it)
        await it.place.switches(tells=False)
        await it.plex_file(NEW, scan=True)
        await it.place.switches(tells=True)
        activity = {"type": "library.update.section", "Context": {"librarySectionID": 1}}
        content = {"ActivityNotification": [{"event": "ended", "uuid": "u", "Activity": activity}]}
        url = f"{it.place.plex.url}/_sim/notifications"
        await it.place.http.post(url, json={"type": "activity", "content": content})
        await arrives(it)


async def test_what_happened_while_nobody_listened_is_found_after_the_next_connection(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        await missed(it)
        await it.place.faults(it.place.plex, {"path": "/:/", "fault": "refuse"})

        async def lost() -> bool:
            return not listening(it.service).connected

        await until(lost)
        await it.plex_file(NEW, scan=True)
        assert "WebSocket" in listening(it.service).reason
        await it.place.faults(it.place.plex)
        await connected(it.service)
        await arrives(it)


async def test_a_file_that_came_while_no_daemon_ran_is_found_at_the_start(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(20)
        async with place.running() as service:
            await quiet(service)
            it = Play(place, service)
            await missed(it)
        await it.plex_file(NEW, scan=True)
        async with place.running() as service:
            await arrives(Play(place, service))


async def test_without_a_socket_two_looks_are_enough(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(20)
        await place.faults(place.plex, NO_SOCKET)
        async with place.running() as service:
            await quiet(service)
            it = Play(place, service)
            await missed(it)
            assert not listening(service).connected
            assert "proxy" in listening(service).reason
            await it.plex_file(NEW, scan=True)
            await place.forget_requests()

            async def indexed() -> bool:
                return bool(await held(it, NEW))

            await until(indexed)
            assert (await requests(it)).count("/library/sections") <= 2, "half a minute lies between two looks"
            await arrives(it)


async def test_a_storm_about_known_items_costs_a_listing_of_what_changed(tmp_path: Path) -> None:
    """As in the night, when Plex refreshes all of them."""
    count = 2 * MOST
    async with heard(tmp_path, libraries='["Open movies", "Attic"]') as it:
        made = {"title": "Attic", "path": "/plex/attic", "items": count}
        await it.place.http.post(f"{it.place.plex.url}/_sim/sections", json=made)
        await without_looks(it.service)
        before = await changed_at(it, 2)
        assert len(before) == count

        async def a_second_later() -> bool:
            return time.time() > max(before.values()) + 1

        await until(a_second_later)
        await it.place.forget_requests()
        headers = {"X-Plex-Token": "sim-plex-token"}
        await it.place.http.get(f"{it.place.plex.url}/library/sections/2/refresh?force=1", headers=headers)

        async def followed() -> bool:
            return min((await changed_at(it, 2)).values()) > max(before.values())

        await until(followed, every=0.2)
        asked = await requests(it)
        assert not before.keys() & read_by_id(asked), "no item is read alone"
        assert asked.count("/library/sections/2/all") <= 3 * (count / PAGE + 2), "the pages of what changed"


async def changed_at(it: Play, section: int = 1) -> dict[int, int]:
    def read(connection: Connection) -> dict[int, int]:
        held = index.of_keys(connection, "plex", index.in_section(connection, "plex", section))
        return {key: item.updated_at for key, item in held.items()}

    return await it.service.database.run(read)


async def test_a_storm_about_items_that_did_not_change_costs_nothing(tmp_path: Path) -> None:
    async with heard(tmp_path, scenes=40) as it:
        times = await changed_at(it)
        await it.place.forget_requests()
        for state in (1, 2, 3, 4, 5):
            for key, at in times.items():
                await tell(it, itemID=key, sectionID="1", state=state, updatedAt=at)
        path = await it.path_of(1)
        await missed(it)
        await it.plex_file(NEW, scan=True)
        await arrives(it)
        asked = await requests(it)
        (key,) = await held(it, path)
        assert key not in read_by_id(asked)
        assert len(asked) < 20


async def test_what_plex_says_of_other_libraries_is_let_pass(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        await it.place.http.post(f"{it.place.plex.url}/_sim/sections", json={"title": "Other", "path": "/plex/other"})
        await without_looks(it.service)
        await it.place.forget_requests()
        for number in range(20):
            await it.plex_file(f"/plex/other/{number}.mp4", scan=True)
        await missed(it)
        await it.plex_file(NEW, scan=True)
        await arrives(it)
        items = await it.place.items()
        others = {int(item["ratingKey"]) for path, item in items.items() if path.startswith("/plex/other")}
        assert not others & read_by_id(await requests(it))


async def test_an_item_that_is_said_to_be_gone_stays_until_a_read_by_id_says_so(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        path = await it.path_of(1)
        (key,) = await held(it, path)
        await it.place.forget_requests()
        await tell(it, itemID=key, sectionID=1, state=9, metadataState="deleted")

        async def looked() -> bool:
            return any(f"/library/metadata/{key}" in path for path in await requests(it))

        await until(looked)
        await it.edited(1, title="Still there")
        await it.holds(1, title="Still there")
        assert await held(it, path) == [key]
        await it.place.faults(it.place.plex, UNLISTED)
        await it.plex_loses(path)

        async def gone() -> bool:
            return await held(it, path) == []

        await until(gone)


async def test_nothing_is_believed_that_another_plex_tells(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        path = await it.path_of(1)
        (key,) = await held(it, path)
        await it.place.switches(machine_identifier="b" * 40)
        await it.place.faults(it.place.plex, {"path": "/:/", "fault": "refuse"})

        async def turned_away() -> bool:
            return "another Plex server answers" in listening(it.service).reason

        async def cut() -> bool:
            return not listening(it.service).connected

        await until(cut)
        await it.place.faults(it.place.plex)
        await until(turned_away)
        await it.plex_loses(path)
        await tell(it, itemID=key, sectionID=1, state=9, metadataState="deleted")
        assert not listening(it.service).connected
        assert await held(it, path) == [key]


async def test_a_line_that_is_dead_is_given_up_and_the_looks_go_on(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        await place.switches(websockets="silent")
        async with place.running() as service:
            await quiet(service)
            it = Play(place, service)
            await connected(service)
            await missed(it)
            await it.plex_file(NEW, scan=True)
            await arrives(it)


async def test_a_library_that_is_added_while_running_is_previewed_or_written_as_any_other(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        place.settings = {
            "PLEXSYNC_LIBRARIES": '["Open movies", "Attic"]',
            "PLEXSYNC_PATH_RULES": "/plex/media => /data\n/plex/attic => /attic",
        }
        async with place.running() as service:
            await quiet(service)
            it = Play(place, service)
            assert [server.libraries.unknown for server in service.servers] == [("Attic",)]
            scene = await it.stash_file("/attic/late.mp4", title="In the attic")
            await it.told(scene)
            await it.decided(scene, "outside")
            await place.http.post(f"{place.plex.url}/_sim/sections", json={"title": "Attic", "path": "/plex/attic"})
            await it.plex_file("/plex/attic/late.mp4", scan=True)
            await arrives(it, "/plex/attic/late.mp4", "In the attic")
            assert service.servers[0].libraries.unknown == ()


async def test_a_renamed_library_is_written_as_before_and_its_new_name_is_told(tmp_path: Path) -> None:
    async with heard(tmp_path) as it:
        await it.place.http.put(f"{it.place.plex.url}/_sim/sections/1", json={"title": "Films"})
        await without_looks(it.service)
        await it.edited(1, title="After the renaming")
        await it.holds(1, title="After the renaming")
        [server] = (await it.service.status())["servers"]
        assert server["synced"] == [LIBRARY]
        hints = (await it.service.status())["hints"]
        assert any("'Open movies' is called 'Films' in Plex now" in hint for hint in hints), hints
        assert server["listening"]["connected"] is True
