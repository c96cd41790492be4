"""The fault layer, seen from a client over real HTTP."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.sim.faults import FaultLayer, note
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

BODY = b'{"name": "Sintel", "sizes": [1, 2, 3]}'


class Target:
    """An application that counts what reaches it."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.arrived = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
            return
        self.handled.append(f"{scope['method']} {scope['path']}")
        self.arrived.set()
        note(scope).changed = scope["path"] != "/same"
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["path"] == "/empty" else BODY})


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def client(target: Target) -> Iterator[httpx2.Client]:
    with serving(FaultLayer(target)) as server, httpx2.Client(base_url=server.url, timeout=10, verify=False) as client:
        yield client


def set_rules(client: httpx2.Client, *rules: dict[str, Any]) -> None:
    client.put("/_sim/faults", json=list(rules)).raise_for_status()


def test_a_refused_request_gets_no_byte_and_is_not_handled(client: httpx2.Client, target: Target) -> None:
    set_rules(client, {"fault": "refuse"})
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("/a")
    assert target.handled == []


@pytest.mark.parametrize("path", ["/a", "/empty"])
def test_a_cut_request_is_handled_and_its_answer_breaks(client: httpx2.Client, target: Target, path: str) -> None:
    set_rules(client, {"fault": "cut"})
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        client.put(path)
    assert target.handled == [f"PUT {path}"]


def test_clearing_the_rules_releases_a_hanging_request_with_its_body(client: httpx2.Client) -> None:
    set_rules(client, {"path": "/slow", "fault": "hang"})
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(client.post("/slow", content=b"x" * 9000).status_code))
    caller.start()
    while client.get("/_sim/faults").json()[0]["struck"] == 0:
        pass
    assert answers == []
    set_rules(client)
    caller.join(10)
    assert answers == [200]


def test_a_hanging_request_does_not_hold_up_the_end_of_the_server(target: Target) -> None:
    with serving(FaultLayer(target)) as server, httpx2.Client(base_url=server.url, verify=False) as client:
        set_rules(client, {"fault": "hang"})
        with pytest.raises(httpx2.ReadTimeout):
            client.get("/a", timeout=0.1)
    assert target.handled == []


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("status500", 500, "500"),
        ("maintenance503", 503, "Maintenance"),
        ("unauthorized401", 401, "401 Unauthorized"),
        ("html", 200, "<form>"),
        ("redirect", 302, ""),
    ],
)
def test_canned_answers_replace_the_handling(
    client: httpx2.Client, target: Target, fault: str, status: int, text: str
) -> None:
    set_rules(client, {"fault": fault})
    answer = client.get("/a")
    assert answer.status_code == status
    assert text in answer.text
    assert target.handled == []


def test_half_json_ends_early_and_wrong_types_is_json_of_another_shape(client: httpx2.Client) -> None:
    set_rules(client, {"fault": "half_json", "times": 1}, {"fault": "wrong_types", "times": 1})
    assert client.get("/a").content == BODY[: len(BODY) // 2]
    assert client.get("/a").json() == {"name": 7, "sizes": {"0": "seven", "1": "seven", "2": "seven"}}


def test_delayed_and_slow_answers_are_whole(client: httpx2.Client) -> None:
    set_rules(client, {"fault": "delay", "seconds": 0.01, "times": 1}, {"fault": "slow", "seconds": 0.01})
    assert client.get("/a").content == BODY
    assert client.get("/a").content == BODY


def test_counts_choose_which_requests_are_struck(client: httpx2.Client) -> None:
    set_rules(client, {"path": "/a", "method": "GET", "fault": "status", "status": 502, "after": 1, "times": 2})
    assert client.put("/a").status_code == 200
    assert [client.get("/a").status_code for _ in range(4)] == [200, 502, 502, 200]
    assert client.get("/b").status_code == 200


def test_drawn_faults_are_the_same_in_each_run(target: Target) -> None:
    runs = []
    for _ in range(2):
        with serving(FaultLayer(target, seed=7)) as server, httpx2.Client(base_url=server.url, verify=False) as client:
            set_rules(client, {"fault": "status500", "probability": 0.5})
            runs.append([client.get("/a").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert {200, 500} == set(runs[0])


def test_the_log_counts_reads_writes_and_repeats(client: httpx2.Client) -> None:
    client.get("/a?x=1")
    client.put("/same")
    client.put("/other")
    log = client.get("/_sim/requests").json()
    assert {key: log[key] for key in ("total", "reads", "writes", "uploads", "repeats")} == {
        "total": 3,
        "reads": 1,
        "writes": 2,
        "uploads": 0,
        "repeats": 1,
    }
    assert log["requests"][0]["query"] == "x=1"
    assert client.delete("/_sim/requests").json()["total"] == 0


def test_rules_that_make_no_sense_are_rejected_and_change_nothing(client: httpx2.Client) -> None:
    set_rules(client, {"path": "/a", "fault": "html"})
    wrongs: list[Any] = [
        [{"fault": "no such"}],
        [{"fault": "html", "path": "("}],
        [{"fault": "html", "typo": 1}],
        {},
    ]
    for wrong in wrongs:
        assert client.put("/_sim/faults", json=wrong).status_code == 400
    assert len(client.get("/_sim/faults").json()) == 1
