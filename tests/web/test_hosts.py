"""A foreign page that gives this server a name of its own reaches nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.web.hosts import host_name, names_of
from web.house import KEY, Door, request_bytes

OURS = [
    "localhost",
    "LOCALHOST:9797",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:9797",
    "[::1]",
    "[::1]:9797",
    "192.168.1.20:80",
    "[fe80::1]",
    "plexsync.lan",
    "PlexSync.LAN.:9797",
    "nas",
    "nas:1234",
]
FOREIGN = [
    "evil.example",
    "evil.example:9797",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "xplexsync.lan",
    "127.1",
]
UNREADABLE = [
    "",
    ":9797",
    "a b",
    "user@localhost",
    "localhost:port",
    "localhost/path",
    "[::1",
    "::1",
    "a,localhost",
    ".",
]


def status_for(door: Door, *hosts: str, version: str = "1.1", path: str = "/healthz") -> int:
    headers = [("Host", host) for host in hosts] + [("X-Api-Key", KEY), ("Connection", "close")]
    return door.status_of(request_bytes(f"GET {path} HTTP/{version}", headers))


@pytest.mark.parametrize("host", OURS)
def test_addresses_and_configured_names_are_served(door: Door, host: str) -> None:
    assert status_for(door, host) == 200


def test_any_other_name_is_misdirected_whatever_it_asks_for(door: Door) -> None:
    for host in FOREIGN:
        assert {status_for(door, host, path=path) for path in ("/healthz", "/api/v1/status", "/nothing")} == {421}


def test_what_is_no_host_is_a_bad_request(door: Door) -> None:
    for host in UNREADABLE:
        assert status_for(door, host) == 400


def test_a_request_needs_exactly_one_host(door: Door) -> None:
    assert status_for(door) == 400
    assert status_for(door, version="1.0") == 400
    assert status_for(door, "localhost", "localhost") == 400


def test_the_refusal_says_what_to_do(door: Door) -> None:
    with door.client() as client:
        answer = client.get("/healthz", headers={"Host": "stash.example"})
    assert answer.status_code == 421
    assert "'stash.example'" in answer.json()["error"]
    assert "allowed_hosts" in answer.json()["error"]


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_a_name_is_read_the_same_way_from_the_settings_and_from_a_request(header: str) -> None:
    """What a header is read as holds no port, bracket or upper case, and reads as itself."""
    name = host_name(header)
    if name is not None and ":" not in name:
        assert not set(name) & set("[]@/ ")
        assert names_of([name, header]) == {name}
