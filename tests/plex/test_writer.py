"""What the writer is asked for is what Plex then holds, under every behaviour that a real server may have."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.errors import Incompatible, PlexPermanentError, PlexServerDown
from plexsync.model.fields import FIELDS, Field
from plexsync.model.item import Person
from plexsync.plex.edit import LINE_LIMIT, FieldEdit
from plexsync.plex.writer import LARGEST_PICTURE, LinkBroken, Writer, upload_key
from plexsync.sim.library import cover
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plexsync.model.item import Item
    from plexsync.plex.client import PlexClient

    Connect = Callable[..., PlexClient]

KEY = 102
JAPANESE = "孤独な旅人が、かつて世話をした小さな竜を探して世界を旅する。 " * 60


@pytest.fixture
def plex() -> Iterator[str]:
    """The address of a simulated Plex."""
    with serving(create_app(PlexOptions(items=5))) as server:
        yield server.url


def tell(url: str, what: str, content: object) -> None:
    httpx2.put(f"{url}/_sim/{what}", json=content, verify=False).raise_for_status()


def log(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{url}/_sim/requests", verify=False).json()
    return found


def forget(url: str) -> None:
    httpx2.delete(f"{url}/_sim/requests").raise_for_status()


async def item_of(client: PlexClient) -> Item:
    return (await client.details([KEY]))[KEY]


SWITCHES = [
    {"tag_mode": tags, "multi_removal": removal, "poster_upload_locks": locks}
    for tags, removal, locks in product(("additive", "replace"), ("all", "first"), (True, False))
]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: "-".join(map(str, switches.values())))
async def test_lists_and_poster_end_as_wanted_whatever_the_server_makes_of_them(
    plex: str, connect: Connect, switches: dict[str, Any]
) -> None:
    tell(plex, "switches", switches)
    client = connect(plex)
    writer = Writer(client)
    item = await item_of(client)
    path = item.parts[0].path
    old = ("old, one", "Old 2", "R&B = 100% #1+", "keep", "日本語")
    cast = tuple(Person(name=name, role=f"as {name}") for name in ("Ada, Countess", "Bo", "Cy", "Di"))
    await writer.write(
        item,
        path,
        [FieldEdit(field=Field.GENRES, after=old), FieldEdit(field=Field.ACTORS, after=cast)],
        {Field.POSTER: cover(1)},
    )
    item = await item_of(client)
    assert set(item.genres) == set(old)
    assert item.locks == {"genre", "actor", "thumb"}
    wanted = ("keep", "New, with comma", "👩‍🚀", "שלום")
    fewer = (Person(name="Bo"), Person(name="Eve", role="new"))
    await writer.write(
        item,
        path,
        [
            FieldEdit(field=Field.GENRES, after=wanted, removed=("old, one", "Old 2", "R&B = 100% #1+", "日本語")),
            FieldEdit(field=Field.ACTORS, after=fewer, removed=("Ada, Countess", "Cy", "Di")),
        ],
    )
    item = await item_of(client)
    assert set(item.genres) == set(wanted)
    assert set(item.actors) == {Person(name="Bo", role="as Bo"), Person(name="Eve", role="new")}
    await writer.write(
        item,
        path,
        [
            FieldEdit(field=Field.GENRES, after=None, removed=wanted),
            FieldEdit(field=Field.ACTORS, after=(), removed=("Bo", "Eve")),
        ],
    )
    item = await item_of(client)
    assert item.genres == ()
    assert item.actors == ()


async def test_a_change_with_a_picture_takes_one_put_and_one_upload(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    await client.verify_identity()
    forget(plex)
    result = await Writer(client).write(
        item,
        item.parts[0].path,
        [FieldEdit(field=Field.TITLE, after="T"), FieldEdit(field=Field.GENRES, after=("a",), removed=("b",))],
        {Field.POSTER: cover(1)},
        known_keys={Field.POSTER: ()},
    )
    assert (result.shown, result.uploaded, result.notes) == (
        {Field.POSTER: upload_key(cover(1))},
        {Field.POSTER},
        [],
    )
    assert [request["method"] for request in log(plex)["requests"]] == ["POST", "PUT"]


@pytest.mark.parametrize("kind", [Field.POSTER, Field.BACKGROUND])
@pytest.mark.parametrize("knows", [True, False])
async def test_the_same_picture_is_uploaded_once_and_chosen_again(
    plex: str, connect: Connect, *, knows: bool, kind: Field
) -> None:
    client = connect(plex)
    writer = Writer(client)
    item = await item_of(client)
    path = item.parts[0].path
    keys = {kind: [upload_key(cover(number), kind) for number in (1, 2)]} if knows else None
    for number in (1, 2, 1, 1):
        result = await writer.write(item, path, [], {kind: cover(number)}, known_keys=keys)
        shown = [picture.key for picture in await client.pictures(KEY, kind) if picture.selected]
        assert shown == [result.shown[kind]] == [upload_key(cover(number), kind)]
    assert log(plex)["uploads"] == 2
    assert FIELDS[kind].plex in (await item_of(client)).locks


async def test_a_picture_that_is_known_but_lost_is_uploaded_again(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    keys = {Field.POSTER: [upload_key(cover(1))]}
    result = await Writer(client).write(item, item.parts[0].path, [], {Field.POSTER: cover(1)}, known_keys=keys)
    assert result.uploaded == {Field.POSTER}


async def test_a_picture_is_shown_again_by_its_key_while_plex_has_it(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    path = item.parts[0].path
    first = (await client.pictures(KEY))[0].key
    await Writer(client).write(item, path, [], {Field.POSTER: cover(1)})
    result = await Writer(client).write(item, path, [], {Field.POSTER: first})
    assert [picture.key for picture in await client.pictures(KEY) if picture.selected] == [first]
    assert (result.shown, result.notes) == ({Field.POSTER: first}, [])
    lost = await Writer(client).write(item, path, [], {Field.POSTER: "upload://posters/lost"})
    assert lost.shown == {}
    assert "no longer has the picture" in lost.notes[0]


async def test_a_picture_that_is_too_large_is_refused_before_anything_is_written(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    edits = [FieldEdit(field=Field.TITLE, after="T")]
    with pytest.raises(PlexPermanentError, match="10 MB"):
        await Writer(client).write(item, item.parts[0].path, edits, {Field.POSTER: bytes(LARGEST_PICTURE + 1)})
    assert log(plex)["writes"] == 0


async def test_an_item_that_holds_another_file_is_not_written(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    with pytest.raises(LinkBroken, match="linked file"):
        await Writer(client).write(item, "/plex/media/other.mp4", [FieldEdit(field=Field.TITLE, after="T")])
    assert log(plex)["writes"] == 0


async def test_another_spelling_of_the_same_path_is_the_same_file(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    path = item.parts[0].path.replace("/plex/", "/plex//")
    await Writer(client).write(item, path, [FieldEdit(field=Field.TITLE, after="T")])
    assert (await item_of(client)).title == "T"


async def test_another_server_gets_nothing(plex: str, connect: Connect) -> None:
    client = connect(plex, machine_identifier="f" * 40)
    item = await item_of(client)
    edits = [FieldEdit(field=Field.TITLE, after="T")]
    with pytest.raises(Incompatible):
        await Writer(client).write(item, item.parts[0].path, edits, {Field.POSTER: cover(1)})
    assert log(plex)["writes"] == log(plex)["uploads"] == 0


async def test_texts_and_lists_beyond_one_line_arrive_in_several(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    summary = "A lonely traveller. " * 300
    genres = tuple(f"ジャンル番号 {number}" for number in range(150))
    edits = [
        FieldEdit(field=Field.GENRES, after=genres),
        FieldEdit(field=Field.SUMMARY, after=summary),
        FieldEdit(field=Field.TITLE, after="日本語" * 50),
    ]
    result = await Writer(client).write(item, item.parts[0].path, edits)
    item = await item_of(client)
    assert result.notes == []
    assert set(item.genres) == set(genres)
    assert (item.summary, item.title) == (summary, "日本語" * 50)
    assert log(plex)["writes"] > 1


async def test_a_text_that_plex_takes_whole_is_not_cut(plex: str, connect: Connect) -> None:
    tell(plex, "switches", {"url_limit": None})
    client = connect(plex)
    item = await item_of(client)
    result = await Writer(client).write(item, item.parts[0].path, [FieldEdit(field=Field.SUMMARY, after=JAPANESE)])
    assert (await item_of(client)).summary == JAPANESE
    assert result.shortened == {}


@pytest.mark.parametrize("limit", [8192, LINE_LIMIT, 4096, 1000])
async def test_a_text_that_plex_does_not_take_is_cut_to_its_limit_and_told(
    plex: str, connect: Connect, limit: int
) -> None:
    """The other fields arrive whole."""
    tell(plex, "switches", {"url_limit": limit})
    client = connect(plex)
    item = await item_of(client)
    genres = tuple(f"genre {number}" for number in range(60))
    edits = [
        FieldEdit(field=Field.TITLE, after="Sintel"),
        FieldEdit(field=Field.SUMMARY, after=JAPANESE),
        FieldEdit(field=Field.GENRES, after=genres),
    ]
    result = await Writer(client).write(item, item.parts[0].path, edits)
    item = await item_of(client)
    assert item.summary == result.shortened[Field.SUMMARY]
    assert JAPANESE.startswith(item.summary.removesuffix("…"))
    assert len(item.summary) > limit / 40
    assert [note.split()[0] for note in result.notes] == ["summary"]
    assert (item.title, set(item.genres)) == ("Sintel", set(genres))


async def test_a_text_beyond_what_can_be_sent_at_all_is_cut_as_well(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    edits = [FieldEdit(field=Field.SUMMARY, after="👩‍🚀 " * 4000)]
    result = await Writer(client).write(item, item.parts[0].path, edits)
    assert (await item_of(client)).summary == result.shortened[Field.SUMMARY]


@pytest.mark.parametrize(("fault", "whole"), [("refuse", False), ("cut", True)])
async def test_a_connection_broken_by_a_long_text_is_looked_into(
    plex: str, connect: Connect, fault: str, *, whole: bool
) -> None:
    """Whole where the server had taken it before the connection broke, else cut."""
    tell(plex, "switches", {"url_limit": None})
    client = connect(plex)
    item = await item_of(client)
    tell(plex, "faults", [{"path": "/library/sections", "method": "PUT", "fault": fault, "times": 1}])
    result = await Writer(client).write(item, item.parts[0].path, [FieldEdit(field=Field.SUMMARY, after=JAPANESE)])
    now = await item_of(client)
    assert (now.summary == JAPANESE) == whole
    assert (Field.SUMMARY in result.shortened) != whole


async def test_a_text_is_not_cut_because_the_server_is_slow(plex: str, connect: Connect) -> None:
    client = connect(plex, read_timeout=1.0)
    item = await item_of(client)
    tell(plex, "faults", [{"path": "/library/sections", "method": "PUT", "fault": "hang"}])
    with pytest.raises(PlexServerDown) as caught:
        await Writer(client).write(item, item.parts[0].path, [FieldEdit(field=Field.SUMMARY, after=JAPANESE)])
    assert caught.value.outcome_unknown
    assert log(plex)["writes"] == 0


async def test_a_connection_broken_by_a_short_line_is_the_servers_fault(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    tell(plex, "faults", [{"path": "/library/sections", "method": "PUT", "fault": "refuse"}])
    with pytest.raises(PlexServerDown) as caught:
        await Writer(client).write(item, item.parts[0].path, [FieldEdit(field=Field.TITLE, after="T")])
    assert caught.value.outcome_unknown


async def test_a_list_entry_that_fits_in_no_line_is_refused_with_its_field(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    edits = [FieldEdit(field=Field.GENRES, after=("日" * 2000,))]
    with pytest.raises(PlexPermanentError, match="genres"):
        await Writer(client).write(item, item.parts[0].path, edits)


async def test_a_server_that_takes_off_many_at_once_is_asked_about_it_only_once(plex: str, connect: Connect) -> None:
    client = connect(plex)
    writer = Writer(client)
    item = await item_of(client)
    path = item.parts[0].path
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a", "b", "c", "d", "e"))])
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a", "b", "c"), removed=("d", "e"))])
    forget(plex)
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a",), removed=("b", "c"))])
    assert [request["method"] for request in log(plex)["requests"]] == ["PUT"]
    assert (await client.details([KEY]))[KEY].genres == ("a",)


async def test_nothing_to_write_asks_nothing_but_who_is_there(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    forget(plex)
    await Writer(client).write(item, item.parts[0].path, [])
    assert [request["path"] for request in log(plex)["requests"]] == ["/identity"]


async def test_taking_off_one_entry_of_several_named_proves_nothing_for_many(plex: str, connect: Connect) -> None:
    """Entries that stay are named as held before too; only those that really go count."""
    tell(plex, "switches", {"multi_removal": "first"})
    client = connect(plex)
    writer = Writer(client)
    item = await item_of(client)
    path = item.parts[0].path
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a", "b", "c", "d"))])
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a", "b", "c"), removed=("a", "b", "c", "d"))])
    await writer.write(item, path, [FieldEdit(field=Field.GENRES, after=("a",), removed=("a", "b", "c"))])
    assert (await client.details([KEY]))[KEY].genres == ("a",)
