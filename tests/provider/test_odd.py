"""Nothing that anybody asks makes the provider fail, or answer with anything but JSON."""

from __future__ import annotations

import json
import socket
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.provider import body
from plexsync.provider.routes import description
from provider.desk import MATCHES, Desk

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", 2**70, "\ud800", "\0"])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6)
NAMES = st.sampled_from(
    ["type", "title", "year", "guid", "filename", "manual", "includeAdult", "includeFields", "parentTitle", "date"]
)
BODY = st.binary(max_size=100) | (st.dictionaries(NAMES, JSON) | JSON).map(lambda value: json.dumps(value).encode())
QUERY = st.dictionaries(
    st.sampled_from(["X-Plex-Container-Start", "X-Plex-Container-Size", "X-Plex-Language", "title", "filename", "x"]),
    st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=3,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(content=BODY, query=QUERY)
def test_any_question_for_a_match_is_answered(shared: Desk, content: bytes, query: dict[str, str]) -> None:
    answer = shared.client.post(MATCHES, content=content, params=query)
    assert answer.status_code in {200, 400}
    assert answer.headers["content-type"] == "application/json"
    told: Any = answer.json()
    assert told["error"] if answer.status_code == 400 else told["MediaContainer"]["size"] <= 20


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(key=st.text(max_size=12), end=st.sampled_from(["", "/", "/images", "/extras/", "/children"]), query=QUERY)
def test_any_key_is_answered(shared: Desk, key: str, end: str, query: dict[str, str]) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in key.encode("utf-8", "replace"))
    answer = shared.client.get(f"/library/metadata/{quoted}{end}", params=query)
    assert answer.status_code in {200, 307, 404}
    assert answer.status_code == 307 or isinstance(answer.json(), dict)


def test_a_body_that_is_too_large_is_cut_off(shared: Desk) -> None:
    for size in (body.LARGEST + 1, 10_000_000):
        answer = shared.client.post(MATCHES, content=b" " * size)
        assert answer.status_code == 413
    assert shared.client.post(MATCHES, content=b" " * body.LARGEST).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(shared: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(body, "SLOWEST", 0.05)
    secret = shared.graph.identity.provider_path
    host, _, port = shared.door.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as link:
        head = f"POST /provider/{secret}{MATCHES} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n"
        link.sendall(head.encode() + b'{"title"')
        assert link.makefile("rb").readline().split()[1] == b"408"


def test_the_description_names_each_address_and_no_secret(shared: Desk) -> None:
    told = description(shared.graph.provider)
    assert set(told["paths"]) == {
        "/",
        MATCHES,
        "/library/metadata/{key}",
        *(f"/library/metadata/{{key}}/{name}" for name in ("images", "extras", "children", "grandchildren")),
    }
    assert shared.graph.identity.provider_path not in json.dumps(told)
