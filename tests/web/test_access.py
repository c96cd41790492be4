"""The API key opens everything, the events token only the door of the hook, and nothing else opens anything."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from web.house import KEY, TOKEN, Door, served

Route = tuple[str, str, Any, int]

EVENTS: Route = ("POST", "/api/v1/events", {"events": []}, 202)
KEYED: list[Route] = [
    ("GET", "/api/v1/status", None, 200),
    ("GET", "/api/v1/quiet", None, 200),
    ("GET", "/api/v1/queue", None, 200),
    ("GET", "/api/v1/dead", None, 200),
    ("GET", "/api/v1/dead/1", None, 200),
    ("GET", "/api/v1/outages", None, 200),
    ("GET", "/api/v1/scenes/1/why", None, 200),
    ("POST", "/api/v1/queue/clear", {"lane": "bulk"}, 200),
    ("POST", "/api/v1/queue/retry", None, 200),
    ("POST", "/api/v1/dead/retry", {"scenes": []}, 200),
    ("POST", "/api/v1/dead/purge", {}, 200),
    ("POST", "/api/v1/dead/recover", {}, 200),
    ("POST", "/api/v1/plan", {"scenes": []}, 200),
    ("POST", "/api/v1/sync", {"scenes": []}, 202),
    ("POST", "/api/v1/reconcile", {}, 202),
    ("GET", "/api/v1/reconcile", None, 200),
    ("GET", "/api/v1/reconcile/9", None, 404),
    ("POST", "/api/v1/stop", None, 202),
]
WRONG = [
    {},
    {"X-Api-Key": ""},
    {"X-Api-Key": KEY[:-1]},
    {"X-Api-Key": KEY + "0"},
    {"X-Api-Key": KEY.upper()},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": KEY},
    {"X-Api-Key": "gebühr", "Authorization": "Bearer \xff"},
]


def ask(door: Door, route: Route, headers: dict[str, str]) -> httpx2.Response:
    with door.client(key=None) as stranger:
        return asked(stranger, route, headers)


def asked(stranger: httpx2.Client, route: Route, headers: dict[str, str]) -> httpx2.Response:
    method, path, body, _ = route
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return stranger.request(method, path, json=body, headers=raw)


@pytest.mark.parametrize("route", [EVENTS, *KEYED], ids=lambda route: route[1])
def test_either_header_with_the_api_key_opens_every_door(door: Door, route: Route) -> None:
    for headers in ({"X-Api-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}):
        assert ask(door, route, headers).status_code == route[3]


def test_no_other_secret_opens_any_door(door: Door) -> None:
    with door.client(key=None) as stranger:
        for route in (EVENTS, *KEYED):
            for headers in WRONG:
                answer = asked(stranger, route, headers)
                assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), (route, headers)
                assert "send the API key of the data folder as X-Api-Key" in answer.json()["error"]
    assert not door.stopped.is_set()


@pytest.mark.parametrize("route", KEYED, ids=lambda route: route[1])
def test_the_events_token_opens_nothing_but_events(door: Door, route: Route) -> None:
    for headers in ({"X-Api-Key": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = ask(door, route, headers)
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("the events token only admits events")
    assert not door.stopped.is_set()


def test_without_a_key_a_body_is_not_judged(door: Door) -> None:
    with door.client(key=None) as stranger:
        for path in ("/api/v1/events", "/api/v1/plan", "/api/v1/sync"):
            assert stranger.post(path, content=b"{").status_code == 401


def test_secrets_that_are_not_set_open_nothing() -> None:
    """An empty secret is not matched by an empty header."""
    service: Any = object()
    with served(service, secrets=("", "")) as door:
        for headers in ({}, {"X-Api-Key": ""}, {"Authorization": "Bearer"}):
            assert ask(door, EVENTS, headers).status_code == 401


def test_every_door_under_api_is_locked(door: Door, client: httpx2.Client) -> None:
    """Each operation of the description refuses a stranger, and says which keys it takes."""
    found = client.get("/api/v1/openapi.json").json()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api/"):
                assert operation["security"] == [{"ApiKey": []}, {"Bearer": []}]
                assert ask(door, (method, path.replace("{scene}", "1"), None, 0), {}).status_code == 401


def test_the_description_is_whole(client: httpx2.Client) -> None:
    """All that it refers to is there, and no page asks other servers for scripts."""
    text = client.get("/api/v1/openapi.json").text
    parts = client.get("/api/v1/openapi.json").json()["components"]
    for name in {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]}:
        assert name in parts["schemas"]
    assert set(parts["securitySchemes"]) == {"ApiKey", "Bearer"}
    assert {client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}
