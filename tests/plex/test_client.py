"""Reading and writing a simulated Plex over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.errors import Incompatible, NeedsSignIn, PlexServerDown, PlexTemporaryError
from plexsync.model.fields import Field
from plexsync.model.item import Part, Person
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit, params_of
from plexsync.plex.link import LinkBroken
from plexsync.sim.library import clip
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plexsync.model.item import IndexedItem

    Connect = Callable[..., PlexClient]

ITEMS = 23
MACHINE = "a" * 40
EDIT = "/library/sections/1/all"


@pytest.fixture
def plex() -> Iterator[str]:
    """The address of a simulated Plex."""
    with serving(create_app(PlexOptions(items=ITEMS, machine_identifier=MACHINE, section_count=2))) as server:
        yield server.url


def tell(url: str, what: str, content: object) -> None:
    httpx2.put(f"{url}/_sim/{what}", json=content, verify=False).raise_for_status()


def requests(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx2.get(f"{url}/_sim/requests", verify=False).json()["requests"]
    return found


async def listed(client: PlexClient, **options: int) -> list[IndexedItem]:
    return [item async for page in client.items(1, **options) for item in page]


async def test_a_healthy_server_tells_who_it_is(plex: str, connect: Connect) -> None:
    identity = await connect(plex, machine_identifier=MACHINE).check()
    assert identity.machine_identifier == MACHINE
    assert identity.version.startswith("1.")


async def test_a_wrong_token_shows_in_the_check_though_the_identity_needs_none(plex: str, connect: Connect) -> None:
    client = connect(plex, token="wrong")
    await client.identity()
    with pytest.raises(NeedsSignIn):
        await client.check()


async def test_libraries_are_listed_with_places_and_marks_that_move(plex: str, connect: Connect) -> None:
    client = connect(plex)
    videos, movies = await client.sections()
    assert (videos.title, videos.type, videos.agent) == ("Open movies", "movie", "com.plexapp.agents.none")
    assert videos.locations == ("/plex/media",)
    await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="New")]))
    later, same = await client.sections()
    assert later.marks != videos.marks
    assert same.marks == movies.marks


@pytest.mark.parametrize("page_size", [1, 7, ITEMS, 500, 5000])
async def test_every_item_is_listed_once_with_its_file(plex: str, connect: Connect, page_size: int) -> None:
    tell(plex, "switches", {"page_cap_1000_to_400": True})
    found = await listed(connect(plex), page_size=page_size)
    assert len({item.rating_key for item in found}) == len(found) == ITEMS
    first = min(found, key=lambda item: item.rating_key)
    film = clip(1)
    assert first.section == 1
    assert first.parts == (
        Part(path=f"/plex/media/{film.path}", size=film.size, duration=int(film.duration * 1000) / 1000),
    )
    assert first.updated_at > 0


async def test_what_a_listing_need_not_leave_out_does_no_harm(plex: str, connect: Connect) -> None:
    tell(plex, "switches", {"ignore_excludes": True})
    assert len(await listed(connect(plex))) == ITEMS


@pytest.mark.parametrize("missing", ["skip", "404"])
async def test_missing_items_are_absent_and_the_others_are_read(plex: str, connect: Connect, missing: str) -> None:
    tell(plex, "switches", {"missing_id": missing})
    client = connect(plex)
    found = await client.details([999, 102, 103, 998, 104, 102])
    assert sorted(found) == [102, 103, 104]
    assert found[102].section == 1
    assert await client.details([999]) == {}
    assert await client.details([]) == {}


async def test_many_items_are_read_in_few_requests(plex: str, connect: Connect) -> None:
    keys = [item.rating_key for item in await listed(connect(plex))]
    found = await connect(plex).details(keys * 5)
    assert sorted(found) == sorted(keys)
    assert sum("/library/metadata/" in request["path"] for request in requests(plex)) == 1


async def test_an_edit_is_read_back_whole(plex: str, connect: Connect) -> None:
    """Lists are longer in the details than any listing shows them."""
    client = connect(plex)
    people = tuple(Person(name=f"Person {number}", role=f"Role {number}") for number in range(6))
    tags = ("a,b", "R&B = 100% #1+", '"quoted"', "日本語", "👩‍🚀", "שלום", "%2C")
    edits = [
        FieldEdit(field=Field.TITLE, after="Sintel & more = 100% #1 + “quotes”"),
        FieldEdit(field=Field.SUMMARY, after="Line one\nline two\tשלום 👩‍🚀"),
        FieldEdit(field=Field.DATE, after="2010-09-27"),
        FieldEdit(field=Field.YEAR, after=2010),
        FieldEdit(field=Field.STUDIO, after="Blender"),
        FieldEdit(field=Field.RATING, after=7.3),
        FieldEdit(field=Field.GENRES, after=tags),
        FieldEdit(field=Field.ACTORS, after=people),
    ]
    await client.edit(1, 102, params_of(edits))
    item = (await client.details([102]))[102]
    assert item.title == edits[0].after
    assert item.summary == edits[1].after
    assert (item.date, item.year, item.studio, item.rating) == ("2010-09-27", 2010, "Blender", 7.3)
    assert item.genres == tags
    assert item.actors == people
    assert item.locks == {"title", "summary", "originallyAvailableAt", "year", "studio", "genre", "actor"}
    cleared = [FieldEdit(field=edit.field, after=None, removed=tags) for edit in edits if edit.field != "title"]
    await client.edit(1, 102, params_of(cleared))
    item = (await client.details([102]))[102]
    assert (item.summary, item.date, item.year, item.studio, item.rating) == ("", "", None, "", None)
    assert item.genres == ()


async def test_an_edit_touches_no_other_item(plex: str, connect: Connect) -> None:
    client = connect(plex)
    await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="Only this")]))
    titles = [item.title for item in await listed(client)]
    assert titles.count("Only this") == 1


async def test_a_write_to_an_item_that_is_gone_breaks_its_link(plex: str, connect: Connect) -> None:
    with pytest.raises(LinkBroken):
        await connect(plex).edit(1, 999, params_of([FieldEdit(field=Field.TITLE, after="x")]))


FAULTS: list[tuple[str, type[Exception], bool]] = [
    ("refuse", PlexServerDown, True),
    ("cut", PlexServerDown, True),
    ("hang", PlexServerDown, True),
    ("maintenance503", PlexServerDown, False),
    ("status500", PlexTemporaryError, True),
    ("unauthorized401", NeedsSignIn, False),
    ("html", PlexTemporaryError, True),
    ("redirect", PlexTemporaryError, False),
]


@pytest.mark.parametrize(("fault", "expected", "unknown"), FAULTS)
async def test_a_fault_during_a_write_tells_whether_it_may_have_happened(
    plex: str, connect: Connect, fault: str, expected: type[Exception], unknown: bool
) -> None:
    client = connect(plex, read_timeout=1.0 if fault == "hang" else 30.0)
    await client.verify_identity()
    tell(plex, "faults", [{"path": "/library/sections", "method": "PUT", "fault": fault}])
    with pytest.raises(expected) as caught:
        await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="x")]))
    assert getattr(caught.value, "outcome_unknown", None) == unknown
    tell(plex, "faults", [])
    await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="y")]))
    assert (await client.details([102]))[102].title == "y"


READ_FAULTS = ["refuse", "cut", "hang", "maintenance503", "status500", "html", "half_json", "wrong_types", "redirect"]


@pytest.mark.parametrize("fault", READ_FAULTS)
async def test_no_fault_during_a_read_passes_for_an_answer(plex: str, connect: Connect, fault: str) -> None:
    client = connect(plex, read_timeout=0.3)
    tell(plex, "faults", [{"path": "/library", "fault": fault}])
    for attempt in (client.sections(), client.details([102]), listed(client), client.pictures(102), client.check()):
        with pytest.raises((PlexServerDown, PlexTemporaryError)):
            await attempt
    tell(plex, "faults", [{"path": "/identity", "fault": fault}])
    with pytest.raises((PlexServerDown, PlexTemporaryError)):
        await client.identity()


async def test_the_server_is_identified_once_and_again_after_a_failure(plex: str, connect: Connect) -> None:
    client = connect(plex, machine_identifier=MACHINE)
    title = params_of([FieldEdit(field=Field.TITLE, after="x")])

    def asked() -> int:
        return sum(request["path"] == "/identity" for request in requests(plex))

    for _ in range(3):
        await client.verify_identity()
        await client.edit(1, 102, title)
    assert asked() == 1
    tell(plex, "faults", [{"path": "/library", "fault": "refuse", "times": 1}])
    with pytest.raises(PlexServerDown):
        await client.sections()
    await client.edit(1, 102, title)
    await client.edit(1, 102, title)
    assert asked() == 2


async def test_a_new_connection_is_identified_before_it_writes(connect: Connect) -> None:
    """A server that comes back as another one at the same address gets nothing."""
    app = create_app(PlexOptions(items=2, machine_identifier=MACHINE))
    with serving(app) as server:
        client = connect(server.url, machine_identifier=MACHINE)
        await client.verify_identity()
        port = server.port
    other = create_app(PlexOptions(items=2, machine_identifier="b" * 40))
    with serving(other, port=port) as server:
        with pytest.raises(Incompatible):
            await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="x")]))
        assert {request["path"] for request in requests(server.url)} == {"/identity"}


async def test_a_server_that_was_restarted_is_identified_and_written_to(connect: Connect) -> None:
    """Nothing failed in between, so only the new connection tells of it."""
    title = params_of([FieldEdit(field=Field.TITLE, after="x")])
    with serving(create_app(PlexOptions(items=2, machine_identifier=MACHINE))) as server:
        client = connect(server.url, machine_identifier=MACHINE)
        await client.edit(1, 102, title)
    with serving(create_app(PlexOptions(items=2, machine_identifier=MACHINE)), port=server.port) as server:
        await client.edit(1, 102, title)
        await client.edit(1, 102, title)
        assert [request["path"] for request in requests(server.url)] == ["/identity", EDIT, EDIT]
        assert (await client.details([102]))[102].title == "x"


async def test_a_check_that_finds_another_server_stops_the_writes(plex: str, connect: Connect) -> None:
    client = connect(plex, machine_identifier=MACHINE)
    await client.verify_identity()
    tell(plex, "switches", {"machine_identifier": "b" * 40})
    with pytest.raises(Incompatible):
        await client.check()
    with pytest.raises(Incompatible):
        await client.edit(1, 102, params_of([FieldEdit(field=Field.TITLE, after="x")]))


async def test_at_most_four_reads_are_under_way(plex: str, connect: Connect) -> None:
    client = connect(plex)
    tell(plex, "faults", [{"path": "/library/metadata", "fault": "hang"}])
    reading = [asyncio.create_task(client.details([102 + number])) for number in range(8)]

    async def struck() -> int:
        async with httpx2.AsyncClient() as control:
            found: int = (await control.get(f"{plex}/_sim/faults")).json()[0]["struck"]
            return found

    while await struck() < 4:
        pass
    # A question about its health does not wait behind them.
    await client.check()
    assert await struck() == 4
    async with httpx2.AsyncClient() as control:
        await control.put(f"{plex}/_sim/faults", json=[])
    assert [len(found) for found in await asyncio.gather(*reading)] == [1] * 8
