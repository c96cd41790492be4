"""`plexsync provider register`: each step, repeated, refused, and taken back, as Plex holds it afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from cli.introduction import GUEST, MOVIES, OTHERS, Introduction, introduced
from cli.program import Done
from plexsync.model.provider import IDENTIFIER
from sim.plex.provider import root

LOCAL = "Plex Local Media"
OURS = "PlexSync (Stash)"
DONE = {"look": "looked", "provider": "done", "agent": "done", "local media": "done"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Introduction]:
    with introduced(tmp_path) as one:
        yield one


def test_plex_knows_the_provider_and_has_an_agent_that_asks_it_and_nothing_that_guesses(stage: Introduction) -> None:
    done = stage.call("register")
    assert done.code == 0, done.err
    assert stage.providers()[IDENTIFIER]["uri"] == stage.address
    assert stage.agents()["PlexSync"] == [OURS, LOCAL]
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["Plex", "Registered", "Made", "Put", "No"]
    assert "Choose the agent for a new library, or give it to one that is there with --library NAME" in lines[4]
    assert f"(it can be {MOVIES!r})" in lines[4]
    assert lines[5] == "The way back:"
    assert lines[6].startswith('- All of it: when no library has the agent "PlexSync" any more, delete that agent')
    assert stage.library(MOVIES)["agent"] == "tv.plex.agents.movie"


def test_a_second_run_writes_nothing_and_says_so(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    stage.forget()
    done = stage.call("register", "--library", MOVIES)
    assert (done.code, stage.told()) == (0, [])
    assert "Nothing had to be changed." in done.out
    assert "Plex knows the provider PlexSync at" in done.out
    assert f'The library {MOVIES!r} has the agent "PlexSync" already.' in done.out
    assert not stage.call("register", "--json").facts["changed"]


def test_a_dry_run_says_the_same_steps_and_writes_nothing(stage: Introduction) -> None:
    planned = stage.steps("--library", MOVIES, "--dry-run")
    assert stage.told() == []
    assert planned == {
        "look": "looked",
        "reach": "looked",
        "provider": "would",
        "agent": "would",
        "local media": "would",
        "library": "would",
    }
    shown = stage.call("register", "--library", MOVIES, "--dry-run").out
    assert "Nothing was changed: this was a dry run." in shown
    assert f"{stage.films.url.removesuffix('/films')}/healthz answers as PlexSync does" in shown
    assert stage.told() == []
    assert IDENTIFIER not in stage.providers()
    assert not (stage.house.data_dir / "plexsync.db").exists()
    done = stage.steps("--library", MOVIES)
    assert {name for name, state in done.items() if state == "done"} == {
        name for name, state in planned.items() if state == "would"
    }


def test_a_library_gets_the_agent_and_the_way_back_names_what_it_had(stage: Introduction) -> None:
    before = stage.library(MOVIES)
    items = stage.plex.get(f"/library/sections/{before['key']}/all").json()
    done = stage.call("register", "--library", MOVIES, "--json")
    after = stage.library(MOVIES)
    assert (after["agent"], after["metadataAgentProviderGroupId"]) == (IDENTIFIER, stage.group("PlexSync"))
    assert (
        stage.plex.get(f"/library/sections/{before['key']}/all").json()["MediaContainer"]["Metadata"]
        == (items["MediaContainer"]["Metadata"])
    ), "items stay as they are"
    (back, _) = done.facts["way_back"]
    assert (back["library"], back["agent"], back["group"]) == (int(before["key"]), "tv.plex.agents.movie", 1)
    request = back["says"].partition(" request: PUT ")[2].partition(". ")[0].rstrip(".")
    assert stage.plex.put(request).status_code == 200
    assert stage.library(MOVIES)["agent"] == "tv.plex.agents.movie"


def test_what_becomes_of_the_library_is_told_before_anybody_refreshes_it(stage: Introduction) -> None:
    said = stage.call("register", "--library", MOVIES).out
    assert f'Gave the library {MOVIES!r} the agent "PlexSync" in place of "Plex Movie" (tv.plex.agents.movie).' in said
    assert "Play states, ratings, collections and locked fields stay." in said
    assert "what is there stays as it is until you choose Refresh All Metadata" in said


def test_a_library_is_named_by_its_key_or_its_title_in_any_case(stage: Introduction) -> None:
    assert stage.steps("--library", "2", "--library", "mOvIeS")["library"] == "done"
    assert [one for one in stage.told() if one.startswith("PUT /library")] == ["PUT /library/sections/2"]


def test_a_library_that_is_not_there_is_told_with_those_that_are_and_nothing_is_written(stage: Introduction) -> None:
    done = stage.call("register", "--library", "Films")
    assert (done.code, stage.told()) == (1, [])
    assert f"has no library 'Films'. Those that its agent can name: {MOVIES!r}. Others: {OTHERS!r}" in done.err


def test_other_videos_are_refused_with_what_to_do_instead_and_nothing_is_written(stage: Introduction) -> None:
    done = stage.call("register", "--library", OTHERS)
    assert (done.code, stage.told()) == (1, [])
    assert "is one of Other Videos" in done.err
    assert "Leave it as it is: PlexSync writes everything there without being asked. Or make a new library" in done.err


def test_a_library_with_an_old_scanner_is_told_to_change_it_first(stage: Introduction) -> None:
    wanted = {"agent": "tv.plex.agents.movie", "scanner": "Plex Movie Scanner"}
    assert stage.plex.put("/library/sections/2", params=wanted).status_code == 200
    done = stage.call("register", "--library", MOVIES)
    assert done.code == 1
    assert 'has the scanner "Plex Movie Scanner", which does not work with providers. Choose the scanner' in done.err


def test_a_library_that_is_not_written_is_told_to_be_added(stage: Introduction) -> None:
    stage.settings(libraries=f'["{OTHERS}"]')
    said = stage.call("register", "--library", MOVIES).out
    assert f"{MOVIES!r} is not among `libraries`, so posters, ratings and labels are not written there" in said


def refused(stage: Introduction) -> Done:
    done = stage.call("register")
    assert done.code in (1, 2)
    assert stage.told() == []
    return done


def test_without_url_from_plex_nothing_is_done_and_the_remedy_is_told(stage: Introduction) -> None:
    stage.settings(url_from_plex="")
    done = refused(stage)
    assert done.code == 2
    assert 'for example url_from_plex = "http://192.168.1.5:9797", and start the daemon anew' in done.err


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9797", "http://localhost:9797", "http://[::1]:9797", "http://0.0.0.0:1"]
)
def test_an_address_that_leads_plex_to_itself_is_refused_where_plex_is_elsewhere(stage: Introduction, url: str) -> None:
    stage.settings(url_from_plex=f'"{url}"', plex_url='"http://plex.example:32400"')
    done = refused(stage)
    assert done.code == 2
    assert f"url_from_plex is {url}, which leads Plex to itself: Plex (plex) runs elsewhere" in done.err


def test_a_folder_in_which_no_daemon_ever_ran_has_no_address_yet(stage: Introduction) -> None:
    (stage.house.data_dir / "identity.json").unlink()
    assert "Start it with `plexsync run`, and run this again while it runs" in refused(stage).err
    stage.settings(url_from_plex="")
    assert "url_from_plex is missing: how does Plex reach PlexSync?" in refused(stage).err
    assert not (stage.house.data_dir / "identity.json").exists()


def test_an_old_plex_is_told_from_which_version_on_it_asks(stage: Introduction) -> None:
    stage.switch(version="1.42.2.10156-f737b826c")
    assert "Plex (plex) is 1.42.2.10156-f737b826c, and asks metadata providers from 1.43 on" in refused(stage).err


def test_a_token_that_is_not_the_owners_is_told_so(stage: Introduction) -> None:
    stage.settings(plex_token=f'"{GUEST}"')
    assert "is not its owner's, and only the owner may change its agents. Set plex_token" in refused(stage).err
    stage.settings(plex_token='"wrong"')
    assert "Plex does not accept the token (401): sign in again" in refused(stage).err


def test_a_plex_that_is_away_is_told_as_everywhere(stage: Introduction) -> None:
    stage.settings(plex_url='"http://127.0.0.1:1"')
    done = stage.call("register")
    assert done.code == 1
    assert "Plex refuses the connection: its host is up, Plex itself does not run or uses another port" in done.err


def test_a_plex_other_than_the_known_one_is_left_alone(stage: Introduction) -> None:
    path = stage.house.data_dir / "identity.json"
    path.write_text(path.read_text().replace('"machine_identifiers": {}', '"machine_identifiers": {"plex": "another"}'))
    assert "another Plex server answers: expected another" in refused(stage).err


def test_of_several_servers_one_has_to_be_named(stage: Introduction) -> None:
    stage.house.configure(
        f'url_from_plex = "{stage.films.url.removesuffix("/films")}"\n'
        + "".join(
            f'[[servers]]\nname = "{name}"\nurl = "{stage.house.plex}"\ntoken = "sim-plex-token"\n'
            for name in ("den", "attic")
        )
    )
    assert "name one with --server (den, attic)" in stage.call("register").err
    wrong = stage.call("register", "--server", "cellar")
    assert (wrong.code, wrong.err.strip()) == (
        2,
        "plexsync: there is no server 'cellar' in the settings; there are: 'den', 'attic'",
    )
    assert stage.call("register", "--server", "attic").code == 0


@pytest.mark.parametrize("answer", ["nobody", "page", "other"])
def test_where_plex_does_not_find_the_provider_it_is_told_what_was_tried_and_why_it_may_be(
    stage: Introduction, answer: str
) -> None:
    if answer == "nobody":
        stage.settings(url_from_plex='"http://127.0.0.1:1"')
    elif answer == "page":
        stage.films.answers["*"] = HTMLResponse("<html>Log in</html>")
    else:
        stage.films.answers["*"] = JSONResponse(root("no.such.kind"))
    done = stage.call("register")
    assert done.code == 1
    assert "did not take it for a provider: Plex refuses this request (uri of a provider) with 400" in done.err
    assert f"/provider/{stage.me.provider_path[:4]}...{stage.me.provider_path[-4:]}" in done.err
    assert "Nothing was changed." in done.err
    known = "does not answer (PlexSync refuses the connection" if answer == "nobody" else "answers as PlexSync does"
    assert known in done.err
    assert "  1. No daemon runs there, or it was started before `host` (127.0.0.1) and" in done.err
    assert "  2. Plex runs in a container, where localhost is the container itself" in done.err
    assert "  3. A firewall on this computer keeps Plex's computer or container from port" in done.err
    assert IDENTIFIER not in stage.providers()
    assert "PlexSync" not in stage.agents()


def test_of_a_daemon_that_listens_everywhere_the_first_cause_is_another(stage: Introduction) -> None:
    stage.films.answers["*"] = HTMLResponse("<html>Log in</html>")
    stage.settings(host='"0.0.0.0"')
    assert "  1. No daemon runs there, or it was started before `host` (0.0.0.0) and" in stage.call("register").err


def test_an_address_that_changed_is_mended_and_plex_may_have_to_be_restarted(stage: Introduction) -> None:
    stage.steps()
    old = stage.address
    stage.settings(url_from_plex=f'"{stage.films.url.removesuffix("/films").replace("127.0.0.1", "localhost")}"')
    stage.forget()
    planned = stage.call("register", "--dry-run").out
    assert "Would change the address at which Plex asks PlexSync from" in planned
    assert stage.told() == []
    said = stage.call("register").out
    assert "Where Plex goes on asking at the old one, restart Plex." in said
    assert stage.providers()[IDENTIFIER]["uri"] == old.replace("127.0.0.1", "localhost")
    assert stage.told() == [f"PUT /media/providers/metadata/{stage.providers()[IDENTIFIER]['id']}"]
    assert "Nothing had to be changed." in stage.call("register").out


def test_an_address_that_leads_nowhere_does_not_take_the_place_of_a_good_one(stage: Introduction) -> None:
    stage.steps()
    stage.settings(url_from_plex='"http://127.0.0.1:1"')
    done = stage.call("register")
    assert done.code == 1
    assert "The usual causes:" in done.err
    assert stage.providers()[IDENTIFIER]["uri"] == stage.address


def test_what_was_deleted_by_hand_in_plex_is_made_again(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    group, provider = stage.group("PlexSync"), stage.providers()[IDENTIFIER]["id"]
    movie = {"agent": "tv.plex.agents.movie", "metadataAgentProviderGroupId": "1"}
    for answer in (
        stage.plex.put("/library/sections/2", params=movie),
        stage.plex.delete(f"/media/providers/metadata/group/{group}"),
        stage.plex.delete(f"/media/providers/metadata/{provider}"),
    ):
        assert answer.status_code == 200, answer.text
    assert stage.steps("--library", MOVIES) == DONE | {"library": "done"}
    assert stage.agents()["PlexSync"] == [OURS, LOCAL]


def test_an_agent_that_was_left_without_local_media_is_completed(stage: Introduction) -> None:
    stage.fault({"path": ".*/items/", "fault": "status500", "times": 1})
    done = stage.call("register")
    assert done.code == 1
    assert stage.agents()["PlexSync"] == [OURS]
    assert stage.steps()["local media"] == "done"
    assert stage.agents()["PlexSync"] == [OURS, LOCAL]


def test_an_agent_that_somebody_made_under_another_title_is_used_as_it_is(stage: Introduction) -> None:
    answer = stage.plex.post("/media/providers/metadata", params={"uri": stage.address})
    assert answer.status_code == 200, answer.text
    number = stage.make_group("My scenes")
    done = stage.call("register", "--library", MOVIES)
    assert 'The agent "My scenes", made by hand, asks PlexSync first: it is used as it is.' in done.out
    assert f'"{LOCAL}" is not behind PlexSync in "My scenes"' in done.out
    assert stage.agents()["My scenes"] == [OURS]
    assert "PlexSync" not in stage.agents()
    assert stage.library(MOVIES)["metadataAgentProviderGroupId"] == number


def test_an_agent_that_asks_a_catalogue_of_films_behind_us_is_told_and_left(stage: Introduction) -> None:
    stage.steps()
    movie = stage.providers()["tv.plex.agents.movie"]["id"]
    stage.plex.put(f"/media/providers/metadata/group/{stage.group('PlexSync')}/items/{movie}").raise_for_status()
    said = stage.call("register").out
    assert 'asks "Plex Movie" after PlexSync: by a title and a year that may attach a mainstream film' in said
    assert stage.agents()["PlexSync"] == [OURS, LOCAL, "Plex Movie"]


@pytest.mark.process
def test_two_runs_at_once_make_one_agent(stage: Introduction) -> None:
    begun = threading.Barrier(2)

    def run(_: int) -> Done:
        begun.wait()
        return stage.house.run("provider", "register", "--library", MOVIES)

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(run, range(2)))
    assert [done.code for done in both] == [0, 0], both
    assert sum("Nothing had to be changed." in done.out for done in both) == 1
    assert sorted(stage.agents()) == ["Plex Movie", "Plex Music", "Plex Personal Media", "Plex Series", "PlexSync"]


def test_an_answer_that_was_lost_on_the_way_back_is_looked_up(stage: Introduction) -> None:
    stage.fault({"path": "/media/providers/metadata$", "method": "POST", "fault": "cut"})
    assert stage.steps() == DONE | {"library": "note"}
    assert stage.providers()[IDENTIFIER]["uri"] == stage.address


def test_where_plex_does_not_come_to_an_end_it_may_still_be_trying(stage: Introduction) -> None:
    stage.fault({"path": "/media/providers/metadata$", "method": "POST", "fault": "status", "status": 504})
    done = stage.call("register")
    assert done.code == 1
    assert "Plex may still be trying." in done.err
    assert "The usual causes:" in done.err


def test_two_libraries_of_one_title_are_told_apart_by_their_keys(stage: Introduction) -> None:
    made = {"name": MOVIES, "type": "movie", "agent": "tv.plex.agents.movie", "scanner": "Plex Movie", "location": "/b"}
    assert stage.plex.post("/library/sections", params=made).status_code == 200
    done = stage.call("register", "--library", MOVIES)
    assert f"has 2 libraries {MOVIES!r}: name one by its key (2, 3)" in done.err
    assert stage.told() == ["POST /library/sections"]
    assert stage.steps("--library", "3")["library"] == "done"


def test_the_way_back_of_what_was_done_is_told_even_where_the_rest_fails(stage: Introduction) -> None:
    made = {
        "name": "Films",
        "type": "movie",
        "agent": "tv.plex.agents.movie",
        "scanner": "Plex Movie",
        "location": "/b",
    }
    assert stage.plex.post("/library/sections", params=made).status_code == 200
    stage.fault({"path": "/library/sections/3$", "method": "PUT", "fault": "status500"})
    done = stage.call("register", "--library", MOVIES, "--library", "Films")
    assert done.code == 1
    assert "Plex failed with 500" in done.err
    assert stage.library(MOVIES)["agent"] == IDENTIFIER
    back = [line for line in done.out.splitlines() if line.startswith("- ")]
    assert [line.split("'")[1] for line in back] == [MOVIES, "Films"]
    stage.fault()
    assert stage.call("register", "--library", MOVIES, "--library", "Films").code == 0
    assert stage.library("Films")["agent"] == IDENTIFIER


def test_in_a_folder_that_is_not_there_nothing_is_made(stage: Introduction, tmp_path: Path) -> None:
    config = stage.house.data_dir / "plexsync.toml"
    done = stage.house.call("provider", "register", "--config", str(config), "--data-dir", str(tmp_path / "new"))
    assert done.code == 1
    assert "identity.json is missing" in done.err
    assert not (tmp_path / "new").exists()


def test_a_plex_whose_writes_answer_nothing_is_registered_with_all_the_same(stage: Introduction) -> None:
    stage.switch(provider_answers=False)
    assert stage.steps("--library", MOVIES) == DONE | {"library": "done"}


def test_a_plex_that_takes_the_token_of_these_questions_in_the_query_only_is_asked_so(stage: Introduction) -> None:
    # The first question without it fails, as it would there.
    stage.fault({"path": "/media/providers/metadata$", "fault": "unauthorized401", "times": 1})
    assert stage.steps() == DONE | {"library": "note"}


def test_plex_was_asked_by_our_own_client(stage: Introduction) -> None:
    stage.steps()
    rows = stage.plex.get("/_sim/requests").json()["requests"]
    assert {row["client"] for row in rows if row["method"] != "GET"} == {stage.me.client_identifier}
