"""The agents of a Plex: as the simulator lists and changes them, and in the odd shapes that others may give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from pytest_httpserver import HTTPServer

from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    SyncError,
)
from plexsync.model.provider import MatchedBy, matched_by
from plexsync.plex.agents import Agent, AgentLibrary, AgentProvider
from plexsync.plex.client import PlexClient
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from sim.plex.provider import IDENTIFIER, Films, films_served

Connect = Callable[..., PlexClient]
MACHINE = "a" * 40
PROVIDERS = "/media/providers/metadata"
GROUPS = f"{PROVIDERS}/group"
GUEST = "sim-guest-token"


@pytest.fixture
def plex() -> Iterator[str]:
    options = PlexOptions(items=3, section_count=2, movies=450, machine_identifier=MACHINE, guest_token=GUEST)
    with serving(create_app(options)) as server:
        yield server.url


@pytest.fixture
def films() -> Iterator[Films]:
    films = Films()
    with films_served(films):
        yield films


def told(server: HTTPServer, path: str, content: object, *, status: int = 200, **match: Any) -> None:
    server.expect_request(path, **match).respond_with_json(content, status=status)


def odd(server: HTTPServer, connect: Connect) -> PlexClient:
    """A client of a Plex that is identified as usual; all else the test says."""
    told(server, "/identity", {"MediaContainer": {"size": 0, "machineIdentifier": MACHINE, "version": "1.43.2"}})
    return connect(server.url_for("").rstrip("/"))


async def test_the_agents_that_plex_brings_along_are_listed(plex: str, connect: Connect) -> None:
    agents = connect(plex).agents
    providers = {one.title: one for one in await agents.providers()}
    assert providers["Plex Movie"].identifier == "tv.plex.agents.movie"
    assert not providers["Plex Movie"].contributor
    local = providers["Plex Local Media"]
    assert (local.identifier, local.contributor, local.online) == ("tv.plex.agents.localmedia", True, False)
    movie = next(one for one in await agents.agents() if one.title == "Plex Movie")
    assert movie == Agent(
        id=movie.id, title="Plex Movie", primary="tv.plex.agents.movie", asks=(providers["Plex Movie"].id,)
    )
    videos, movies = await agents.libraries()
    assert (videos.scanner, videos.identifier, videos.agent) == (
        "Plex Video Files Scanner",
        "com.plexapp.agents.none",
        None,
    )
    assert (movies.title, movies.type, movies.scanner) == ("Movies", "movie", "Plex Movie")


async def test_a_provider_an_agent_and_a_library_are_what_was_asked_for(
    plex: str, films: Films, connect: Connect
) -> None:
    agents = connect(plex).agents
    await agents.register(films.url)
    mine = next(one for one in await agents.providers() if one.identifier == IDENTIFIER)
    assert (mine.uri, mine.online, mine.contributor) == (films.url, True, False)
    await agents.create("My films: 100 % & more", IDENTIFIER)
    agent = next(one for one in await agents.agents() if one.primary == IDENTIFIER)
    assert (agent.title, agent.asks) == ("My films: 100 % & more", (mine.id,))
    local = next(one for one in await agents.providers() if one.title == "Plex Local Media")
    await agents.add(agent.id, local.id)
    agent = next(one for one in await agents.agents() if one.primary == IDENTIFIER)
    assert agent.asks == (mine.id, local.id)
    await agents.assign(2, agent)
    assert next(one for one in await agents.libraries() if one.key == 2) == AgentLibrary(
        key=2, title="Movies", type="movie", scanner="Plex Movie", identifier=IDENTIFIER, agent=agent.id
    )
    elsewhere = films.url.replace("127.0.0.1", "localhost")
    await agents.move(mine.id, elsewhere)
    assert next(one for one in await agents.providers() if one.identifier == IDENTIFIER).uri == elsewhere


async def test_what_plex_does_not_take_is_permanent_and_says_with_which_status(
    plex: str, films: Films, connect: Connect
) -> None:
    agents = connect(plex).agents
    with pytest.raises(PlexPermanentError) as nowhere:
        await agents.register("http://127.0.0.1:1/provider/secret")
    assert nowhere.value.status == 400
    assert nowhere.value.place == f"POST {PROVIDERS}"
    assert "secret" not in f"{nowhere.value.message}{nowhere.value.excerpt}"
    await agents.register(films.url)
    with pytest.raises(PlexPermanentError) as again:
        await agents.register(films.url)
    assert again.value.status == 409
    gone = await failure(agents.move(99, films.url))
    assert (type(gone), gone.status) == (PlexPermanentError, 404)
    assert "it was taken away meanwhile, or this Plex is too old" in gone.message


async def failure(call: Any) -> SyncError:
    with pytest.raises(SyncError) as caught:
        await call
    return caught.value


async def test_only_the_owner_sees_and_changes_agents(plex: str, films: Films, connect: Connect) -> None:
    agents = connect(plex, token=GUEST).agents
    for call in (agents.providers(), agents.agents(), agents.register(films.url)):
        assert type(await failure(call)) is NeedsSignIn
    assert [one for one in films.asked if one["query"].get("includePreferences")] == []


async def test_a_plex_from_before_providers_is_incompatible(plex: str, connect: Connect) -> None:
    httpx2.put(f"{plex}/_sim/switches", json={"version": "1.42.1.10060-4e8b05daf"}, timeout=30).raise_for_status()
    error = await failure(connect(plex).agents.providers())
    assert type(error) is Incompatible
    assert "they come with version 1.43" in error.message


async def test_numbers_may_be_texts_members_may_have_either_name_and_one_row_no_list(
    httpserver: HTTPServer, connect: Connect
) -> None:
    client = odd(httpserver, connect)
    row = {"id": "7", "identifier": IDENTIFIER, "title": "Films", "uri": "http://a/b", "agentType": "primary"}
    told(httpserver, PROVIDERS, {"MediaContainer": {"size": "1", "MetadataAgentProvider": row | {"online": "1"}}})
    members = [
        {"id": "21", "metadataAgentProviderGroupId": "5", "metadataAgentProviderId": "6", "order": 2000.0},
        {"id": "20", "metadataAgentProviderGroupId": "5", "metadataAgentProviderId": "7", "order": "1000"},
    ]
    group = {"id": "5", "title": "PlexSync", "primaryIdentifier": IDENTIFIER}
    named = {"MetadataAgentProviderGroupItem": members}
    told(httpserver, GROUPS, {"MediaContainer": {"size": 1, "MetadataAgentProviderGroup": [group | named]}})
    assert await client.agents.providers() == [
        AgentProvider(id=7, identifier=IDENTIFIER, title="Films", uri="http://a/b", contributor=False, online=True)
    ]
    (agent,) = await client.agents.agents()
    assert (agent.id, agent.asks) == (5, (7, 6))


async def test_rows_that_name_nothing_are_passed_over(httpserver: HTTPServer, connect: Connect) -> None:
    client = odd(httpserver, connect)
    rows = [{"id": None, "identifier": "a"}, {"id": 1}, {"id": 2, "identifier": "b"}]
    told(httpserver, PROVIDERS, {"MediaContainer": {"size": 3, "MetadataAgentProvider": rows}})
    told(httpserver, GROUPS, {"MediaContainer": {"size": 1, "MetadataAgentProviderGroup": [{"id": 1}]}})
    (only,) = await client.agents.providers()
    assert (only.title, only.uri, only.online) == ("b", "", None)
    assert await client.agents.agents() == []


@pytest.mark.parametrize("content", [{"MediaContainer": {}}, {"MediaContainer": {"size": 2}}, {}, [], "nothing"])
async def test_an_answer_that_lists_nothing_without_saying_so_is_none(
    httpserver: HTTPServer, connect: Connect, content: object
) -> None:
    client = odd(httpserver, connect)
    told(httpserver, PROVIDERS, content)
    assert type(await failure(client.agents.providers())) is PlexTemporaryError


async def test_an_empty_list_is_a_list(httpserver: HTTPServer, connect: Connect) -> None:
    client = odd(httpserver, connect)
    told(httpserver, PROVIDERS, {"MediaContainer": {"size": 0}})
    assert await client.agents.providers() == []


async def test_a_token_that_counts_in_the_query_only_is_given_there_and_never_told(
    httpserver: HTTPServer, connect: Connect
) -> None:
    client = odd(httpserver, connect)
    listed = {"MediaContainer": {"size": 0}}
    told(httpserver, PROVIDERS, listed, query_string={"X-Plex-Token": "sim-plex-token"})
    written = {"uri": "http://a/b?c", "X-Plex-Token": "sim-plex-token"}
    told(httpserver, PROVIDERS, {}, method="POST", query_string=written)
    told(httpserver, PROVIDERS, {}, status=401)
    assert await client.agents.providers() == []
    await client.agents.register("http://a/b?c")
    httpserver.clear()
    client = odd(httpserver, connect)
    told(httpserver, PROVIDERS, {}, status=401)
    error = await failure(client.agents.providers())
    assert type(error) is NeedsSignIn
    assert "sim-plex-token" not in f"{error.message}{error.place}{error.excerpt}"


async def test_a_write_whose_answer_does_not_come_may_have_been_done(httpserver: HTTPServer, connect: Connect) -> None:
    client = odd(httpserver, connect)
    told(httpserver, PROVIDERS, {}, method="POST", status=504)
    error = await failure(client.agents.register("http://a/b"))
    assert (type(error), error.outcome_unknown) == (PlexServerDown, True)


async def test_guids_of_every_item_come_once_over_all_pages(plex: str, connect: Connect) -> None:
    client = connect(plex)
    pages = [page async for page in client.guids(2)]
    found = [guid for page in pages for guid in page]
    assert (len(found), len(set(found)), len(pages)) == (450, 450, 2)
    assert all(guid.startswith("plex://movie/") for guid in found)
    (videos,) = [page async for page in client.guids(1)]
    assert matched_by(videos[0]) is MatchedBy.NOBODY
    assert type(await failure(anext(aiter(client.guids(9))))) is PlexPermanentError


async def test_guids_of_a_library_that_counts_nothing_end_with_its_rows(
    httpserver: HTTPServer, connect: Connect
) -> None:
    client = odd(httpserver, connect)
    rows = [{"ratingKey": "1", "guid": "a://1"}, {"ratingKey": "2"}, {"ratingKey": "3", "type": "collection"}, {}]
    told(httpserver, "/library/sections/1/all", {"MediaContainer": {"size": 4, "Metadata": rows}})
    assert [page async for page in client.guids(1)] == [["a://1", ""], []]


async def test_a_page_of_guids_that_tells_nothing_is_no_empty_library(httpserver: HTTPServer, connect: Connect) -> None:
    client = odd(httpserver, connect)
    told(httpserver, "/library/sections/1/all", {"MediaContainer": {}})
    told(httpserver, "/library/sections/2/all", {"MediaContainer": {"size": 0, "totalSize": 9}})
    for section in (1, 2):
        assert type(await failure(anext(aiter(client.guids(section))))) is PlexTemporaryError
