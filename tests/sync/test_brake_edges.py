"""The brake at its real limits: 50 scenes and 2 % that lose something, 50 and 20 % that are renamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from plexsync.sync.service import Service
from plexsync.sync.walks.fanout import FEW
from sync.test_brake_story import brake_of
from world import FastClock, World, until, world

#: Real seconds until as many scenes are in step, on the slowest machine.
PATIENCE = 1200.0


async def walked(service: Service) -> None:
    """A full walk, and all that it puts."""
    await service.sync_all()
    await until(service.quiet, patience=PATIENCE, every=0.05)


async def held(place: World, **values: Any) -> int:
    """In how many items Plex holds these values."""
    items = (await place.items()).values()
    return sum(all((item[name] or "") == value for name, value in values.items()) for item in items)


async def told(place: World, scenes: int, **values: Any) -> None:
    """Stash has other values of so many scenes, from one moment to the next, and no hook says so."""
    document = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"
    await place.graphql(document, input={"ids": [str(scene) for scene in range(1, scenes + 1)], **values})


@asynccontextmanager
async def in_step(folder: Path, scenes: int) -> AsyncIterator[tuple[World, Service]]:
    async with world(folder, scenes=scenes) as place:
        place.clock = FastClock(60)
        async with place.running(sync_cover="false") as service:
            await until(service.quiet, patience=PATIENCE, every=0.05)
            assert await held(place, summary="") == 0
            yield place, service


async def asked(service: Service, kind: str) -> int:
    """How many scenes the open question is about, all of that kind; 0 where none is open."""

    async def counted() -> bool:
        question = (await brake_of(service))["question"]
        return question is None or bool(question["scenes"] == question["counts"][kind])

    # Some may just be looked at once more.
    await until(counted, patience=PATIENCE)
    question = (await brake_of(service))["question"]
    return question["scenes"] if question is not None else 0


async def is_asked(service: Service, kind: str, scenes: int, written: int) -> None:
    """A look may have met few of so many before the walk did: the question is about all others."""
    assert written <= FEW
    assert await asked(service, kind) == scenes - written


async def story(folder: Path, scenes: int, taken: int, retitled: int) -> None:
    """In a library of so many, so many go on by themselves, and one more are held; a release writes them."""
    async with in_step(folder, scenes) as (place, service):
        await told(place, taken, details="")
        await walked(service)
        assert (await held(place, summary=""), await asked(service, "clear")) == (taken, 0)
        await told(place, taken, details="Back")
        await walked(service)
        assert await held(place, summary="Back") == taken
        await place.forget_requests()
        await told(place, taken + 1, details="")
        await walked(service)
        written = await held(place, summary="")
        await is_asked(service, "clear", taken + 1, written)
        assert written or (await place.plex_counts())["writes"] == 0
        await service.questions.release((await brake_of(service))["question"]["id"])
        await until(service.quiet, patience=PATIENCE, every=0.05)
        assert (await held(place, summary=""), await asked(service, "clear")) == (taken + 1, 0)

        await told(place, retitled, title="Renamed")
        await walked(service)
        assert (await held(place, title="Renamed"), await asked(service, "retitle")) == (retitled, 0)
        await told(place, retitled + 1, title="Renamed again")
        await walked(service)
        again = await held(place, title="Renamed again")
        await is_asked(service, "retitle", retitled + 1, again)
        assert await held(place, title="Renamed") >= retitled - again


@pytest.mark.timeout(1800)
async def test_of_a_small_library_fifty_go_on_and_fifty_one_are_asked_about(tmp_path: Path) -> None:
    await story(tmp_path, 52, taken=50, retitled=50)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_of_a_large_library_the_shares_decide(tmp_path: Path) -> None:
    """2 % of 2,550 are 51, and 20 % are 510."""
    await story(tmp_path, 2550, taken=51, retitled=510)
