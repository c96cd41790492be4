"""Walks over a simulated Stash, and what is said of a server that answers them wrongly."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.errors import StashTemporaryError
from plexsync.sim.serving import serving
from plexsync.sim.stash.app import create_app
from plexsync.sim.stash.options import StashOptions
from plexsync.stash.client import StashClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stash.conftest import Mouth

NOW = datetime(2026, 7, 11, 10, tzinfo=UTC)


class Clock:
    """The simulated server's clock and zone, set by the test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(clock: Clock) -> Iterator[str]:
    """A simulated Stash with 30 scenes, the newest a day old."""
    with serving(create_app(StashOptions(scenes=30, clock=clock))) as server:
        yield server.url


@pytest.fixture
def stash(url: str, connect: Callable[..., StashClient]) -> StashClient:
    return connect(url)


def edit(url: str, scene: int, **values: Any) -> None:
    httpx2.post(f"{url}/_sim/silent", json={"id": scene, **values}, verify=False).raise_for_status()


def put_file(url: str, path: str, **facts: Any) -> int:
    answer = httpx2.post(f"{url}/_sim/files", json={"path": path, **facts}, verify=False).raise_for_status()
    return int(answer.json()["id"])


@pytest.mark.parametrize("limit", [1, 7, 29, 30, 31, 200])
async def test_a_walk_by_pages_tells_every_scene_once_in_order(stash: StashClient, limit: int) -> None:
    ids: list[int] = []
    while page := await stash.scenes_after(ids[-1] if ids else 0, limit):
        ids += [scene.id for scene in page]
    assert ids == list(range(1, 31))


async def test_a_walk_by_ids_tells_the_same(stash: StashClient) -> None:
    assert await stash.ids_after(0) == list(range(1, 31))
    assert await stash.ids_after(28, 1) == [29]
    assert await stash.ids_after(30) == []


async def test_a_page_and_a_lookup_tell_the_same_of_a_scene(stash: StashClient) -> None:
    page = await stash.scenes_after(0)
    assert await stash.scenes([scene.id for scene in page]) == {scene.id: scene for scene in page}
    assert all(scene.title and scene.performers and scene.tags and scene.studio for scene in page)
    assert all(scene.primary and scene.primary.size and scene.primary.oshash for scene in page)


async def test_touched_tells_exactly_the_scenes_updated_since(url: str, stash: StashClient, clock: Clock) -> None:
    edited = {3: timedelta(minutes=-61), 4: timedelta(minutes=-59), 5: timedelta(0)}
    for scene, (offset, moved) in zip(edited, [(-11, edited[3]), (13, edited[4]), (-3, edited[5])], strict=True):
        clock.now = (NOW + moved).astimezone(timezone(timedelta(hours=offset)))
        edit(url, scene, title="again")
    touched = await stash.touched((NOW - timedelta(hours=1)).timestamp())
    assert touched == {scene: found.updated_at for scene, found in (await stash.scenes([4, 5])).items()}


async def test_light_walks_go_on_too(clock: Clock, connect: Callable[..., StashClient]) -> None:
    with serving(create_app(StashOptions(scenes=5001, clock=clock))) as server:
        stash = connect(server.url)
        assert list(await stash.touched(0.0)) == list(range(1, 5002))
        assert await stash.ids_after(5000) == [5001]


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [0], [-1]])
async def test_a_page_that_does_not_ascend_is_no_answer(
    mouth: Mouth, scene_answer: dict[str, Any], ids: list[int]
) -> None:
    mouth.says({"data": {"findScenes": {"scenes": [scene_answer | {"id": each} for each in ids]}}})
    for asked in (mouth.client.scenes_after(0), mouth.client.ids_after(0), mouth.client.touched(0.0)):
        with pytest.raises(StashTemporaryError, match="was told after"):
            await asked


async def test_a_server_that_ignores_the_last_id_is_noticed(mouth: Mouth, scene_answer: dict[str, Any]) -> None:
    mouth.says({"data": {"findScenes": {"scenes": [scene_answer]}}})
    with pytest.raises(StashTemporaryError, match="scene 5 was told after scene 5"):
        await mouth.client.scenes_after(5, 1)


@pytest.mark.parametrize("path", ["/data/%.mp4", "/data/_____.mp4", "/DATA/HERE.MP4", "/data", "%", "", "/data/\ud800"])
async def test_a_path_that_is_only_like_one_finds_nothing(url: str, stash: StashClient, path: str) -> None:
    put_file(url, "/data/here.mp4")
    put_file(url, "/data/there.mp4")
    assert await stash.scene_at(path) is None


async def test_a_scene_is_found_at_each_of_its_files(url: str, stash: StashClient) -> None:
    scene = put_file(url, "/data/one.mp4")
    put_file(url, "/data/two.mp4", scene=scene)
    for path in ("/data/one.mp4", "/data/two.mp4"):
        found = await stash.scene_at(path)
        assert found is not None
        assert found.id == scene


async def test_a_path_of_wildcards_is_found_behind_many_that_are_like_it(url: str, stash: StashClient) -> None:
    for number in range(45):
        put_file(url, f"/data/like/{number:03}.mp4")
    scene = put_file(url, "/data/like/___.mp4")
    found = await stash.scene_at("/data/like/___.mp4")
    assert found is not None
    assert found.id == scene


@pytest.fixture(scope="module")
def shelf() -> Iterator[tuple[str, dict[str, int]]]:
    """A simulated Stash that starts empty, and which path is which scene in it."""
    with serving(create_app(StashOptions(scenes=0))) as server:
        yield server.url, {}


PATHS = st.text(st.sampled_from("aAbé%_\\/\n\"'* "), min_size=1, max_size=5).map(lambda text: f"/d/{text}.mp4")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.lists(PATHS, max_size=4), asked=st.lists(PATHS, min_size=1, max_size=3))
def test_a_path_finds_exactly_the_scene_that_has_it(
    shelf: tuple[str, dict[str, int]], held: list[str], asked: list[str]
) -> None:
    url, known = shelf
    known |= {path: put_file(url, path) for path in held}

    async def check() -> None:
        stash = StashClient(url)
        for path in [*asked, *held]:
            found = await stash.scene_at(path)
            assert (found.id if found else None) == known.get(path)
        await stash.close()

    asyncio.run(check())
