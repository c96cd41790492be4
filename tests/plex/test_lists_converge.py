"""Whatever a list holds and whatever a server makes of edits, it ends as wanted, and what others put there stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexsync.model.compare import text_key
from plexsync.model.fields import Field
from plexsync.model.item import Person
from plexsync.model.item_values import value_of
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit
from plexsync.plex.writer import Writer
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plexsync.model.fields import Value
    from plexsync.model.item import Item

KEY = 102
FIELDS = (Field.GENRES, Field.DIRECTORS, Field.ACTORS, Field.LABELS, Field.COLLECTIONS)
SWITCHES = st.fixed_dictionaries(
    {
        "tag_mode": st.sampled_from(["additive", "replace"]),
        "multi_removal": st.sampled_from(["all", "first"]),
        "labels_capitalized": st.booleans(),
        "tags_move": st.booleans(),
        "empty_collections_vanish": st.booleans(),
    }
)
NAMES = st.text(st.sampled_from("abAB,%+&#é日👩 "), min_size=1, max_size=4).filter(lambda name: name.strip() != "")
LISTS = st.lists(NAMES, max_size=6, unique_by=text_key).map(tuple)
STEPS = st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, LISTS)), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def plex() -> Iterator[str]:
    """One simulated Plex for all examples: each begins with what the one before left."""
    with serving(create_app(PlexOptions(items=5))) as server:
        yield server.url


def names(value: Value) -> tuple[str, ...]:
    entries = value if isinstance(value, tuple) else ()
    return tuple(entry if isinstance(entry, str) else entry.name for entry in entries)


def keys(value: Value) -> set[str]:
    return {text_key(name) for name in names(value)}


def edit_of(item: Item, field: Field, wanted: tuple[str, ...]) -> FieldEdit:
    """The whole wanted list, and by name all that Plex holds beside it."""
    after: Value = tuple(Person(name=name, role=f"as {name}") for name in wanted) if field is Field.ACTORS else wanted
    gone = tuple(name for name in names(value_of(item, field)) if text_key(name) not in keys(wanted))
    return FieldEdit(field=field, after=after, removed=gone)


async def converges(url: str, switches: dict[str, Any], steps: list[dict[Field, tuple[str, ...]]]) -> None:
    async with httpx2.AsyncClient(base_url=url, verify=False) as control:
        (await control.put("/_sim/switches", json=switches)).raise_for_status()
    async with PlexClient(url, "sim-plex-token", client_identifier="0", verify=False) as client:
        writer = Writer(client)
        for wanted in steps:
            item = (await client.details([KEY]))[KEY]
            edits = [edit_of(item, field, wanted[field]) for field in FIELDS]
            result = await writer.write(item, item.parts[0].path, edits)
            assert result.notes == []
            item = (await client.details([KEY]))[KEY]
            for field in FIELDS:
                assert keys(value_of(item, field)) == keys(wanted[field]), field
            assert {f"as {name}" for name in wanted[Field.ACTORS]} <= {person.role for person in item.actors}


@settings(max_examples=20)
@given(switches=SWITCHES, steps=STEPS)
def test_every_list_ends_as_wanted(
    plex: str, switches: dict[str, Any], steps: list[dict[Field, tuple[str, ...]]]
) -> None:
    asyncio.run(converges(plex, switches, steps))
