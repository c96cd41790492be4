"""An independent client reads in Plex what our writer wrote there: every field, every lock, every picture."""

from __future__ import annotations

import asyncio
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import pytest
from plexapi.server import PlexServer

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Kind
from plexsync.model.item import Person
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit
from plexsync.plex.writer import Writer
from plexsync.sim.library import cover
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plexsync.model.fields import Value

TOKEN = "sim-plex-token"
KEY = 101
#: Field, value, name of it at the judge, what the judge reads.
SCALARS: list[tuple[Field, Value, str, Any]] = [
    (Field.TITLE, "Sintel & <friends>, 日本語", "title", "Sintel & <friends>, 日本語"),
    (Field.SORT_TITLE, "Durian 001", "titleSort", "Durian 001"),
    (Field.SUMMARY, 'Two lines\nand "quotes" + 100 %', "summary", 'Two lines\nand "quotes" + 100 %'),
    (Field.TAGLINE, "Search the world.", "tagline", "Search the world."),
    (Field.YEAR, 2011, "year", 2011),
    (Field.STUDIO, "Blender / Durian", "studio", "Blender / Durian"),
    (Field.CONTENT_RATING, "TV-14", "contentRating", "TV-14"),
    (Field.RATING, 7.3, "userRating", 7.3),
]
#: Field, entries, name of the list at the judge.
LISTS: list[tuple[Field, tuple[str, ...], str]] = [
    (Field.GENRES, ("One", "Two, with a comma", "R&B = 100% #1+"), "genres"),
    (Field.LABELS, ("ours", "Also, ours"), "labels"),
    (Field.COLLECTIONS, ("Open films", "A+B"), "collections"),
    (Field.DIRECTORS, ("Colin Levy", "B, C"), "directors"),
]
CAST = (Person(name="Ada, Countess", role="herself"), Person(name="Bo", role=""))


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=5))) as running:
        yield running


@pytest.fixture(scope="module")
def judge(server: Serving) -> Iterator[Any]:
    connect: Any = PlexServer
    connected = connect(server.url, TOKEN)
    yield connected
    connected._session.close()


def write(
    server: Serving, *edits: FieldEdit, pictures: Mapping[Field, bytes | str] | None = None, key: int = KEY
) -> None:
    """Our writer on one item."""

    async def written() -> None:
        async with PlexClient(server.url, TOKEN, client_identifier="0") as client:
            item = (await client.details([key]))[key]
            await Writer(client).write(item, item.parts[0].path, edits, pictures)

    asyncio.run(written())


def locked(item: Any) -> set[str]:
    return {field.name for field in item.fields if field.locked}


def names(entries: list[Any]) -> list[str]:
    return [entry.tag for entry in entries]


def test_the_tables_hold_every_field_that_is_no_picture() -> None:
    known = {row[0] for row in SCALARS} | {row[0] for row in LISTS} | {Field.DATE, Field.ACTORS}
    assert known == {spec.field for spec in FIELDS.values() if spec.kind is not Kind.PICTURE}


@pytest.mark.parametrize(("field", "value", "name", "read"), SCALARS, ids=[row[0].value for row in SCALARS])
def test_a_value_is_read_locked_unlocked_and_cleared(
    server: Serving, judge: Any, field: Field, value: Value, name: str, read: Any
) -> None:
    write(server, FieldEdit(field=field, after=value))
    item = judge.fetchItem(KEY)
    assert getattr(item, name) == read
    assert (name in locked(item)) == FIELDS[field].lockable
    write(server, FieldEdit(field=field, after=value, lock=False))
    item = judge.fetchItem(KEY)
    assert getattr(item, name) == read
    assert name not in locked(item)
    write(server, FieldEdit(field=field, after=None))
    item = judge.fetchItem(KEY)
    assert getattr(item, name) in {None, "", item.title if field is Field.SORT_TITLE else None}


def test_a_date_is_read(server: Serving, judge: Any) -> None:
    write(server, FieldEdit(field=Field.DATE, after="2010-09-27"))
    item = judge.fetchItem(KEY)
    assert f"{item.originallyAvailableAt:%Y-%m-%d}" == "2010-09-27"
    assert "originallyAvailableAt" in locked(item)


@pytest.mark.parametrize(("field", "entries", "name"), LISTS, ids=[row[0].value for row in LISTS])
def test_a_list_is_read_with_what_others_put_there_and_without_what_was_named(
    server: Serving, judge: Any, field: Field, entries: tuple[str, ...], name: str
) -> None:
    plex_name = FIELDS[field].plex
    getattr(judge.fetchItem(KEY), f"add{plex_name.title()}")("Theirs", locked=False)
    write(server, FieldEdit(field=field, after=("Theirs", *entries)))
    item = judge.fetchItem(KEY)
    assert names(getattr(item, name)) == ["Theirs", *entries]
    assert plex_name in locked(item)
    write(server, FieldEdit(field=field, after=("Theirs", entries[0]), removed=entries[1:], lock=False))
    item = judge.fetchItem(KEY)
    assert names(getattr(item, name)) == ["Theirs", entries[0]]
    assert plex_name not in locked(item)


def test_a_collection_that_we_name_is_a_collection_in_the_library(server: Serving, judge: Any) -> None:
    for key in (KEY, KEY + 1):
        write(server, FieldEdit(field=Field.COLLECTIONS, after=("Ours",)), key=key)
    section = judge.library.section("Open movies")
    assert {item.ratingKey for item in section.collection("Ours").items()} == {KEY, KEY + 1}
    for key in (KEY, KEY + 1):
        write(server, FieldEdit(field=Field.COLLECTIONS, after=None, removed=("Ours",)), key=key)
    assert "Ours" not in [collection.title for collection in section.collections()]


def test_a_cast_is_read_with_its_roles_and_portraits(server: Serving, judge: Any) -> None:
    face = "http://sync:9797/art/signed?kind=performer&id=1"
    write(server, FieldEdit(field=Field.ACTORS, after=CAST, portraits={text_key("Ada, Countess"): face}))
    item = judge.fetchItem(KEY)
    read = [(role.tag, role.role or "", role.thumb or "") for role in item.roles]
    assert read == [("Ada, Countess", "herself", face), ("Bo", "", "")]
    assert "actor" in locked(item)


def test_poster_and_background_are_shown_and_locked_and_put_back_unlocked(server: Serving, judge: Any) -> None:
    item = judge.fetchItem(KEY)
    before = {Field.POSTER: item.posters()[0].ratingKey, Field.BACKGROUND: item.arts()[0].ratingKey}
    write(server, pictures={Field.POSTER: cover(1), Field.BACKGROUND: cover(2)})
    item = judge.fetchItem(KEY)
    for shown, kind, content in ((item.posters(), "posters", cover(1)), (item.arts(), "arts", cover(2))):
        selected = [picture.ratingKey for picture in shown if picture.selected]
        assert selected == [f"upload://{kind}/{sha1(content).hexdigest()}"]
    assert {"thumb", "art"} <= locked(item)
    assert item._server._session.get(item.artUrl).content == cover(2)
    write(server, *(FieldEdit(field=kind, after=None, lock=False) for kind in before), pictures=dict(before))
    item = judge.fetchItem(KEY)
    assert [picture.ratingKey for picture in item.posters() if picture.selected] == [before[Field.POSTER]]
    assert [picture.ratingKey for picture in item.arts() if picture.selected] == [before[Field.BACKGROUND]]
    assert not {"thumb", "art"} & locked(item)
