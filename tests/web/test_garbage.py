"""No body, however odd, makes PlexSync fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.house import Settings, opened

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", 0, "0", "", 2**31])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
KINDS = st.sampled_from(["Scene.Update.Post", "Scene.Destroy.Post", "Task.SyncAll", "Walk.Needed", "Tag.Create.Post"])
EVENT = st.fixed_dictionaries(
    {"type": KINDS | st.text()},
    optional=dict.fromkeys(("id", "at", "path", "oshash", "ids", "v"), JSON) | {"id": st.integers() | SCALARS},
)
NAMES = ["scenes", "all", "recent", "library", "go", "more", "lane", "older_than_days", "errors", "since"]
PATHS = ["events", "plan", "sync", "queue/clear", "dead/retry", "dead/purge", "dead/recover"]
WISH = st.dictionaries(st.sampled_from(NAMES), JSON)
NEARLY = st.fixed_dictionaries({"events": st.lists(EVENT | JSON, max_size=4)}) | WISH | JSON
BODY = st.binary(max_size=200) | NEARLY.map(lambda value: json.dumps(value).encode())
STATUSES = {200, 202, 404, 413, 422, 503}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder: Path = tmp_path_factory.mktemp("data")
    with opened(Settings(folder=folder), working=False) as door, door.client() as one:
        yield one


@given(path=st.sampled_from(PATHS), body=BODY)
def test_garbage_is_answered_with_what_is_wrong(client: httpx2.Client, path: str, body: bytes) -> None:
    answer = client.post(f"/api/v1/{path}", content=body)
    assert answer.status_code in STATUSES
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error"}
        assert answer.json()["error"]


@given(scene=st.text(min_size=1, max_size=30), limit=st.text(max_size=30))
@settings(max_examples=50)
def test_odd_scenes_and_limits_in_an_address_are_refused(client: httpx2.Client, scene: str, limit: str) -> None:
    answers = [
        client.get(httpx2.URL(f"/api/v1/scenes/{_quoted(scene)}/why")),
        client.get("/api/v1/queue", params={"limit": limit}),
        client.get("/api/v1/dead", params={"limit": limit}),
    ]
    for answer in answers:
        assert answer.status_code in {200, 307, 404, 422}
        assert answer.status_code < 400 or answer.json()["error"]


@pytest.mark.parametrize("given_scene", ["0", "-1", "2147483648", "1.0", "x", "1_0", "%00", "9" * 5000, "٣"])
def test_a_scene_that_cannot_be_is_refused_with_the_place(client: httpx2.Client, given_scene: str) -> None:
    answer = client.get(f"/api/v1/scenes/{given_scene}/why")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("path.scene: a scene's id is a whole number from 1")


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "x", ""])
def test_a_limit_that_cannot_be_is_refused_with_the_place(client: httpx2.Client, limit: str) -> None:
    answer = client.get("/api/v1/queue", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("query.limit: input should be")


def test_what_is_not_there_is_told_as_json(client: httpx2.Client) -> None:
    assert (client.get("/nowhere").status_code, client.get("/nowhere").json()) == (404, {"error": "Not Found"})
    assert client.get("/api/v1/sync").status_code == 405


def _quoted(text: Any) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
