"""The client against a simulated Stash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.errors import Incompatible, NeedsSignIn, StashTemporaryError
from plexsync.sim.serving import serving
from plexsync.sim.stash.app import create_app
from plexsync.sim.stash.options import StashOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from plexsync.stash.client import StashClient

KEY = "a-key-of-the-simulator"
MANIFEST = """name: Echo
exec: [python3, "{pluginDir}/echo.py"]
"""
ECHO = """import json, sys
print(json.dumps({"output": {"given": json.load(sys.stdin)["args"]}}))
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins" / "echo"
    folder.mkdir(parents=True)
    (folder / "echo.yml").write_text(MANIFEST)
    (folder / "echo.py").write_text(ECHO)
    return folder.parent


@pytest.fixture
def url(plugins: Path, tmp_path: Path) -> Iterator[str]:
    options = StashOptions(scenes=5, api_key=KEY, plugins=(plugins,), config_dir=tmp_path)
    with serving(create_app(options)) as server:
        yield server.url


@pytest.fixture
def stash(url: str, connect: Callable[..., StashClient]) -> StashClient:
    return connect(url, KEY)


def mutate(url: str, document: str, variables: dict[str, Any]) -> None:
    body = {"query": document, "variables": variables}
    answer = httpx2.post(f"{url}/graphql", json=body, headers={"ApiKey": KEY}, verify=False).raise_for_status()
    assert "errors" not in answer.json(), answer.text


async def test_a_stash_that_is_well_says_so(stash: StashClient) -> None:
    await stash.healthy()
    status = await stash.status()
    assert status.status == "OK"
    assert status.version == await stash.version() != ""


@pytest.mark.parametrize(("status", "remedy"), [("SETUP", "finish its setup"), ("NEEDS_MIGRATION", "confirm")])
async def test_a_stash_that_waits_for_its_owner_is_named_with_the_remedy(
    url: str, stash: StashClient, status: str, remedy: str
) -> None:
    httpx2.put(f"{url}/_sim/status", json={"status": status}, verify=False).raise_for_status()
    with pytest.raises(Incompatible, match=rf"{status}.*{remedy}"):
        await stash.healthy()


@pytest.mark.parametrize("key", [None, "another-key"])
async def test_a_missing_or_wrong_key_needs_a_sign_in(
    url: str, stash: StashClient, connect: Callable[..., StashClient], key: str | None
) -> None:
    (scene, *_) = await stash.scenes_after(0)
    stranger = connect(url, key)
    for asked in (stranger.version(), stranger.scenes([1]), stranger.cover(scene)):
        with pytest.raises(NeedsSignIn):
            await asked


async def test_the_key_is_in_no_address_that_was_asked(url: str, stash: StashClient) -> None:
    (scene, *_) = await stash.scenes_after(0)
    await stash.cover(scene)
    assert KEY not in json.dumps(httpx2.get(f"{url}/_sim/requests", verify=False).json())


async def test_a_change_in_stash_is_seen(url: str, stash: StashClient) -> None:
    changes: dict[str, Any] = {
        "title": "Über\nalles",
        "details": None,
        "rating100": None,
        "date": "2010",
        "tag_ids": [],
    }
    document = "mutation M($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
    mutate(url, document, {"input": {"id": "2", **changes}})
    scene = (await stash.scenes([2]))[2]
    assert (scene.title, scene.details, scene.rating, scene.date, scene.tags) == ("Über\nalles", "", None, "2010", ())


async def test_a_cover_is_fetched_once_and_then_known(stash: StashClient) -> None:
    (scene, *_) = await stash.scenes_after(0)
    cover = await stash.cover(scene)
    assert cover.kind == "picture"
    assert cover.etag
    assert cover.content
    assert (await stash.cover(scene, cover.etag)).kind == "unchanged"
    assert (await stash.cover(scene, '"of another picture"')).content == cover.content


async def test_a_scene_without_a_cover_has_none(url: str, stash: StashClient) -> None:
    httpx2.post(f"{url}/_sim/silent", json={"id": 3, "cover_image": None}, verify=False).raise_for_status()
    cover = await stash.cover((await stash.scenes([3]))[3])
    assert (cover.kind, cover.content) == ("none", b"")


async def test_a_cover_of_a_scene_that_is_gone_is_a_failure_and_not_no_cover(url: str, stash: StashClient) -> None:
    scene = (await stash.scenes([3]))[3]
    mutate(url, "mutation M($input: SceneDestroyInput!) { sceneDestroy(input: $input) }", {"input": {"id": "3"}})
    assert await stash.scenes([3, 4]) == {4: (await stash.scenes([4]))[4]}
    with pytest.raises(StashTemporaryError):
        await stash.cover(scene)


async def test_settings_of_a_plugin_are_read_and_unset_ones_are_absent(url: str, stash: StashClient) -> None:
    assert await stash.plugin_settings("echo") == {}
    document = 'mutation M($input: Map!) { configurePlugin(plugin_id: "echo", input: $input) }'
    mutate(url, document, {"input": {"max_retries": 7, "strict": False}})
    assert await stash.plugin_settings("echo") == {"max_retries": 7, "strict": False}
    assert await stash.plugin_settings("another") == {}


async def test_an_operation_answers_with_what_the_plugin_says(stash: StashClient) -> None:
    args = {"mode": "connect", "of": [1, None, {"deep": "ü"}]}
    assert await stash.run_operation("echo", args) == {"given": args}


async def test_an_operation_of_an_unknown_plugin_is_an_error(stash: StashClient) -> None:
    with pytest.raises(StashTemporaryError) as caught:
        await stash.run_operation("nothing", {})
    assert caught.value.place == "POST /graphql RunOperation"


async def test_a_document_of_ones_own_is_answered(stash: StashClient) -> None:
    answer = await stash.query("query Mine { findScenes(filter: {per_page: 0}) { count } }", {}, dict[str, Any])
    assert answer == {"findScenes": {"count": 5}}


async def test_a_field_that_stash_does_not_have_is_named(stash: StashClient) -> None:
    with pytest.raises(Incompatible, match="mood") as caught:
        await stash.query("query Mine { findScene(id: 1) { mood } }", {}, dict[str, Any])
    assert caught.value.place == "POST /graphql Mine"
