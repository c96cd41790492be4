"""Nobody can make PlexSync hold more than a megabyte of a body."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from web.house import KEY, TOKEN, Door, jobs_in, request_bytes

PATH = "/api/v1/events"
EVENTS = b'{"events":[{"type":"Scene.Update.Post","id":"1"}]}'
MEGABYTE = 1_000_000


def padded(size: int) -> bytes:
    """The events with blanks before them, so that it counts whether all was read."""
    return EVENTS.rjust(size)


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 10_007] for start in range(0, len(body), 10_007))


@pytest.mark.parametrize(("size", "status"), [(MEGABYTE - 1, 202), (MEGABYTE, 202), (MEGABYTE + 1, 413)])
def test_a_body_of_up_to_a_megabyte_is_taken(client: httpx2.Client, size: int, status: int) -> None:
    assert client.post(PATH, content=padded(size)).status_code == status
    assert len(jobs_in(client)) == (1 if status == 202 else 0)


@pytest.mark.parametrize(("size", "status"), [(MEGABYTE - 1, 202), (MEGABYTE, 202), (MEGABYTE + 1, 413)])
def test_the_same_holds_for_a_body_in_chunks_without_a_length(client: httpx2.Client, size: int, status: int) -> None:
    answer = client.post(PATH, content=in_chunks(padded(size)))
    assert "content-length" not in answer.request.headers
    assert answer.status_code == status
    assert len(jobs_in(client)) == (1 if status == 202 else 0)


def test_a_refused_body_is_told_its_limit(client: httpx2.Client) -> None:
    told = "the body is larger than 1000000 bytes: send it in several requests"
    assert client.post(PATH, content=padded(MEGABYTE + 1)).json() == {"error": told}


def test_an_endless_body_is_refused_after_a_megabyte(door: Door) -> None:
    """The chunks never end, yet the answer comes: the rest was not waited for."""
    head = request_bytes(
        f"POST {PATH} HTTP/1.1",
        {"Host": "localhost", "X-Api-Key": KEY, "Transfer-Encoding": "chunked"},
    )
    chunks = (b"186a0\r\n" + b" " * 100_000 + b"\r\n") * 11
    assert door.status_of(head + chunks) == 413


def test_a_huge_announcement_is_refused_before_a_byte_of_it_came(door: Door) -> None:
    head = request_bytes(
        f"POST {PATH} HTTP/1.1",
        {"Host": "localhost", "X-Api-Key": KEY, "Content-Length": "99999999999999999999"},
    )
    assert door.status_of(head) == 413


def test_a_body_without_a_key_is_not_read_at_all(door: Door) -> None:
    head = request_bytes(f"POST {PATH} HTTP/1.1", {"Host": "localhost", "Content-Length": "500000"})
    assert door.status_of(head) == 401


def test_a_caller_that_leaves_in_the_middle_leaves_nothing_behind(door: Door, client: httpx2.Client) -> None:
    head = request_bytes(
        f"POST {PATH} HTTP/1.1",
        {"Host": "localhost", "Authorization": f"Bearer {TOKEN}", "Content-Length": str(len(EVENTS) + 1)},
    )
    door.abandon(head + EVENTS)
    assert not jobs_in(client)
    assert client.post(PATH, content=EVENTS).status_code == 202
