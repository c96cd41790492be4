"""Where nothing changes, nothing is done but to look whether that is so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plexsync.sync.walks.windows import WINDOWS
from sync.unheard import Silence, silence
from world import FastClock, World

LOOKS = 12


@contextmanager
def no_write(folder: Path) -> Iterator[None]:
    """Nothing is committed to the store, and its log does not grow."""
    file = folder / "data" / "plexsync.db"
    log = file.with_name(f"{file.name}-wal")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:

        def version() -> tuple[int, int, int]:
            (told,) = store.execute("PRAGMA data_version").fetchone()
            return told, log.stat().st_size, log.stat().st_mtime_ns

        before = version()
        yield
        assert version() == before
    store.close()


async def asked(place: World) -> tuple[list[str], list[tuple[str, str]]]:
    """What Stash was asked, and the requests that Plex got."""
    stash = (await place.http.get(f"{place.stash.url}/_sim/requests")).json()
    plex = (await place.http.get(f"{place.plex.url}/_sim/requests")).json()
    return (
        [row["label"] or row["path"] for row in stash["requests"]],
        [(row["method"], row["path"]) for row in plex["requests"]],
    )


async def at_rest(world: Silence) -> None:
    """All that follows from the start is done."""
    for _ in range(3):
        await world.pass_time()
    await world.place.forget_requests()


async def test_by_day_each_look_is_one_question_to_stash_and_probes_are_all_that_plex_gets(tmp_path: Path) -> None:
    async with silence(tmp_path, scenes=3) as world:
        await at_rest(world)
        entry = world.service.timetable.entries[WINDOWS]
        runs = entry.runs
        with no_write(tmp_path):
            for _ in range(LOOKS):
                await world.pass_time()
        stash, plex = await asked(world.place)
        assert entry.runs - runs >= LOOKS
        assert len(stash) <= entry.runs - runs
        assert set(stash) == {"Changes"}
        assert {method for method, _ in plex} <= {"GET"}, plex
        assert {path for _, path in plex} <= {"/identity", "/library/sections"}, plex
        await world.scene(1, title="Not idle")
        with pytest.raises(AssertionError), no_write(tmp_path):
            await world.pass_time()


async def test_at_night_stash_is_not_asked_at_all_where_that_is_wished(tmp_path: Path) -> None:
    clock = FastClock(1)
    now = datetime.fromtimestamp(clock.now(), UTC).astimezone()
    clock.jump((now.replace(hour=2, minute=0, second=0) - now).total_seconds())
    async with silence(tmp_path, scenes=3, clock=clock, night_poll="false") as world:
        await at_rest(world)
        with no_write(tmp_path):
            for _ in range(LOOKS):
                await world.pass_time(600)
        stash, plex = await asked(world.place)
        assert stash == []
        assert {path for _, path in plex} <= {"/identity", "/library/sections"}, plex
