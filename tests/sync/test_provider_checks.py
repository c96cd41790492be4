"""What the doctor says of a Plex that lost our provider, as after a backup of it was put back."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_httpserver import HTTPServer

from plexsync.model.provider import IDENTIFIER
from plexsync.plex.client import PlexClient
from plexsync.sync.agents.address import ProviderAddress
from plexsync.sync.checks import Finding, Grade
from plexsync.sync.checks.provider import OwnProvider, provider_findings
from plexsync.sync.paths.advice import PlexSide


async def nobody_knows(_server: str, _sections: Sequence[int]) -> int | None:
    return None


async def findings(server: HTTPServer, *titles: str) -> list[Finding]:
    """Of a Plex whose libraries of these titles are named by us, and that lists no provider."""
    rows = [
        {"key": str(number), "title": title, "type": "movie", "agent": IDENTIFIER, "scanner": "Plex Movie"}
        for number, title in enumerate(titles, 1)
    ]
    for path, element in (
        ("/library/sections", {"size": len(rows), "Directory": rows}),
        ("/media/providers/metadata", {"size": 0}),
        ("/media/providers/metadata/group", {"size": 0}),
    ):
        server.expect_request(path).respond_with_json({"MediaContainer": element})
    own = OwnProvider(
        address=ProviderAddress(base="http://192.168.1.5:9797", secret="a" * 32),
        writes_posters=True,
        uploaded=nobody_knows,
    )
    async with PlexClient(server.url_for("").rstrip("/"), "token", client_identifier="test") as plex:
        return await provider_findings(PlexSide(name="plex", plex=plex, chosen=titles), "1.43.5", own)


async def test_libraries_whose_provider_plex_does_not_know_are_told(httpserver: HTTPServer) -> None:
    (one,) = await findings(httpserver, "Films", "Series of films")
    assert (one.check, one.grade, one.remedy) == (
        "plex plex provider",
        Grade.WARNING,
        "Run `plexsync provider register`",
    )
    assert one.what == (
        "'Films', 'Series of films' are named by PlexSync's provider, which Plex (plex) does not know any more: new "
        "files there get no metadata as they are scanned"
    )


async def test_a_plex_without_any_of_it_is_well(httpserver: HTTPServer) -> None:
    (one,) = await findings(httpserver)
    assert one.grade is Grade.WELL
