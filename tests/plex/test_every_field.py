"""Every field is written, locked, unlocked, cleared and left alone as asked, whatever a real server may make of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Kind
from plexsync.model.item import Person
from plexsync.model.item_values import value_of
from plexsync.plex.edit import FieldEdit
from plexsync.plex.writer import Writer, upload_key
from plexsync.sim.library import cover
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plexsync.model.fields import Value
    from plexsync.model.item import Item
    from plexsync.plex.client import PlexClient

    Connect = Callable[..., PlexClient]

KEY, OTHER = 102, 103
CAST = (Person(name="Ada, Countess", role="herself"), Person(name="Bo", role=""))
#: Field, a first value, a second.
VALUES: list[tuple[Field, Value, Value]] = [
    (Field.TITLE, "Sintel & friends", "日本語 #1?"),
    (Field.SORT_TITLE, "Series 001", "Series 002"),
    (Field.SUMMARY, 'Two lines\nand "quotes" + plus', "Other"),
    (Field.TAGLINE, "Search the world. 100 %", "Or stay"),
    (Field.DATE, "2010-09-27", "2011-01-01"),
    (Field.YEAR, 2010, 2011),
    (Field.STUDIO, "Blender / Durian", "Harbour"),
    (Field.CONTENT_RATING, "TV-14", "XXX"),
    (Field.RATING, 7.3, 10.0),
    (Field.ACTORS, CAST, (CAST[1],)),
    (Field.DIRECTORS, ("Colin Levy", "B, C"), ("B, C", "New")),
    (Field.GENRES, ("Fantasy", "R&B"), ("R&B", "New")),
    (Field.LABELS, ("Mine, too", "Yours"), ("Yours", "New")),
    (Field.COLLECTIONS, ("Open films", "A+B"), ("A+B", "New")),
]
SCALARS = [row for row in VALUES if not isinstance(row[1], tuple)]
LISTS = [row for row in VALUES if isinstance(row[1], tuple)]
SWITCHES = [
    {"tag_mode": tags, "multi_removal": removal, "labels_capitalized": labels, "poster_upload_locks": locks}
    for tags, removal, labels, locks in product(("additive", "replace"), ("all", "first"), (True, False), (True, False))
]


@pytest.fixture
def plex() -> Iterator[str]:
    """The address of a simulated Plex."""
    with serving(create_app(PlexOptions(items=5))) as server:
        yield server.url


def put(url: str, what: str, content: object) -> None:
    httpx2.put(f"{url}/_sim/{what}", json=content, verify=False).raise_for_status()


async def item_of(client: PlexClient, key: int = KEY) -> Item:
    return (await client.details([key]))[key]


async def write(client: PlexClient, *edits: FieldEdit, key: int = KEY) -> Item:
    """Write to an item, and read it again."""
    item = await item_of(client, key)
    await Writer(client).write(item, item.parts[0].path, edits)
    return await item_of(client, key)


def names(value: Value) -> tuple[str, ...]:
    entries = value if isinstance(value, tuple) else ()
    return tuple(entry if isinstance(entry, str) else entry.name for entry in entries)


def test_the_tables_hold_every_field_that_is_no_picture() -> None:
    assert {row[0] for row in VALUES} == {spec.field for spec in FIELDS.values() if spec.kind is not Kind.PICTURE}


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: "-".join(map(str, switches.values())))
async def test_all_fields_are_set_changed_and_cleared_in_one_request_each(
    plex: str, connect: Connect, switches: dict[str, Any]
) -> None:
    put(plex, "switches", switches)
    client = connect(plex)
    item = await write(client, *(FieldEdit(field=field, after=first) for field, first, _ in VALUES))
    assert {field: value_of(item, field) for field, _, _ in VALUES} == {field: first for field, first, _ in VALUES}
    assert item.locks == {FIELDS[field].plex for field, _, _ in VALUES} - {"userRating"}
    changes = (
        FieldEdit(field=field, after=second, removed=tuple(set(names(first)) - set(names(second))))
        for field, first, second in VALUES
    )
    item = await write(client, *changes)
    for field, _, second in SCALARS:
        assert value_of(item, field) == second
    for field, _, second in LISTS:
        assert set(names(value_of(item, field))) == set(names(second))
    cleared = (FieldEdit(field=field, after=None, removed=names(second)) for field, _, second in VALUES)
    item = await write(client, *cleared)
    assert {value_of(item, field) for field, _, _ in VALUES if field is not Field.TITLE} == {None}


@pytest.mark.parametrize("field", [row[0] for row in VALUES if FIELDS[row[0]].lockable])
async def test_a_lock_is_set_taken_off_and_left_alone(plex: str, connect: Connect, field: Field) -> None:
    client = connect(plex)
    (value,) = (first for each, first, _ in VALUES if each is field)
    for lock, locked in ((None, False), (True, True), (None, True), (False, False)):
        item = await write(client, FieldEdit(field=field, after=value, lock=lock))
        assert (FIELDS[field].plex in item.locks) == locked
        assert value_of(item, field) == value


@pytest.mark.parametrize(
    "field", [row[0] for row in VALUES if row[0] is not Field.RATING and not FIELDS[row[0]].shared]
)
async def test_what_is_written_unlocked_a_refresh_reverts(plex: str, connect: Connect, field: Field) -> None:
    client = connect(plex)
    before = value_of(await item_of(client), field)
    (value,) = (first for each, first, _ in VALUES if each is field)
    for lock, expected in ((True, value), (False, before)):
        await write(client, FieldEdit(field=field, after=value, lock=lock))
        httpx2.put(f"{plex}/library/metadata/{KEY}/refresh?X-Plex-Token=sim-plex-token").raise_for_status()
        assert value_of(await item_of(client), field) == expected


@pytest.mark.parametrize("field", [Field.LABELS, Field.COLLECTIONS])
@pytest.mark.parametrize("switches", SWITCHES[::4], ids=lambda switches: "-".join(map(str, switches.values())))
async def test_of_a_shared_list_only_the_named_entries_go(
    plex: str, connect: Connect, field: Field, switches: dict[str, Any]
) -> None:
    put(plex, "switches", switches)
    client = connect(plex)
    put(plex, f"items/{KEY}", {field.value: ["Theirs", "Also, theirs"], "lock": False})
    theirs = ("Theirs", "Also, theirs")
    item = await write(client, FieldEdit(field=field, after=(*theirs, "Ours", "Ours 2", "Ours 3")))
    assert set(names(value_of(item, field))) == {*theirs, "Ours", "Ours 2", "Ours 3"}
    item = await write(client, FieldEdit(field=field, after=(*theirs, "Ours"), removed=("Ours 2", "Ours 3")))
    assert set(names(value_of(item, field))) == {*theirs, "Ours"}
    item = await write(client, FieldEdit(field=field, after=theirs, removed=("Ours",), lock=False))
    assert set(names(value_of(item, field))) == set(theirs)
    assert FIELDS[field].plex not in item.locks


async def test_a_label_that_plex_capitalised_is_taken_off_by_the_name_it_was_given(plex: str, connect: Connect) -> None:
    put(plex, "switches", {"labels_capitalized": True})
    client = connect(plex)
    item = await write(client, FieldEdit(field=Field.LABELS, after=("ours", "also")))
    assert item.labels == ("Ours", "Also")
    item = await write(client, FieldEdit(field=Field.LABELS, after=("also",), removed=("ours",)))
    assert item.labels == ("Also",)


@pytest.mark.parametrize("vanish", [True, False])
async def test_a_collection_comes_and_goes_with_the_items_that_name_it(
    plex: str, connect: Connect, *, vanish: bool
) -> None:
    put(plex, "switches", {"empty_collections_vanish": vanish})
    client = connect(plex)
    for key in (KEY, OTHER):
        await write(client, FieldEdit(field=Field.COLLECTIONS, after=("Open films",)), key=key)
    assert len(httpx2.get(f"{plex}/_sim/collections", verify=False).json()["Open films"]["members"]) == 2
    for key in (KEY, OTHER):
        await write(client, FieldEdit(field=Field.COLLECTIONS, after=None, removed=("Open films",)), key=key)
    left = httpx2.get(f"{plex}/_sim/collections", verify=False).json()
    assert (left == {}) == vanish
    assert vanish or left["Open films"]["members"] == []


async def test_a_role_that_was_not_sent_is_lost_so_that_all_are_sent(plex: str, connect: Connect) -> None:
    client = connect(plex)
    await write(client, FieldEdit(field=Field.ACTORS, after=CAST))
    item = await write(client, FieldEdit(field=Field.ACTORS, after=(Person(name="Ada, Countess"), Person(name="Bo"))))
    assert item.actors == CAST
    arguments = f"type=1&id={KEY}&actor%5B0%5D.tag.tag=Ada%2C%20Countess&X-Plex-Token=sim-plex-token"
    httpx2.put(f"{plex}/library/sections/1/all?{arguments}", verify=False).raise_for_status()
    assert {person.name: person.role for person in (await item_of(client)).actors} == {"Ada, Countess": "", "Bo": ""}


async def test_a_portrait_belongs_to_the_person_in_all_of_the_server(plex: str, connect: Connect) -> None:
    client = connect(plex)
    face = "http://sync:9797/art/signed?kind=performer&id=1"
    await write(client, FieldEdit(field=Field.ACTORS, after=CAST), key=OTHER)
    edit = FieldEdit(field=Field.ACTORS, after=CAST, portraits={text_key("ada, countess"): face})
    item = await write(client, edit)
    assert item.portraits == {"Ada, Countess": face, "Bo": ""}
    assert (await item_of(client, OTHER)).portraits == item.portraits
    item = await write(client, FieldEdit(field=Field.ACTORS, after=CAST[:1], removed=("Bo",)), key=OTHER)
    assert item.portraits == {"Ada, Countess": face}
    item = await write(client, FieldEdit(field=Field.ACTORS, after=CAST, portraits={text_key("Ada, Countess"): ""}))
    assert item.portraits == {"Ada, Countess": "", "Bo": ""}


async def show(client: PlexClient, pictures: dict[Field, bytes | str], *edits: FieldEdit) -> Item:
    item = await item_of(client)
    await Writer(client).write(item, item.parts[0].path, edits, pictures)
    return await item_of(client)


async def shown(client: PlexClient, kind: Field) -> list[str]:
    return [picture.key for picture in await client.pictures(KEY, kind) if picture.selected]


@pytest.mark.parametrize("locks", [True, False], ids=["uploads lock", "uploads do not lock"])
async def test_poster_and_background_are_given_together_and_put_back_with_their_locks(
    plex: str, connect: Connect, *, locks: bool
) -> None:
    put(plex, "switches", {"poster_upload_locks": locks})
    client = connect(plex)
    kinds = (Field.POSTER, Field.BACKGROUND)
    before = {kind: (await shown(client, kind))[0] for kind in kinds}
    item = await show(client, {Field.POSTER: cover(1), Field.BACKGROUND: cover(2)})
    assert {kind: await shown(client, kind) for kind in kinds} == {
        Field.POSTER: [upload_key(cover(1))],
        Field.BACKGROUND: [upload_key(cover(2), Field.BACKGROUND)],
    }
    assert item.locks == {"thumb", "art"}
    item = await show(client, dict(before), *(FieldEdit(field=kind, after=None, lock=False) for kind in kinds))
    assert {kind: await shown(client, kind) for kind in kinds} == {kind: [key] for kind, key in before.items()}
    assert item.locks == set()


@pytest.mark.parametrize("was", [True, False], ids=["locked", "unlocked"])
@pytest.mark.parametrize("locks", [True, False], ids=["uploads lock", "uploads do not lock"])
async def test_the_lock_of_a_picture_is_left_as_it_was_where_that_is_asked_for(
    plex: str, connect: Connect, *, was: bool, locks: bool
) -> None:
    put(plex, "switches", {"poster_upload_locks": locks})
    client = connect(plex)
    await write(client, FieldEdit(field=Field.BACKGROUND, after=None, lock=was))
    item = await show(client, {Field.BACKGROUND: cover(1)}, FieldEdit(field=Field.BACKGROUND, after=None, lock=None))
    assert item.locks == ({"art"} if was else set())


async def test_a_picture_that_is_gone_changes_no_lock(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await show(client, {Field.POSTER: "upload://posters/gone", Field.BACKGROUND: "upload://arts/gone"})
    assert item.locks == set()


async def test_backgrounds_pile_up_as_posters_do(plex: str, connect: Connect) -> None:
    client = connect(plex)
    for number in (1, 2, 1, 3):
        await show(client, {Field.BACKGROUND: cover(number)})
    (found,) = (row for row in httpx2.get(f"{plex}/_sim/items").json().values() if row["ratingKey"] == str(KEY))
    assert (found["artUploads"], found["uploads"]) == (3, 0)


async def test_a_sort_title_that_is_the_title_is_read_as_none(plex: str, connect: Connect) -> None:
    client = connect(plex)
    edits = [FieldEdit(field=kind, after="Sintel") for kind in (Field.TITLE, Field.SORT_TITLE)]
    assert (await write(client, *edits)).sort_title == ""
    assert (await write(client, FieldEdit(field=Field.TITLE, after="Durian"))).sort_title == "Sintel"


@pytest.mark.parametrize("field", [Field.GENRES, Field.LABELS])
@pytest.mark.parametrize("mode", ["additive", "replace"])
async def test_a_list_that_no_request_holds_never_loses_what_others_put_there(
    plex: str, connect: Connect, field: Field, mode: str
) -> None:
    put(plex, "switches", {"tag_mode": mode})
    put(plex, f"items/{KEY}", {field.value: ["Theirs", "Also, theirs"], "lock": False})
    client = connect(plex)
    item = await item_of(client)
    theirs = ("Theirs", "Also, theirs")
    wanted = (*theirs, *(f"Entry number {number:03} of very many" for number in range(200)))
    writer = Writer(client)
    for _ in range(2):
        result = await writer.write(item, item.parts[0].path, [FieldEdit(field=field, after=wanted)])
        item = await item_of(client)
        assert names(value_of(item, field))[:2] == theirs
        held = set(names(value_of(item, field)))
        assert (held == set(wanted)) == (mode == "additive")
        assert ("Plex takes no more" in "".join(result.notes)) == (mode == "replace")


async def test_parts_of_a_list_are_looked_at_only_until_plex_is_known_to_keep_them(plex: str, connect: Connect) -> None:
    client = connect(plex)
    item = await item_of(client)
    writer = Writer(client)
    edits = [FieldEdit(field=Field.GENRES, after=tuple(f"Entry number {number:03}" for number in range(300)))]
    await writer.write(item, item.parts[0].path, edits)
    httpx2.delete(f"{plex}/_sim/requests").raise_for_status()
    await writer.write(item, item.parts[0].path, edits)
    assert {request["method"] for request in httpx2.get(f"{plex}/_sim/requests").json()["requests"]} == {"PUT"}
