"""What died of an outage is tried again: exactly that, and each scene once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.app.sources import Sources
from plexsync.model.work import Event, Failure, Lane, Peer, Put
from plexsync.store import dead, jobs, outages, queue
from plexsync.store.database import Connection
from plexsync.store.dead import DeadLetter
from plexsync.store.outages import OutageKind
from plexsync.store.schema import outages as outages_table
from plexsync.sync.recovery import Recovered, Victims, victims_of
from plexsync.sync.service import Service
from sync.test_lost_updates import at_rest, silently
from sync.unheard import Silence
from world import World, opened, quiet, until, world

#: Scenes that Stash has; greater ids are gone.
SCENES = 6
GONE = (7, 8)
TEMPORARY = ["PlexTemporaryError", "StashTemporaryError", "PlexServerDown", "StashServerDown"]
OTHERS = ["PlexPermanentError", "SyncError"]
PEERS = ["stash", "plex:plex", "plex:elsewhere"]


def letter(scene: int, error: str = "PlexTemporaryError", first: float = 0.0, *reasons: str) -> DeadLetter:
    return DeadLetter(
        server="plex",
        scene=scene,
        error=error,
        failure=Failure(error=error, message="Plex failed", at=first, peer=Peer.PLEX),
        context={"title": f"Scene {scene}"},
        reasons=reasons or ("hook",),
        attempts=6,
        digest=None,
        first_failed_at=first,
        died_at=first + 60,
    )


def outage(conn: Connection, peer: str, first: float, until_then: float | None) -> None:
    outages.began(conn, peer, OutageKind.AWAY, "no answer", first, first + 5)
    if until_then is not None:
        outages.ended(conn, peer, [], until_then)


# --- whatever the letters, the outages and the queue


@dataclass(frozen=True, slots=True)
class Letters:
    """A room with the graph at rest, and the loop that it belongs to."""

    runner: asyncio.Runner
    place: World
    service: Service

    async def recovered(self, before: _Before) -> tuple[Recovered, dict[int, Any], dict[int, Any], int]:
        """What a recovery says, the jobs and the letters that it leaves, and how often Stash was asked."""
        await self.service.database.run(before.store)
        await self.place.forget_requests()
        await self.place.faults(self.place.plex, *([] if before.plex_is_well else [{"fault": "maintenance503"}]))
        try:
            (found,) = await self.service.upkeep.recover(before.victims)
        finally:
            await self.place.faults(self.place.plex)
        asked = (await self.place.http.get(f"{self.place.stash.url}/_sim/requests")).json()["total"]
        waiting = {row.scene: row for row in await self.service.database.run(queue.listing)}
        kept = {one.scene: one for one in await self.service.database.run(lambda c: list(dead.dead_all(c)))}
        return found, waiting, kept, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    letters: list[DeadLetter]
    windows: list[tuple[str, float, float | None]]
    queued: set[int]
    plex_is_well: bool
    victims: Victims

    def store(self, conn: Connection) -> None:
        """In place of whatever was there."""
        dead.dead_purge(conn, None)
        jobs.clear(conn, "plex")
        conn.execute(sa.delete(outages_table))
        for peer, first, end in self.windows:
            outage(conn, peer, first, end)
        jobs.put(conn, [Put(server="plex", scene=one, lane=Lane.CHANGE, reason="hook") for one in self.queued], 1.0)
        for one in self.letters:
            dead.bury(conn, one)

    def meant(self) -> set[int]:
        """Said anew, in the words of the docs."""
        return {one.scene for one in self.letters if self._is_meant(one)}

    def _is_meant(self, one: DeadLetter) -> bool:
        victims = self.victims
        if victims.since is not None and one.first_failed_at < victims.since:
            return False
        if victims.everything:
            return True
        if victims.errors:
            return one.error in victims.errors
        suffered = [(a, b) for peer, a, b in self.windows if peer in ("stash", "plex:plex")]
        in_one = any(a - 600 <= one.first_failed_at <= (float("inf") if b is None else b) for a, b in suffered)
        return one.error in TEMPORARY and in_one


TIMES = st.integers(0, 40).map(lambda steps: steps * 200.0)
LETTERS = st.dictionaries(
    st.integers(1, SCENES + len(GONE)),
    st.tuples(st.sampled_from(TEMPORARY + OTHERS), TIMES, st.sampled_from([("hook",), ("gap", "hook"), ()])),
)
#: Outages of one peer follow one another; only the last may go on.
WINDOWS = st.lists(st.tuples(st.sampled_from(PEERS), TIMES, st.none() | TIMES), max_size=4)
VICTIMS = st.builds(
    Victims,
    errors=st.frozensets(st.sampled_from(TEMPORARY + OTHERS), max_size=2),
    everything=st.booleans(),
    since=st.none() | TIMES,
) | st.just(Victims())


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Letters]:
    folder = tmp_path_factory.mktemp("recovery")

    async def begin(stack: AsyncExitStack) -> tuple[World, Service]:
        place = await stack.enter_async_context(world(folder, scenes=SCENES))
        graph = await stack.enter_async_context(
            opened(Sources(environ=place.environ, data_dir=folder / "data"), place.clock)
        )
        return place, graph.service

    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        place, service = runner.run(begin(stack))
        yield Letters(runner, place, service)
        runner.run(stack.aclose())


def consistent(windows: list[tuple[str, float, float | None]]) -> list[tuple[str, float, float | None]]:
    """As a gate could have written them: no end before the beginning, nothing after one that goes on."""
    going_on: set[str] = set()
    found = []
    for peer, first, end in windows:
        if peer not in going_on:
            found.append((peer, first, None if end is None else max(end, first + 5)))
            going_on |= {peer} if end is None else set()
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    letters=LETTERS,
    windows=WINDOWS.map(consistent),
    queued=st.sets(st.integers(1, SCENES)),
    plex_is_well=st.sampled_from([True, True, True, False]),
    victims=VICTIMS,
)
def test_exactly_the_victims_are_put_once_and_the_checks_come_in_their_order(
    room: Letters,
    letters: dict[int, tuple[str, float, tuple[str, ...]]],
    windows: list[tuple[str, float, float | None]],
    queued: set[int],
    plex_is_well: bool,
    victims: Victims,
) -> None:
    dead_ones = [letter(scene, error, first, *reasons) for scene, (error, first, reasons) in letters.items()]
    before = _Before(letters=dead_ones, windows=windows, queued=queued, plex_is_well=plex_is_well, victims=victims)
    meant = before.meant()
    found, waiting, kept, asked = room.runner.run(room.recovered(before))
    assert found.others == len(letters) - len(meant)
    if not plex_is_well:
        assert (set(waiting), set(kept), asked) == (queued, set(letters), 0)
        assert (found.left, found.put) == (len(meant), 0)
        assert (found.trouble is not None) == bool(meant)
        return
    free = meant - queued
    put = {scene for scene in free if scene <= SCENES}
    assert asked == (1 if free else 0)
    assert set(waiting) == queued | put
    assert set(kept) == set(letters) - free
    told = (found.put, found.queued, found.gone, found.left)
    assert told == (len(put), len(meant & queued), len(free - put), 0)
    for scene in put:
        assert waiting[scene].lane is Lane.BULK
        assert waiting[scene].reasons == next(one.reasons for one in dead_ones if one.scene == scene)
    again, waiting, _, _ = room.runner.run(_again(room, victims))
    assert (again.put, set(waiting)) == (0, queued | put)


async def _again(room: Letters, victims: Victims) -> tuple[Recovered, dict[int, Any], None, None]:
    (found,) = await room.service.upkeep.recover(victims)
    return found, {row.scene: row for row in await room.service.database.run(queue.listing)}, None, None


def test_a_class_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"no error class PlexTemporayError; there are .*PlexTemporaryError"):
        victims_of(["PlexTemporayError"], everything=False, since=None)


# --- in a world


async def with_letters(service: Service, *letters: DeadLetter) -> None:
    def bury(conn: Connection) -> None:
        for one in letters:
            dead.bury(conn, one)

    await service.database.run(bury)


async def titled(place: World, scene: int, title: str) -> None:
    async def written() -> bool:
        """Plex holds the new title"""
        return bool((await place.item(scene))["title"] == title)

    await until(written)


async def away(place: World, service: Service) -> None:
    """Plex stops answering, and everybody knows."""
    await place.faults(place.plex, {"fault": "refuse"})
    await service.take([Event(type="Scene.Update.Post", id=scene) for scene in (2, 3, 4)])

    async def open_gate() -> bool:
        """the gate is open"""
        return not service.servers[0].gate.closed

    await until(open_gate)


async def test_what_died_just_before_an_outage_is_written_after_it_with_no_event(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4, max_retries="1") as (place, service):
        key = (await place.item(1))["ratingKey"]
        await place.faults(place.plex, {"fault": "status500", "path": f"/library/metadata/{key}"})
        await silently(place, 1, title="Died")
        await service.take([Event(type="Scene.Update.Post", id=1)])
        await until(lambda: service.dead(1))
        await away(place, service)
        await place.faults(place.plex)
        await titled(place, 1, "Died")
        assert await service.dead(1) == []


async def test_what_died_for_good_stays_dead_after_an_outage_and_is_recovered_when_named(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        now = place.clock.now()
        await silently(place, 1, title="Refused")
        await with_letters(service, letter(1, "PlexPermanentError", now))
        await away(place, service)
        await place.faults(place.plex)
        await quiet(service)
        assert [one["scene"] for one in await service.dead(10)] == [1]
        (found,) = await service.upkeep.recover(Victims())
        assert (found.put, found.others) == (0, 1)
        (found,) = await service.upkeep.recover(Victims(errors=frozenset({"PlexPermanentError"})))
        assert found.put == 1
        await titled(place, 1, "Refused")


async def test_a_recovery_that_a_crash_prevented_is_made_up_for_at_the_next_start(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=3) as place:
        async with place.running() as service:
            await quiet(service)
        async with opened(Sources(environ=place.environ, data_dir=place.folder / "data"), place.clock) as graph:
            now = place.clock.now()
            await silently(place, 1, title="Left behind")
            await with_letters(graph.service, letter(1, "PlexTemporaryError", now - 100), letter(999, first=now - 50))
            await graph.service.database.run(lambda c: outage(c, "plex:plex", now - 90, now - 10))
        async with place.running() as service:
            await titled(place, 1, "Left behind")
            await quiet(service)
            assert await service.dead(10) == []


async def test_while_plex_is_away_a_recovery_puts_nothing_and_says_so(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=4) as (place, service):
        now = place.clock.now()
        await away(place, service)
        await with_letters(service, letter(1, "PlexTemporaryError", now))
        (found,) = await service.upkeep.recover(Victims())
        assert (found.put, found.left) == (0, 1)
        assert "Plex (plex) is not well" in found.as_json()["trouble"]
        assert [one["scene"] for one in await service.dead(10)] == [1]


async def test_a_scene_whose_stash_is_away_is_left_and_counted(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=2) as (place, service):
        await with_letters(service, letter(1), letter(2))
        await place.faults(place.stash, {"fault": "status500", "path": "/graphql"})
        (found,) = await service.upkeep.recover(Victims(everything=True))
        assert (found.put, found.left) == (0, 2)
        assert found.trouble is not None
        await place.faults(place.stash)
        (found,) = await service.upkeep.recover(Victims(everything=True))
        assert (found.put, found.left) == (2, 0)


# --- failures known of another program of this kind


@pytest.mark.parametrize("fault", ["refuse", "status500", "maintenance503"])
async def test_one_edit_while_plex_is_down_for_long_is_written_without_any_event(tmp_path: Path, fault: str) -> None:
    """One scene alone, with a chosen library: no other job that fails beside it, and far more than its attempts."""
    async with at_rest(tmp_path, scenes=2) as (place, service):
        # What Stash touched just before the start is looked at twice.
        await Silence(place, service).pass_time(601.0)
        await place.faults(place.plex, {"fault": fault})
        await silently(place, 1, title="The only edit")
        await service.take([Event(type="Scene.Update.Post", id=1)])
        for _ in range(8):
            rows = await until(lambda: service.queue(10))
            assert [row["scene"] for row in rows] == [1]
            place.clock.leap(120.0)
        assert await service.dead(10) == []
        await place.faults(place.plex)
        await titled(place, 1, "The only edit")


async def test_an_edit_that_outlives_its_daemon_is_written_by_the_next_without_any_event(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place:
        async with place.running() as service:
            await quiet(service)
            await place.faults(place.plex, {"fault": "refuse"})
            await silently(place, 1, title="Survives")
            await service.take([Event(type="Scene.Update.Post", id=1)])
            await until(lambda: service.queue(1))
        async with place.running():
            await place.faults(place.plex)
            await titled(place, 1, "Survives")
