"""Events are in the store before they are acknowledged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from web.house import TOKEN, Door, Settings, event, jobs_in, opened

PATH = "/api/v1/events"


def post(client: httpx2.Client, *events: Any) -> httpx2.Response:
    return client.post(PATH, json={"events": list(events)})


def test_an_event_is_a_job_once_it_is_acknowledged(client: httpx2.Client) -> None:
    answer = post(client, event("7"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    assert jobs_in(client)[7]["lane"] == "change"


def test_the_events_token_admits_events(door: Door, client: httpx2.Client) -> None:
    with door.client(key=None) as hook:
        hook.headers["Authorization"] = f"Bearer {TOKEN}"
        assert post(hook, event(3)).status_code == 202
        assert post(hook).json() == {"accepted": 0}, "no event at all is how the hook tries its token"
    assert list(jobs_in(client)) == [3]


def test_a_thousand_parallel_events_are_all_there_after_a_restart(tmp_path: Path) -> None:
    """Each is posted by a request of its own; what was acknowledged is still there when the store is opened anew."""
    settings = Settings(folder=tmp_path / "data")
    with opened(settings, working=False) as door, door.client() as client, ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda scene: post(client, event(scene)).status_code, range(1, 1001)))
    assert answers == [202] * 1000
    with opened(settings, working=False) as door, door.client() as client:
        assert sorted(jobs_in(client)) == list(range(1, 1001))


def test_more_than_a_thousand_events_fit_in_one_request(client: httpx2.Client) -> None:
    assert post(client, *(event(str(scene)) for scene in range(1, 3001))).json() == {"accepted": 3000}
    assert len(jobs_in(client)) == 3000


@pytest.mark.parametrize(
    ("given", "scene"),
    [(1, 1), ("1", 1), ("007", 7), (2**31 - 1, 2**31 - 1), ("2147483647", 2**31 - 1)],
)
def test_an_id_is_a_number_or_its_digits(client: httpx2.Client, given: Any, scene: int) -> None:
    assert post(client, event(given)).status_code == 202
    assert list(jobs_in(client)) == [scene]


@pytest.mark.parametrize("given", ["", "0", 0, None])
def test_an_event_without_a_scene_is_taken_and_queues_nothing(client: httpx2.Client, given: Any) -> None:
    assert post(client, event(given)).status_code == 202
    assert not jobs_in(client)


@pytest.mark.parametrize(
    "given",
    [-1, "-1", 1.5, 1.0, "1.0", True, False, 2**31, "2147483648", 10**30, "9" * 5000, "1_0", "٣", " 1", "x", [], {}],
)
def test_an_odd_id_is_refused_by_its_place_and_the_whole_request_with_it(client: httpx2.Client, given: Any) -> None:
    answer = post(client, event(1), event(given))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("events[1].id: a scene's id is a whole number from 1 to 2147483647")
    assert not jobs_in(client)


def test_an_id_of_more_digits_than_python_reads_is_refused(client: httpx2.Client) -> None:
    body = b'{"events":[{"type":"Scene.Update.Post","id":' + b"9" * 6000 + b"}]}"
    assert client.post(PATH, content=body).status_code == 422


def test_ids_name_more_scenes_of_the_same_event(client: httpx2.Client) -> None:
    assert post(client, event("4", ids=["5", 6, "4"])).json() == {"accepted": 1}
    assert sorted(jobs_in(client)) == [4, 5, 6]


def test_unknown_kinds_and_keys_are_no_reason_to_refuse(client: httpx2.Client) -> None:
    assert post(client, event(1, type="Gallery.Update.Post"), event(2, something={"else": [1]})).status_code == 202
    assert list(jobs_in(client)) == [2]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the body: invalid JSON"),
        (b"{", "the body: invalid JSON"),
        (b"\xff\xfe", "the body: invalid JSON"),
        (b"[]", "the body: input should be an object"),
        (b"{}", "events: field required"),
        (b'{"events":{}}', "events: input should be a valid array"),
        (b'{"events":[7]}', "events[0]: input should be an object"),
        (b'{"events":[{"id":1}]}', "events[0].type: field required"),
        (b'{"events":[{"type":""}]}', "events[0].type: string should have at least 1 character"),
        (b'{"events":[{"type":"a","at":"soon"}]}', "events[0].at: input should be a valid number"),
        (b'{"events":[{"type":"a","at":1e999}]}', "events[0].at: input should be a finite number"),
        (b'{"events":[{"type":"a","path":7}]}', "events[0].path: input should be a valid string"),
        (b'{"events":[{"type":"a","path":"a\\u0000b"}]}', "events[0].path: string should match"),
        (b'{"events":[{"type":"a","ids":[1,"x"]}]}', "events[0].ids[1]: a scene's id is a whole number"),
        (b'{"events":' + b"[" * 100_000, "the body: invalid JSON"),
    ],
)
def test_a_body_that_is_no_list_of_events_is_refused_with_the_place(
    client: httpx2.Client, body: bytes, told: str
) -> None:
    answer = client.post(PATH, content=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(told)


def test_the_content_type_does_not_matter(client: httpx2.Client) -> None:
    body = b'{"events":[{"type":"Scene.Update.Post","id":"9"}]}'
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"):
        assert client.post(PATH, content=body, headers={"Content-Type": kind}).status_code == 202
    assert list(jobs_in(client)) == [9]
