"""An independent client mends matches and gives libraries their agents, and the simulated Plex understands it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from plexapi.exceptions import BadRequest, NotFound
from plexapi.server import PlexServer

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from sim.plex.provider import IDENTIFIER, Films, attach, films_served

TOKEN = "sim-plex-token"


@pytest.fixture
def films() -> Iterator[Films]:
    films = Films()
    with films_served(films):
        films.film("one", title="Big Buck Bunny", year=2008, summary="A rabbit.", Genre=[{"tag": "Saga"}])
        films.film("two", title="Big Buck Bunny (stereo)", year=2013)
        yield films


@pytest.fixture
def judge(films: Films) -> Iterator[Any]:
    connect: Any = PlexServer
    headers = {"X-Plex-Token": TOKEN, "Accept": "application/json"}
    with serving(create_app(PlexOptions(items=3, section_count=2, movies=0))) as server:
        with httpx2.Client(base_url=server.url, headers=headers, verify=False) as plex:
            attach(plex, films)
            plex.post("/_sim/files", json={"path": "/plex/movies/one.mp4"})
        connected = connect(server.url, TOKEN)
        yield connected
        connected._session.close()


def settled(judge: Any) -> None:
    judge._session.get(judge.url("/_sim/agents?settled=1"), timeout=60)


@pytest.fixture
def movie(judge: Any) -> Any:
    """The new file, scanned by the judge."""
    section = judge.library.section("Movies")
    section.update()
    settled(judge)
    return section.get("Big Buck Bunny")


def test_it_sees_the_agent_of_a_library_and_what_it_matched(judge: Any, movie: Any) -> None:
    section = judge.library.section("Movies")
    assert (section.agent, section.refreshing) == (IDENTIFIER, False)
    movie.reload()
    assert (movie.guid, movie.year, movie.summary) == (f"{IDENTIFIER}://movie/one", 2008, "A rabbit.")
    assert [genre.tag for genre in movie.genres] == ["Saga"]
    assert movie.fields == []


def test_it_searches_for_matches_and_chooses_one(judge: Any, movie: Any) -> None:
    found = movie.matches(title="bunny", year="")
    assert [(one.name, one.year, one.score) for one in found] == [
        ("Big Buck Bunny", "2008", 100),
        ("Big Buck Bunny (stereo)", "2013", 99),
    ]
    movie.fixMatch(found[1])
    settled(judge)
    movie.reload()
    assert (movie.guid, movie.title) == (f"{IDENTIFIER}://movie/two", "Big Buck Bunny (stereo)")


def test_it_takes_a_match_away_and_has_the_file_matched_anew(judge: Any, movie: Any) -> None:
    movie.unmatch()
    movie.reload()
    assert (movie.guid, movie.title, movie.summary) == (f"local://{movie.ratingKey}", "one", "")
    with pytest.raises(NotFound):
        movie.fixMatch(auto=True)
    movie.refresh()
    settled(judge)
    assert movie.reload().guid == f"{IDENTIFIER}://movie/one"


def test_it_gives_a_library_another_agent_and_reads_its_settings(judge: Any, movie: Any) -> None:
    section = judge.library.section("Movies")
    section.edit(agent="tv.plex.agents.movie", name="Renamed")
    again = judge.library.reload().section("Renamed")
    assert again.agent == "tv.plex.agents.movie"
    again.edit(agent=IDENTIFIER, metadataAgentProviderGroupId=5)
    assert judge.library.reload().section("Renamed").agent == IDENTIFIER
    with pytest.raises(BadRequest):
        again.edit(agent="tv.plex.agents.custom.unknown")
    assert {setting.id for setting in again.settings()} >= {"hidden", "collectionMode"}


def test_it_adds_a_library_of_a_provider(judge: Any, films: Films) -> None:
    asked = f"/library/sections?name=More&type=movie&agent={IDENTIFIER}&scanner=Plex%20Movie&language=en-US"
    judge.query(f"{asked}&location=/plex/more&metadataAgentProviderGroupId=5", method=judge._session.post)
    section = judge.library.reload().section("More")
    assert (section.agent, section.locations) == (IDENTIFIER, ["/plex/more"])
