"""What the description promises is kept: no question makes the provider fail, or answer with anything but JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from plexsync.provider.identifiers import MATCHES, METADATA
from plexsync.provider.routes import description
from provider.stand import Stand, standing

#: Statuses that anybody may get for a question, and what a Stash that is away turns them into.
STATUSES = {200, 400, 404, 405, 413}
ODD = [
    HealthCheck.too_slow,
    HealthCheck.function_scoped_fixture,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]
NAMES = ("X-Plex-Container-Start", "X-Plex-Container-Size", "X-Plex-Language", "X-Plex-Token", "X-Plex-Text-Format")
VALUES = st.sampled_from(["0", "1", "-1", "", "x", "9" * 400, "1.5", "en-US", "%00", "null"]) | st.text(max_size=8)
TELLABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(str.strip)


@dataclass(frozen=True)
class Twist:
    """What is done to a question that the description knows: another method, a slash, headers, a query of its own."""

    method: str | None
    end: str
    headers: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]
    key: str | None


TWISTS = st.builds(
    Twist,
    method=st.none() | st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"]),
    end=st.sampled_from(["", "", "", "/", "//", "/x", "%2F", "/..", ";a=b"]),
    headers=st.lists(
        st.tuples(st.sampled_from([*NAMES, "Accept", "Content-Type", "Accept-Encoding"]), TELLABLE), max_size=3
    ).map(tuple),
    query=st.lists(st.tuples(st.sampled_from([*NAMES, "filename", "title", "manual", "x"]), VALUES), max_size=4).map(
        tuple
    ),
    key=st.none() | st.sampled_from(["1", "2", "3", "4", "5", "matches"]),
)


def cases(told: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Questions as the description has them, right and wrong."""
    schema = schemathesis.openapi.from_dict(dict(told))
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    return st.one_of([one.as_strategy(generation_mode=mode) for one in operations for mode in GenerationMode])


def asked(stand: Stand, case: Any, twist: Twist) -> httpx2.Response:
    """Ask it."""
    told = case.as_transport_kwargs(base_url="http://any")
    path = str(told["url"]).removeprefix("http://any")
    if twist.key is not None and path.startswith(f"{METADATA}/") and path != MATCHES:
        part = path.removeprefix(f"{METADATA}/").partition("/")[2]
        path = f"{METADATA}/{twist.key}" + (f"/{part}" if part else "")
    headers = {name: str(value) for name, value in told["headers"].items() if name.startswith(("Content", "X-"))}
    content = json.dumps(told["json"]).encode() if "json" in told else told.get("data")
    return stand.client.request(
        twist.method or told["method"],
        stand.base + path + twist.end,
        params=[*_pairs(told["params"]), *twist.query] or None,
        headers={**headers, **dict(twist.headers)},
        content=content if isinstance(content, bytes | str) else None,
    )


def _pairs(params: Any) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in dict(params or {}).items()]


def is_proper(answer: httpx2.Response) -> bool:
    """JSON, whatever the status, and the reason where it is not 200."""
    if answer.headers["content-type"] != "application/json":
        return False
    if answer.request.method == "HEAD":
        return answer.content == b""
    told = answer.json()
    return bool(told["error"]) if answer.status_code != 200 else isinstance(told, dict)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("stand")) as one:
        yield one


def ask_many(stand: Stand, count: int, statuses: set[int]) -> dict[int, int]:
    """So many questions; how many were answered with each status."""
    found: dict[int, int] = {}

    @seed(41)
    @settings(max_examples=count, database=None, suppress_health_check=ODD)
    @given(case=cases(description(stand.alone.provider)), twist=TWISTS)
    def ask(case: Any, twist: Twist) -> None:
        answer = asked(stand, case, twist)
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
        assert answer.status_code in statuses
        assert is_proper(answer)
        assert answer.status_code != 503 or int(answer.headers["retry-after"]) > 0

    ask()
    return found


def test_each_of_some_questions_is_answered_in_json(stand: Stand) -> None:
    found = ask_many(stand, 150, STATUSES)
    assert found.keys() >= {200, 404, 405}


def test_while_stash_is_away_only_that_is_told(stand: Stand) -> None:
    stand.fault({"path": "/", "fault": "maintenance503"})
    try:
        found = ask_many(stand, 60, STATUSES | {503})
    finally:
        stand.fault()
    assert 503 in found


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_each_of_ten_thousand_questions_is_answered_in_json(tmp_path: Path) -> None:
    with standing(tmp_path) as stand:
        found = ask_many(stand, 10_000, STATUSES)
        assert sum(found.values()) >= 10_000
        assert found.keys() >= {200, 400, 404, 405}
