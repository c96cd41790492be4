"""Scenes asked for by id: each is answered for itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from plexsync.model.errors import StashTemporaryError, SyncError

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug import Request

    from stash.conftest import Mouth

Answers = dict[str, Any]


@pytest.fixture
def shelf(mouth: Mouth, scene_answer: dict[str, Any]) -> Callable[[set[int], list[Answers]], None]:
    """Lets the server hold these scenes, and say these errors."""

    def hold(ids: set[int], errors: list[Answers]) -> None:
        def answer(request: Request) -> Response:
            asked = re.findall(r'(s_?\d+): findScene\(id: "(-?\d+)"\)', json.loads(request.data)["query"])
            data = {name: scene_answer | {"id": each} if int(each) in ids else None for name, each in asked}
            said = [error for error in errors if not error.get("path") or error["path"][0] in data]
            return Response(json.dumps({"data": data} | ({"errors": said} if said else {})))

        mouth.server.expect_request("/graphql").respond_with_handler(answer)

    return hold


async def test_a_missing_id_is_absent_and_fails_no_other(mouth: Mouth, shelf: Callable[..., None]) -> None:
    shelf({1, 3}, [])
    assert sorted(await mouth.client.scenes([1, 2, "3", -4])) == [1, 3]


async def test_ids_are_asked_once_each_in_documents_of_fifty(mouth: Mouth, shelf: Callable[..., None]) -> None:
    shelf(set(range(1, 121)), [])
    scenes = await mouth.client.scenes([*range(1, 121), "7", 7])
    assert sorted(scenes) == list(range(1, 121))
    assert [body["query"].count("findScene(") for body in mouth.bodies()] == [50, 50, 20]


async def test_without_ids_nothing_is_asked(mouth: Mouth) -> None:
    assert await mouth.client.scenes([]) == {}
    assert mouth.requests() == []


async def test_a_scene_that_fails_hides_no_other_and_is_never_missing(mouth: Mouth, shelf: Callable[..., None]) -> None:
    shelf({1, 2, 3}, [{"message": "database is locked", "path": ["s2", "performers", 0]}])
    scenes = await mouth.client.scenes_each([1, 2, 3, 4])
    assert sorted(scenes.found) == [1, 3]
    assert {scene: type(error) for scene, error in scenes.failed.items()} == {2: StashTemporaryError}
    assert scenes.failed[2].place == "POST /graphql ScenesById, scene 2"
    with pytest.raises(StashTemporaryError, match="locked"):
        await mouth.client.scenes([1, 2, 3, 4])


async def test_an_error_that_names_no_scene_fails_them_all(mouth: Mouth, shelf: Callable[..., None]) -> None:
    shelf({1, 2}, [{"message": "beginning transaction"}])
    with pytest.raises(StashTemporaryError, match="beginning transaction"):
        await mouth.client.scenes_each([1, 2])


@pytest.mark.parametrize(
    "answer",
    [
        {"s5": 7},
        {"s5": {"id": "5"}},
        {},
        {"s6": None},
    ],
)
async def test_an_odd_or_absent_answer_is_a_failure_and_not_a_missing_scene(mouth: Mouth, answer: Answers) -> None:
    mouth.says({"data": answer})
    scenes = await mouth.client.scenes_each([5])
    assert scenes.found == {}
    assert isinstance(scenes.failed[5], StashTemporaryError)


async def test_another_scene_than_the_one_asked_for_is_a_failure(mouth: Mouth, scene_answer: dict[str, Any]) -> None:
    mouth.says({"data": {"s5": scene_answer | {"id": "6"}}})
    with pytest.raises(SyncError, match="scene 6 came instead"):
        await mouth.client.scenes([5])
