"""Every field and everything that happens to it, through the whole product, read by a client that we did not write."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from oracle.expectations import CLEARS_FOREIGN, FILLS, HAPPENINGS, KEEPS_EDITS, LEFT_OUT, STASH_DECIDES, Cell, cells
from oracle.rows import ROWS
from oracle.stage import every_field, owned, stage, switched_off
from plexsync.model.fields import Field

#: The tables by who decides the fields.
TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "stash decides": (STASH_DECIDES, owned("stash")),
    "fills": (FILLS, owned("fill")),
    "clears what is foreign": (CLEARS_FOREIGN, owned("stash") | {"clear_foreign": every_field()}),
    "keeps edits": (KEEPS_EDITS, owned("stash") | {"keep_edits": every_field()}),
}
#: By whom nothing is written at all.
NOBODY: dict[str, dict[str, str]] = {
    "plex decides": owned("plex"),
    "every field is off": switched_off(),
    "the master switch is off": {"sync_enabled": "false"},
}
USUAL: dict[str, Any] = {
    "tag_mode": "additive",
    "multi_removal": "all",
    "tags_move": False,
    "labels_capitalized": False,
    "poster_upload_locks": True,
    "date_drives_year": False,
    "url_limit": 8192,
    "plus_is_space": True,
    "empty_collections_vanish": True,
    "ignore_excludes": False,
    "missing_id": "skip",
}
OTHER: dict[str, Any] = {
    "tag_mode": "replace",
    "multi_removal": "first",
    "tags_move": True,
    "labels_capitalized": True,
    "poster_upload_locks": False,
    "date_drives_year": True,
    "url_limit": None,
    "plus_is_space": False,
    "empty_collections_vanish": False,
    "ignore_excludes": True,
    "missing_id": "404",
}
#: The switches that act on the same fields, the lists.
OF_LISTS = ("tag_mode", "multi_removal", "tags_move", "labels_capitalized")
#: Those in all combinations, each with all others this way and that: they act on fields of their own, or on none.
COMBINATIONS = [
    rest | {name: (OTHER if flipped else USUAL)[name] for name, flipped in zip(OF_LISTS, flips, strict=True)}
    for rest in (USUAL, OTHER)
    for flips in product((False, True), repeat=len(OF_LISTS))
]


def told(switches: Mapping[str, Any]) -> str:
    return "-".join(str(value) for value in switches.values())


def a_quarter(of: Sequence[Cell], seed: str) -> list[Cell]:
    """Some of the cells, others for each seed. The soak plays them all."""
    chosen = random.Random(seed).sample(range(len(of)), len(of) // 4)
    return [of[number] for number in sorted(chosen)]


async def played(folder: Path, table: str, switches: Mapping[str, Any], *, sampled: bool = False) -> None:
    expectations, settings = TABLES[table]
    there = cells(expectations)
    async with stage(folder, a_quarter(there, table) if sampled else there, switches) as one:
        async with one.synced({"sync_background": "true", **settings}):
            await one.happen()
        lines = one.judged(switches)
    assert not lines, "\n" + "\n".join(lines)


def test_the_table_has_every_field_and_every_happening_or_a_reason_why_not() -> None:
    for expectations, _ in (TABLES["stash decides"], TABLES["fills"]):
        there = {(cell.field, cell.happening) for cell in cells(expectations)}
        assert {happening for _, happening in there} == set(HAPPENINGS)
        assert {field for field, _ in there} == set(ROWS) == set(Field)
        assert set(LEFT_OUT) <= set(HAPPENINGS)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("table", list(TABLES))
async def test_every_field_is_in_plex_as_the_table_says(tmp_path: Path, table: str) -> None:
    await played(tmp_path, table, USUAL)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("table", list(TABLES))
async def test_so_it_is_in_a_plex_that_does_all_the_other_way(tmp_path: Path, table: str) -> None:
    await played(tmp_path, table, OTHER, sampled=True)


@pytest.mark.soak
@pytest.mark.parametrize("switches", COMBINATIONS, ids=told)
@pytest.mark.parametrize("table", list(TABLES))
async def test_every_field_is_in_plex_as_the_table_says_whatever_plex_makes_of_it(
    tmp_path: Path, table: str, switches: dict[str, Any]
) -> None:
    await played(tmp_path, table, switches)


async def left_alone(folder: Path, nobody: str, there: Sequence[Cell]) -> None:
    async with stage(folder, there, USUAL) as one:
        before = await one.world.items()
        async with one.synced({"sync_background": "true", **NOBODY[nobody]}):
            assert await one.world.items() == before
            await one.happen()
            before = await one.world.items()
            await one.world.forget_requests()
        assert await one.world.items() == before


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("nobody", list(NOBODY))
async def test_a_field_that_is_not_ours_to_write_is_left_as_it_is_whatever_happens(tmp_path: Path, nobody: str) -> None:
    await left_alone(tmp_path, nobody, a_quarter(cells(STASH_DECIDES), nobody))


@pytest.mark.soak
@pytest.mark.parametrize("nobody", list(NOBODY))
async def test_no_field_at_all_is_touched_that_is_not_ours_to_write(tmp_path: Path, nobody: str) -> None:
    await left_alone(tmp_path, nobody, cells(STASH_DECIDES))


@pytest.mark.parametrize("switches", [USUAL, OTHER, USUAL | {"tags_move": True}], ids=["usual", "other", "tags move"])
async def test_a_role_text_of_a_persons_own_survives_every_change_of_the_cast(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    """No rule gives role texts, so that they are a person's own; Plex drops those that a request leaves out."""
    role = {"Actor b, x": "herself & others"}
    add = [cell for cell in cells(STASH_DECIDES) if (cell.field, cell.happening) == (Field.ACTORS, "add")]
    async with stage(tmp_path, add, switches) as one:
        (place,) = one.places
        async with one.synced({}):
            cast = [{"name": name, "role": role.get(name, "")} for name in place.row.a]
            await one.edit(place, {"actors": cast})
            await one.happen()
        lines, found = one.judged(switches), await one.world.item(place.scene)
    assert not lines
    assert found["roles"] == {name: role.get(name, "") for name in place.row.shown("three")}
