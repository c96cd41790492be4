"""A Plex that speaks TLS is heard as any other where its certificate is trusted, and not at all where it is not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from certificates import Certified, certified
from plex.asking import TOKEN
from plexsync.plex.listener import Listener, UnheardError
from plexsync.plex.notices import ScanTold
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving

PATIENCE = 60.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("shown"), "127.0.0.1")


@pytest.fixture(scope="module")
def server(shown: Certified) -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=1)), certificate=(shown.certificate, shown.key)) as server:
        yield server


def listener(server: Serving, verify: bool | str | ssl.SSLContext) -> Listener:
    return Listener(
        server.url,
        TOKEN,
        client_identifier="test",
        verify=verify,
        connect_timeout=PATIENCE,
        redact=lambda said: said,
    )


def appears(server: Serving, path: str) -> None:
    body = {"path": path, "scan": True}
    assert httpx2.post(f"{server.url}/_sim/files", json=body, verify=False, timeout=PATIENCE).status_code == 200


@pytest.mark.parametrize("way", ["file", "context", "any"])
async def test_what_is_told_over_tls_is_heard(server: Serving, shown: Certified, way: str) -> None:
    ways: dict[str, bool | str | ssl.SSLContext] = {
        "file": str(shown.certificate),
        "context": shown.trusted(),
        "any": False,
    }
    async with listener(server, ways[way]).open() as told, asyncio.timeout(PATIENCE):
        await asyncio.to_thread(appears, server, f"tls/{way}.mp4")
        assert await anext(told) == ScanTold(section=1)


async def test_a_certificate_that_nobody_trusts_is_said_to_be_the_reason(server: Serving, tmp_path: Path) -> None:
    other = certified(tmp_path, "elsewhere.example")
    for verify in (True, str(other.certificate)):
        with pytest.raises(UnheardError, match="certificate verify failed") as caught:
            async with listener(server, verify).open():
                pass
        assert not caught.value.refused
        assert TOKEN not in str(caught.value)


async def test_a_certificate_for_another_name_is_not_taken(tmp_path: Path) -> None:
    made = certified(tmp_path, "elsewhere.example")
    with (
        serving(create_app(PlexOptions(items=1)), certificate=(made.certificate, made.key)) as server,
        pytest.raises(UnheardError, match=r"certificate is not valid for '127\.0\.0\.1'"),
    ):
        async with listener(server, str(made.certificate)).open():
            pass


async def test_plain_words_to_a_server_of_tls_are_no_socket(server: Serving) -> None:
    plain = Listener(
        server.url.replace("https", "http"),
        TOKEN,
        client_identifier="test",
        verify=True,
        connect_timeout=PATIENCE,
        redact=lambda said: said,
    )
    with pytest.raises(UnheardError, match="Plex's WebSocket cannot be opened"):
        async with plain.open():
            pass
