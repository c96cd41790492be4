"""The owner registers metadata providers, puts them into agents and gives those to libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from plexsync.cli.simulators import plex as plex_command
from plexsync.sim.plex import PlexOptions, Switches, control, create_app
from plexsync.sim.serving import Serving, serving
from sim.plex.asking import switch
from sim.plex.provider import IDENTIFIER, Films, films_served, root

PROVIDERS = "/media/providers/metadata"
GROUPS = f"{PROVIDERS}/group"
LOCAL = "tv.plex.agents.localmedia"


def providers(plex: httpx2.Client, **asked: str) -> dict[str, dict[str, Any]]:
    answer = plex.get(PROVIDERS, params=asked).raise_for_status()
    return {one["identifier"]: one for one in answer.json()["MediaContainer"].get("MetadataAgentProvider", [])}


def groups(plex: httpx2.Client) -> dict[str, dict[str, Any]]:
    answer = plex.get(GROUPS).raise_for_status()
    return {one["title"]: one for one in answer.json()["MediaContainer"]["MetadataAgentProviderGroup"]}


def register(plex: httpx2.Client, uri: str) -> dict[str, Any]:
    answer = plex.post(PROVIDERS, params={"uri": uri}).raise_for_status()
    (found,) = answer.json()["MediaContainer"]["MetadataAgentProvider"]
    return dict(found)


def grouped(plex: httpx2.Client, title: str = "Films", identifier: str = IDENTIFIER) -> dict[str, Any]:
    answer = plex.post(GROUPS, params={"title": title, "primaryIdentifier": identifier}).raise_for_status()
    (found,) = answer.json()["MediaContainer"]["MetadataAgentProviderGroup"]
    return dict(found)


def sections(plex: httpx2.Client) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in plex.get("/library/sections").json()["MediaContainer"]["Directory"]}


def test_a_server_has_agents_of_its_own(plex: httpx2.Client) -> None:
    found = providers(plex)
    assert found["tv.plex.agents.movie"]["agentType"] == "primary"
    assert found["tv.plex.agents.movie"]["MetadataType"] == [{"type": 1}]
    assert (found[LOCAL]["title"], found[LOCAL]["agentType"]) == ("Plex Local Media", "contributor")
    assert groups(plex)["Plex Movie"]["primaryIdentifier"] == "tv.plex.agents.movie"
    assert set(providers(plex, metadataTypes="1")) == {"tv.plex.agents.movie", "tv.plex.agents.none", LOCAL}
    assert plex.get(PROVIDERS, params={"metadataTypes": "film"}).status_code == 400


def test_a_provider_is_registered_by_its_address(plex: httpx2.Client, films: Films) -> None:
    made = register(plex, films.url)
    assert made == {
        "id": 7,
        "identifier": IDENTIFIER,
        "title": "Films of the tests",
        "uri": films.url,
        "agentType": "primary",
        "online": True,
        "MetadataType": [{"type": 1}],
    }
    assert films.asked[0]["query"] == {"includePreferences": "1"}
    assert films.asked[0]["version"] == "1.1"
    assert "x-plex-token" not in films.asked[0]["headers"]
    assert providers(plex)[IDENTIFIER] == made
    assert plex.get(f"{PROVIDERS}/7").json()["MediaContainer"]["MetadataAgentProvider"] == [made]
    assert plex.post(PROVIDERS, params={"uri": films.url}).status_code == 409


@pytest.mark.parametrize(
    "told",
    [
        root("tv.plex.agents.films"),
        root("tv.plex.agents.custom.my-films"),
        root("tv.plex.agents.custom."),
        root(title=""),
        root(Types=[]),
        root(Types=[{"type": 1, "Scheme": [{"scheme": "other"}]}]),
        root(Feature=[{"type": "match", "key": "/matches"}]),
        {"MediaProvider": []},
        {},
        [],
    ],
)
def test_what_breaks_the_rules_of_a_root_is_refused(plex: httpx2.Client, films: Films, told: Any) -> None:
    films.told = told
    assert plex.post(PROVIDERS, params={"uri": films.url}).status_code == 400
    assert IDENTIFIER not in providers(plex)


def test_what_is_no_provider_or_not_there_is_refused(plex: httpx2.Client, films: Films) -> None:
    films.answers["films"] = HTMLResponse("<html></html>")
    assert plex.post(PROVIDERS, params={"uri": films.url}).status_code == 400
    films.answers["films"] = JSONResponse(root(), 500)
    assert plex.post(PROVIDERS, params={"uri": films.url}).status_code == 400
    for uri in ("http://127.0.0.1:1/films", "http://127.0.0.1:99999", "http://[", "ftp://films", "http://", ""):
        assert plex.post(PROVIDERS, params={"uri": uri}).status_code == 400
    assert plex.post(PROVIDERS).status_code == 400


def test_a_redirected_root_is_called_where_it_leads_to(plex: httpx2.Client, films: Films) -> None:
    films.answers["old"] = RedirectResponse(films.url)
    assert register(plex, films.url.replace("/films", "/old"))["uri"].endswith("/old")
    providers(plex)
    assert [one["path"] for one in films.asked] == ["/old", "/films", "/films"]


def test_a_provider_is_online_as_long_as_its_root_can_be_reached(plex: httpx2.Client) -> None:
    films = Films()
    with films_served(films) as server:
        register(plex, films.url)
        port = server.port
    assert providers(plex)[IDENTIFIER]["online"] is False
    with films_served(films, port=port):
        assert plex.post("/media/providers/refresh").status_code == 200
        assert plex.get(f"{PROVIDERS}/7").json()["MediaContainer"]["MetadataAgentProvider"][0]["online"] is True


def test_a_provider_moves_to_another_address(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    with films_served(Films()) as other:
        answer = plex.put(f"{PROVIDERS}/7", params={"uri": f"{other.url}/films"})
        assert answer.json()["MediaContainer"]["MetadataAgentProvider"][0]["uri"] == f"{other.url}/films"
    films.told = root("tv.plex.agents.custom.others")
    assert plex.put(f"{PROVIDERS}/7", params={"uri": films.url}).status_code == 400
    assert plex.put(f"{PROVIDERS}/1", params={"uri": films.url}).status_code == 403
    assert plex.put(f"{PROVIDERS}/99", params={"uri": films.url}).status_code == 404


def test_a_new_address_may_count_from_the_next_start_only(tmp_path: Path, films: Films) -> None:
    with films_served(second := Films()) as other, served(tmp_path) as plex:
        register(plex, films.url)
        switch(plex, provider_moves_at_restart=True)
        plex.put(f"{PROVIDERS}/7", params={"uri": f"{other.url}/films"}).raise_for_status()
        second.asked.clear()
        assert providers(plex)[IDENTIFIER]["uri"] == f"{other.url}/films"
        assert second.asked == []
        with served(tmp_path) as restarted:
            providers(restarted)
            assert second.asked


def test_a_provider_in_use_is_not_removed(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    number = grouped(plex)["id"]
    assert plex.delete(f"{PROVIDERS}/7").status_code == 403
    assert plex.delete(f"{PROVIDERS}/1").status_code == 403
    assert plex.delete(f"{GROUPS}/{number}").status_code == 200
    assert plex.delete(f"{PROVIDERS}/7").status_code == 200
    assert plex.get(f"{PROVIDERS}/7").status_code == 404
    assert register(plex, films.url)["id"] == 8


def test_an_agent_begins_with_its_first_provider(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    made = grouped(plex)
    assert (made["title"], made["primaryIdentifier"]) == ("Films", IDENTIFIER)
    assert [item["identifier"] for item in made["MetadataAgentGroupItem"]] == [IDENTIFIER]
    for title, identifier in (("", IDENTIFIER), ("More", "tv.plex.agents.custom.unknown"), ("More", LOCAL)):
        asked = {"title": title, "primaryIdentifier": identifier}
        assert plex.post(GROUPS, params=asked).status_code == 400
    plex.put(f"{GROUPS}/{made['id']}", params={"title": "Renamed"}).raise_for_status()
    assert groups(plex)["Renamed"]["id"] == made["id"]
    assert plex.put(f"{GROUPS}/{made['id']}").status_code == 400
    assert plex.put(f"{GROUPS}/1", params={"title": "Mine"}).status_code == 403
    assert plex.delete(f"{GROUPS}/1").status_code == 403
    assert plex.get(f"{GROUPS}/99").status_code == 404


def test_providers_stand_in_order_behind_the_first(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    number = grouped(plex)["id"]

    def order() -> list[int]:
        found = plex.get(f"{GROUPS}/{number}").json()["MediaContainer"]["MetadataAgentProviderGroup"][0]
        return [item["id"] for item in found["MetadataAgentGroupItem"]]

    def place(provider: int, **asked: int) -> int:
        return plex.put(f"{GROUPS}/{number}/items/{provider}", params=asked).status_code

    assert (place(6), order()) == (200, [7, 6])
    assert (place(1, after=7), order()) == (200, [7, 1, 6])
    assert (place(1, after=6), order()) == (200, [7, 6, 1])
    assert (place(1, after=5), place(1, after=1), order()) == (400, 400, [7, 6, 1])
    assert (place(2), place(7), place(99)) == (400, 403, 404)
    assert plex.delete(f"{GROUPS}/{number}/items/7").status_code == 403
    assert plex.delete(f"{GROUPS}/{number}/items/5").status_code == 404
    assert plex.delete(f"{GROUPS}/{number}/items/6").status_code == 200
    assert order() == [7, 1]


def test_a_library_is_given_an_agent(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    number = grouped(plex)["id"]
    assert "metadataAgentProviderGroupId" not in sections(plex)["2"]
    wanted = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": number}
    assert plex.put("/library/sections/2", params={"metadataAgentProviderGroupId": number}).status_code == 400
    assert plex.put("/library/sections/2", params=wanted | {"agent": "tv.plex.agents.movie"}).status_code == 400
    assert plex.put("/library/sections/2", params=wanted | {"metadataAgentProviderGroupId": 99}).status_code == 400
    assert plex.put("/library/sections/2", params=wanted | {"scanner": "Mine"}).status_code == 400
    for agent in (LOCAL, "tv.plex.agents.series", "nonsense"):
        assert plex.put("/library/sections/2", params={"agent": agent}).status_code == 400
    answer = plex.put("/library/sections/2", params=wanted)
    assert (answer.status_code, answer.content) == (200, b"")
    found = sections(plex)["2"]
    assert (found["agent"], found["metadataAgentProviderGroupId"]) == (IDENTIFIER, number)
    assert f'metadataAgentProviderGroupId="{number}"' in plex.get("/library/sections", headers={"Accept": "*/*"}).text
    assert plex.delete(f"{GROUPS}/{number}").status_code == 403
    plex.put("/library/sections/2", params={"agent": "tv.plex.agents.movie"}).raise_for_status()
    found = sections(plex)["2"]
    assert (found["agent"], "metadataAgentProviderGroupId" in found) == ("tv.plex.agents.movie", False)


def test_a_library_of_other_videos_may_refuse_a_provider(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    wanted = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": grouped(plex)["id"]}
    switch(plex, other_videos_take_provider=False)
    assert plex.put("/library/sections/1", params=wanted).status_code == 400
    switch(plex, other_videos_take_provider=True)
    assert plex.put("/library/sections/1", params=wanted).status_code == 200
    assert sections(plex)["1"]["scanner"] == "Plex Video Files Scanner"


def test_a_library_is_made_with_an_agent(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    wanted = {"name": "More", "type": "movie", "agent": IDENTIFIER, "scanner": "Plex Movie", "location": "/plex/more"}
    wanted["metadataAgentProviderGroupId"] = str(grouped(plex)["id"])
    (made,) = plex.post("/library/sections", params=wanted).json()["MediaContainer"]["Directory"]
    assert (made["agent"], made["Location"][0]["path"]) == (IDENTIFIER, "/plex/more")
    assert sections(plex)[made["key"]]["title"] == "More"
    assert plex.post("/library/sections", params={**wanted, "location": ""}).status_code == 400
    assert plex.post("/library/sections", params={**wanted, "scanner": "Mine"}).status_code == 400


def test_assigning_an_agent_changes_no_item(plex: httpx2.Client, films: Films) -> None:
    register(plex, films.url)
    plex.put("/:/scrobble?key=900001")
    before = plex.get("/_sim/items").json(), plex.get("/library/metadata/900001").json()
    wanted = {"agent": IDENTIFIER, "metadataAgentProviderGroupId": grouped(plex)["id"]}
    plex.put("/library/sections/2", params=wanted).raise_for_status()
    assert (plex.get("/_sim/items").json(), plex.get("/library/metadata/900001").json()) == before


def test_answers_may_be_empty(plex: httpx2.Client, films: Films) -> None:
    switch(plex, provider_answers=False)
    assert plex.post(PROVIDERS, params={"uri": films.url}).content == b""
    assert IDENTIFIER in providers(plex)
    assert plex.post(GROUPS, params={"title": "Films", "primaryIdentifier": IDENTIFIER}).content == b""
    assert "Films" in groups(plex)


def test_only_the_owner_of_a_server_that_is_new_enough_is_told(server: Serving, plex: httpx2.Client) -> None:
    with httpx2.Client(base_url=server.url, headers={"X-Plex-Token": "guest"}, verify=False) as guest:
        assert guest.get(PROVIDERS).status_code == 403
        assert guest.get(GROUPS).status_code == 403
        assert guest.put("/library/sections/2", params={"agent": "tv.plex.agents.none"}).status_code == 403
        guest.headers["X-Plex-Token"] = "nobody"
        assert guest.get(PROVIDERS).status_code == 401
    switch(plex, version="1.42.2.10156-f737b826c")
    assert plex.get("/identity").json()["MediaContainer"]["version"].startswith("1.42.2")
    assert plex.get(PROVIDERS).status_code == 404
    assert plex.post(PROVIDERS, params={"uri": "http://films"}).status_code == 404
    assert plex.get(GROUPS).status_code == 404


def test_providers_and_agents_outlive_the_process(tmp_path: Path, films: Films) -> None:
    with served(tmp_path) as plex:
        for identifier in ("tv.plex.agents.custom.gone", IDENTIFIER):
            films.told = root(identifier)
            register(plex, films.url)
        gone, kept = grouped(plex, "Gone")["id"], grouped(plex)["id"]
        plex.put(f"{GROUPS}/{kept}/items/6")
        plex.delete(f"{GROUPS}/{gone}")
        plex.delete(f"{PROVIDERS}/7")
        plex.put("/library/sections/2", params={"agent": IDENTIFIER, "metadataAgentProviderGroupId": kept})
        before = providers(plex), groups(plex), sections(plex)["2"]
    for _ in range(2):
        with served(tmp_path) as plex:
            after = sections(plex)["2"]
            counter = {"contentChangedAt": before[2]["contentChangedAt"]}
            assert (providers(plex), groups(plex), after | counter) == before
    with served(tmp_path) as plex:
        assert grouped(plex, "Later")["id"] > kept


@contextmanager
def served(folder: Path) -> Iterator[httpx2.Client]:
    """A server with its state in a folder, and a client of it."""
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    app = create_app(PlexOptions(items=3, section_count=2, state=folder, clock=lambda: 1_800_000_000))
    with (
        serving(app) as server,
        httpx2.Client(base_url=server.url, headers=headers, timeout=10, verify=False) as client,
    ):
        yield client


def test_every_switch_about_providers_is_told_of() -> None:
    names = list(Switches.__struct_fields__)
    for name in names[names.index("version") :]:
        assert name in (control.__doc__ or "")
        assert name in (plex_command.__doc__ or "")
