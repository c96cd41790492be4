"""The index follows Plex with few requests, and no item that Plex has is ever missing from it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from plexsync.model.errors import SyncError
from plexsync.model.item import IndexedItem
from plexsync.model.paths import path_key
from plexsync.model.work import Lane, Put
from plexsync.plex.listings import PAGE
from plexsync.store import index, jobs, schema
from plexsync.store.database import Connection
from plexsync.store.listings import Listing, Progress
from plexsync.sync.index.libraries import UnlistedError
from plexsync.sync.index.listingway import Way, goes_on, way_of
from sync.indexes import SERVER, TOKEN, Shop, shop
from world import LIBRARY

ALL = "/library/sections/1/all"
SECTIONS = "/library/sections"


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}") as found:
        yield found


async def test_a_library_that_did_not_change_costs_one_request(it: Shop) -> None:
    libraries = it.libraries()
    assert await libraries.refresh()
    await it.asked()
    assert not await libraries.refresh()
    assert not await it.libraries().refresh(), "nor after a start"
    assert await it.asked() == [SECTIONS] * 2


async def test_of_a_library_that_changed_only_what_changed_is_listed(it: Shop) -> None:
    libraries = it.libraries()
    await libraries.refresh()
    key = await it.file("new/film.mp4")
    await it.asked()
    assert await libraries.refresh()
    assert await it.asked() == [SECTIONS, ALL, ALL], "what changed, and how many there are"
    assert await it.held("/plex/media/new/film.mp4") == [key]
    assert not await libraries.refresh()


@pytest.mark.parametrize("handling", ["ignored", "refused"])
async def test_a_server_that_cannot_list_what_changed_lists_all(it: Shop, handling: str) -> None:
    await it.act("PUT", "switches", {"updated_filter": handling})
    libraries = it.libraries()
    await libraries.refresh()
    old = await it.act("GET", "items")
    key = await it.file("new/film.mp4")
    # As if the others were of another day.
    await it.ask("PUT", f"/library/metadata/{key}/refresh")
    await it.loses(next(iter(old)))
    assert await libraries.refresh()
    assert await it.held("/plex/media/new/film.mp4") == [key]
    assert await it.held(next(iter(old))) == []


async def test_an_item_that_is_gone_is_let_go_and_only_after_a_read_by_id(it: Shop) -> None:
    libraries = it.libraries()
    await libraries.refresh()
    path = min(await it.paths())
    (key,) = await it.held(path)
    await it.loses(path)
    await it.act("PUT", "faults", [{"path": f"/library/metadata/.*{key}", "fault": "status500"}])
    with pytest.raises(SyncError):
        await libraries.refresh()
    assert await it.held(path) == [key], "nobody has said that it is gone"
    await it.act("PUT", "faults", [])
    assert await libraries.refresh()
    assert await it.held(path) == []
    assert (await it.counted())[1] == 4


@pytest.mark.parametrize("missing", ["skip", "404"])
async def test_an_item_that_a_listing_does_not_show_is_asked_for_by_id(it: Shop, missing: str) -> None:
    await it.act("PUT", "switches", {"missing_id": missing})
    await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic"})
    libraries = it.libraries(LIBRARY, "Attic")
    await libraries.refresh()
    key, gone = await it.file("/plex/attic/elsewhere.mp4"), max(await it.paths())
    await it.loses(gone)
    elsewhere = IndexedItem(rating_key=key, section=1, title="", parts=())
    await it.database.run(lambda c: index.upsert(c, SERVER, [elsewhere], 1))
    assert await libraries.refresh(whole=True)
    assert await it.counted() == {1: 4, 2: 1}
    assert await it.held("/plex/attic/elsewhere.mp4") == [key]
    assert await it.held(gone) == []


async def test_many_items_that_are_gone_cost_few_requests(tmp_path: Path) -> None:
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}", items=300) as it:
        libraries = it.libraries()
        await libraries.refresh()
        gone = sorted(await it.paths())[:200]
        for path in gone:
            await it.act("DELETE", "files", {"path": path, "scan": path == gone[-1]})
        await it.ask("PUT", "/library/sections/1/emptyTrash")
        await it.asked()
        assert await libraries.refresh()
        assert await it.counted() == {1: 100}
        reads = [path for path in await it.asked() if path.startswith("/library/metadata/")]
        assert len(reads) <= 5, "49 of them at once"


async def test_a_file_that_moved_under_its_item_is_found_while_scenes_wait(it: Shop) -> None:
    """Plex need not date such a move, so only a listing of all shows it."""
    await it.act("PUT", "switches", {"moved_file_keeps_key": True})
    libraries = it.libraries()
    await libraries.refresh()
    old = min(await it.paths())
    await it.file("moved/there.mp4", moved_from=old)
    await it.database.run(_one_waits)
    it.clock.at += 1000
    assert await libraries.refresh()
    assert len(await it.held("/plex/media/moved/there.mp4")) == 1
    assert await it.held(old) == []


def _one_waits(connection: Connection) -> None:
    jobs.put(connection, [Put(server=SERVER, scene=1, lane=Lane.CHANGE, reason="hook")], 1.0)
    connection.execute(sa.update(schema.jobs).values(long_attempts=1))


async def test_a_listing_that_was_cut_off_goes_on_where_it_stood(tmp_path: Path) -> None:
    count = 3 * PAGE + 50
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}", items=count) as it:
        # The question for the newest item, and two pages.
        await it.act("PUT", "faults", [{"path": ALL, "fault": "status500", "after": 3}])
        with pytest.raises(SyncError):
            await it.libraries().refresh()
        assert (await it.counted())[1] == 2 * PAGE
        progress = (await it.listing()).progress
        assert progress is not None
        assert progress.position == 2 * PAGE
        await it.act("PUT", "faults", [])
        await it.asked()
        assert await it.libraries().refresh(), "after a start"
        assert (await it.counted())[1] == count
        assert len(await it.asked()) == 1 + 3, "once more the last page that was taken, then the rest"
        assert not await it.libraries().refresh()


async def test_a_listing_that_was_cut_off_long_ago_begins_anew(tmp_path: Path) -> None:
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}", items=PAGE + 10) as it:
        await it.act("PUT", "faults", [{"path": ALL, "fault": "status500", "after": 2}])
        with pytest.raises(SyncError):
            await it.libraries().refresh()
        await it.act("PUT", "faults", [])
        it.clock.at += 7 * 3600
        await it.asked()
        await it.libraries().refresh()
        assert len(await it.asked()) == 1 + 1 + 2
        assert (await it.counted())[1] == PAGE + 10


async def test_one_library_that_cannot_be_listed_leaves_the_others_alone(it: Shop) -> None:
    await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 3})
    await it.act("POST", "sections", {"title": "Cellar", "path": "/plex/cellar", "items": 3})
    libraries = it.libraries("Attic", LIBRARY, "Cellar")
    await libraries.refresh()
    before = await it.paths()
    for path in ("/plex/attic/a.mp4", "/plex/media/b.mp4", "/plex/cellar/c.mp4"):
        await it.file(path)
    await it.act("PUT", "faults", [{"path": "/library/sections/2/all", "fault": "status500"}])
    assert await libraries.refresh()
    with pytest.raises(UnlistedError, match="'Attic' cannot be listed"):
        libraries.insist()
    assert await it.held("/plex/media/b.mp4")
    assert await it.held("/plex/cellar/c.mp4")
    for path in before:
        assert await it.held(path), "also what the failing one held before"
    await it.act("PUT", "faults", [])
    await libraries.refresh()
    libraries.insist()
    assert await it.held("/plex/attic/a.mp4")


async def test_a_library_that_gives_no_usable_answer_leaves_the_others_alone_too(it: Shop) -> None:
    await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 3})
    libraries = it.libraries("Attic", LIBRARY)
    await it.act("PUT", "faults", [{"path": "/library/sections/2/all", "fault": "refuse"}])
    assert await libraries.refresh()
    assert await it.counted() == {1: 5}
    await it.act("PUT", "faults", [{"fault": "refuse"}])
    with pytest.raises(SyncError, match="broke the connection"):
        await libraries.refresh()


async def test_a_library_that_was_renamed_is_followed_and_named(it: Shop) -> None:
    libraries = it.libraries()
    await libraries.refresh()
    await it.act("PUT", "sections/1", {"title": "Films"})
    for known in (libraries, it.libraries()):
        await known.refresh()
        assert [(section.key, section.title) for section in known.synced] == [(1, LIBRARY)], "as rules name it"
        assert known.renamed == {LIBRARY: "Films"}
        assert known.unknown == ()
    await it.act("POST", "sections", {"title": LIBRARY, "path": "/plex/other"})
    await libraries.refresh()
    assert [section.key for section in libraries.synced] == [2], "who bears the name is meant first"
    assert libraries.renamed == {}


async def test_a_library_that_is_removed_is_let_go_once_plex_surely_has_it_no_more(it: Shop) -> None:
    await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 3})
    libraries = it.libraries(LIBRARY, "Attic")
    await libraries.refresh()
    await it.act("DELETE", "sections/2")
    await libraries.refresh()
    assert [section.title for section in libraries.synced] == [LIBRARY, "Attic"], "one list alone may be wrong"
    await libraries.refresh()
    assert [section.title for section in libraries.synced] == [LIBRARY]
    assert await it.counted() == {1: 5}
    assert libraries.unknown == ("Attic",)
    await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 2})
    await libraries.refresh()
    assert await it.counted() == {1: 5, 2: 2}


async def test_a_list_that_leaves_out_a_library_that_is_there_changes_nothing(it: Shop) -> None:
    libraries = it.libraries()
    await libraries.refresh()
    await it.act("PUT", "switches", {"unlisted": [1]})
    for known in (libraries, libraries, libraries, it.libraries()):
        await known.refresh()
        assert [section.key for section in known.synced] == [1]
        assert known.holds("/plex/media/new/film.mp4")
    assert await it.counted() == {1: 5}


async def test_a_reader_never_misses_an_item_that_plex_has(tmp_path: Path) -> None:
    """Whatever befalls the libraries and those who list them."""
    chance = random.Random(3)
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}", items=PAGE + 30) as it:
        await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 30})
        await it.libraries(LIBRARY, "Attic").refresh()
        known = sorted(await it.paths())
        lost: set[str] = set()
        looks = 0

        def missed(connection: Connection) -> list[str]:
            wanted = [path_key(path) for path in known if path not in lost]
            found = index.at_paths(connection, SERVER, wanted)
            return [path for path in wanted if path not in found]

        async def read() -> None:
            nonlocal looks
            while True:
                assert await it.database.run(missed) == []
                looks += 1

        reader = asyncio.create_task(read())
        for _ in range(12):
            section = chance.choice([1, 2])
            faults = [
                {"path": f"/library/sections/{section}/all", "fault": chance.choice(["status500", "cut", "half_json"])},
                {"path": "/library/metadata", "fault": "status500", "probability": 0.5},
                {"path": "/library/sections$", "fault": "html", "probability": 0.3},
            ]
            await it.act("PUT", "faults", chance.sample(faults, chance.randint(0, 3)))
            if chance.random() < 0.4:
                lost.add(path := chance.choice([path for path in known if path not in lost]))
                await it.act("DELETE", "files", {"path": path, "scan": True})
                await it.http.put(f"{it.url}/library/sections/{section}/emptyTrash")
            it.clock.at += 4000
            work = asyncio.create_task(it.libraries(LIBRARY, "Attic").refresh(whole=chance.random() < 0.7))
            await asyncio.wait([work, reader], timeout=chance.choice([0.02, 0.1, None]), return_when="FIRST_COMPLETED")
            assert not reader.done(), reader.result()
            work.cancel()
            with suppress(SyncError, asyncio.CancelledError):
                await work
        await it.act("PUT", "faults", [])
        await it.libraries(LIBRARY, "Attic").refresh(whole=True)
        assert not reader.done()
        reader.cancel()
        assert looks > 12


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happened_the_index_is_what_plex_has_in_the_end(tmp_path: Path, seed: int) -> None:
    """Files come, go and move, dated or not; words of Plex come late, twice or never; listings fail and are cut."""
    chance = random.Random(seed)
    async with shop(f"sqlite:///{tmp_path / 'plexsync.db'}", items=12) as it:
        await it.act("POST", "sections", {"title": "Attic", "path": "/plex/attic", "items": 5})
        await it.act(
            "PUT",
            "switches",
            {
                "updated_filter": chance.choice(["applied", "applied", "ignored", "refused"]),
                "missing_id": chance.choice(["skip", "404"]),
                "moved_file_keeps_key": chance.choice([True, False]),
            },
        )
        libraries = it.libraries(LIBRARY, "Attic")
        for number in range(25):
            cut = {"path": "/library", "method": "GET", "fault": "cut", "times": 2}
            await it.act("PUT", "faults", chance.choice([[], [cut]]))
            await happening(it, chance, number)
            it.clock.at += chance.choice([1, 30, 900])
            with suppress(SyncError):
                if chance.random() < 0.4:
                    keys = [chance.choice([*range(101, 118), *range(1_000_000, 1_000_030)]) for _ in range(4)]
                    await libraries.indexing.read(keys, {1, 2})
                elif chance.random() < 0.5:
                    await libraries.refresh()
            if chance.random() < 0.2:
                libraries = it.libraries(LIBRARY, "Attic")
        await it.act("PUT", "faults", [])
        it.clock.at += 25 * 3600
        await libraries.refresh()
        assert await held_files(it) == {
            path: int(item["ratingKey"]) for path, item in (await it.act("GET", "items")).items()
        }


async def happening(it: Shop, chance: random.Random, number: int) -> None:
    """One thing that happens in Plex."""
    paths = sorted(await it.paths())
    what = chance.choice(["come", "go", "move", "refresh"])
    if what == "come":
        await it.act(
            "POST", "files", {"path": f"{chance.choice(['/plex/media', '/plex/attic'])}/{number}.mp4", "scan": True}
        )
    elif what == "go":
        path = chance.choice(paths)
        await it.act("DELETE", "files", {"path": path, "scan": True})
    elif what == "move":
        old = chance.choice(paths)
        await it.act("POST", "files", {"path": f"{old[:11]}/moved {number}.mp4", "moved_from": old, "scan": True})
    for section in (1, 2):
        await it.http.put(f"{it.url}/library/sections/{section}/emptyTrash", headers=TOKEN)


async def held_files(it: Shop) -> dict[str, int]:
    """Each file that the index holds, with its item."""

    def read(connection: Connection) -> dict[str, int]:
        keys = [key for section in (1, 2) for key in index.in_section(connection, SERVER, section)]
        found = index.of_keys(connection, SERVER, keys)
        return {part.path: key for key, item in found.items() for part in item.parts}

    return await it.database.run(read)


def listing(**values: object) -> Listing:
    usual = {"marks": "5/100/1", "whole_marks": "5/100/1", "newest": 50, "whole_at": 1000.0, "took": 1.0}
    return Listing(**(usual | values))  # type: ignore[arg-type]


PROGRESS = Progress(run=1, began_at=1000.0, marks="5/100/1", newest=50, doubts=0, first=False)


@pytest.mark.parametrize(
    ("known", "marks", "told", "way"),
    [
        (None, "5/100/1", False, Way.WHOLE),
        (listing(), "5/100/1", False, Way.NOTHING),
        (listing(), "5/100/1", True, Way.NEWER),
        (listing(), "6/100/1", False, Way.NEWER),
        (listing(), "4/100/1", False, Way.WHOLE),
        (listing(newest=0), "6/100/1", False, Way.WHOLE),
        (listing(whole_at=-90_000.0), "6/100/1", False, Way.WHOLE),
        (listing(whole_at=-90_000.0), "5/100/1", False, Way.NOTHING),
        (listing(whole_at=-90_000.0, whole_marks="4/90/1"), "5/100/1", False, Way.WHOLE),
        (listing(whole_marks="4/90/1"), "5/100/1", False, Way.NOTHING),
        (listing(doubts=1), "5/100/1", False, Way.WHOLE),
        (listing(doubts=1, took=90.0), "5/100/1", False, Way.NOTHING),
        (listing(doubts=1, took=90.0), "6/100/1", False, Way.NEWER),
        (listing(doubts=1, settled=1), "5/100/1", False, Way.NOTHING),
        (listing(doubts=1, took=90.0, whole_at=9_000.0), "5/100/1", False, Way.WHOLE),
        (listing(progress=PROGRESS), "5/100/1", False, Way.WHOLE),
        (listing(marks="//"), "//", False, Way.NEWER),
    ],
)
def test_what_is_listed_follows_from_what_is_known(known: Listing | None, marks: str, told: bool, way: Way) -> None:
    assert way_of(known, marks, 1060.0, told=told) is way


def test_a_cut_listing_is_taken_up_for_six_hours_by_a_clock_that_did_not_jump() -> None:
    assert goes_on(listing(progress=PROGRESS), 1000.0 + 6 * 3600 - 1)
    assert not goes_on(listing(progress=PROGRESS), 1000.0 + 6 * 3600 + 1)
    assert not goes_on(listing(progress=PROGRESS), 999.0)
    assert not goes_on(listing(), 1000.0)
