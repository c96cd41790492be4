"""Events become jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newstore import new_store
from plexsync.model.scene import Scene, SceneFile
from plexsync.model.work import Event, EventType, Lane
from plexsync.store import queue, seen
from plexsync.store.database import Database
from plexsync.sync.intake import Intake
from sync.hands import SetClock


@dataclass(slots=True)
class Desk:
    """An intake for two servers and what came of it."""

    database: Database
    asked: list[str] = field(default_factory=list)
    woken_with: list[int] = field(default_factory=list)

    def intake(self) -> Intake:
        return Intake(
            database=self.database,
            clock=SetClock(),
            servers=("attic", "cellar"),
            wake=lambda: self.woken_with.append(len(self.rows())),
            ask=self.asked.append,
        )

    def rows(self) -> list[tuple[str, int, Lane]]:
        with self.database.transaction() as connection:
            return sorted((row.server, row.scene, row.lane) for row in queue.listing(connection, limit=100_000))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database.open(new_store(tmp_path / "plexsync.db"))
    yield Desk(database=database)
    database.close()


def scene(number: int, path: str) -> Scene:
    return Scene(id=number, files=(SceneFile(path=path),))


async def test_a_changed_scene_is_a_job_on_every_server_and_stored_before_anyone_is_woken(desk: Desk) -> None:
    await desk.intake().take([Event(type=EventType.SCENE_UPDATE, id=3)])
    assert desk.rows() == [("attic", 3, Lane.CHANGE), ("cellar", 3, Lane.CHANGE)]
    assert desk.woken_with == [2]


async def test_a_file_that_a_clean_removed_is_found_by_its_path_alone(desk: Desk) -> None:
    with desk.database.transaction() as connection:
        seen.note(connection, [scene(8, "/data/Ä/a.mp4"), scene(9, "/data/b.mp4")], 1.0)
    await desk.intake().take(
        [
            Event(type=EventType.SCENE_DESTROY, path="/data/A\u0308/a.mp4"),
            Event(type=EventType.SCENE_DESTROY, path="/data/unknown.mp4"),
            Event(type=EventType.SCENE_DESTROY),
        ]
    )
    assert {number for _, number, _ in desk.rows()} == {8}


@pytest.mark.parametrize("kind", ["Gallery.Update.Post", "Scene.Merge.Post", "", "Nonsense"])
async def test_an_event_of_another_kind_is_let_go_and_the_others_count(desk: Desk, kind: str) -> None:
    await desk.intake().take([Event(type=kind, id=1), Event(type=EventType.SCENE_CREATE, id=2)])
    assert {number for _, number, _ in desk.rows()} == {2}
    assert desk.asked == []


async def test_tasks_ask_for_their_walk_once_each(desk: Desk) -> None:
    kinds = [EventType.SYNC_ALL, EventType.WALK_NEEDED, EventType.SYNC_ALL, EventType.SYNC_RECENT]
    await desk.intake().take([Event(type=kind) for kind in kinds])
    assert sorted(desk.asked) == ["full walk", "recent"]
    assert desk.rows() == []


async def test_thousands_at_once_are_one_job_each(desk: Desk) -> None:
    events = [Event(type=EventType.SCENE_UPDATE, id=number % 3000 + 1) for number in range(9000)]
    await desk.intake().take(events)
    assert len(desk.rows()) == 6000


async def test_nothing_is_no_trouble(desk: Desk) -> None:
    await desk.intake().take([])
    assert desk.rows() == []
