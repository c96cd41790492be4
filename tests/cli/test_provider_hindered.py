"""`plexsync provider register` where Plex refuses a step, somebody breaks it off, or another PlexSync is there."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from filelock import FileLock
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse

from cli.introduction import MOVIES, Introduction, introduced
from cli.program import PROGRAM, environment
from deploy import launch
from plexsync.app.registration import Registration
from plexsync.cli import main
from plexsync.demo.waiting import until
from plexsync.model.provider import IDENTIFIER

OURS = "PlexSync (Stash)"
LOCAL = "Plex Local Media"
#: Where a PlexSync of another data folder answers.
ANOTHER = "/provider/another-secret-another-secret"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Introduction]:
    with introduced(tmp_path) as one:
        yield one


def refusing(stage: Introduction, method: str, path: str, status: int = 400) -> None:
    """Plex answers so."""
    stage.fault({"path": path, "method": method, "fault": "status", "status": status})


def struck(stage: Introduction) -> int:
    """How often the only fault came into effect."""
    return int(stage.plex.get("/_sim/faults").json()[0]["struck"])


def asks_another(stage: Introduction, host: str = "localhost") -> str:
    """Plex knows the provider of another PlexSync; its address."""
    uri = f"{stage.films.url.removesuffix('/films').replace('127.0.0.1', host)}{ANOTHER}"
    assert stage.plex.post("/media/providers/metadata", params={"uri": uri}).status_code == 200
    stage.forget()
    return uri


def test_an_agent_that_plex_refuses_is_told_to_be_made_by_hand(stage: Introduction) -> None:
    refusing(stage, "POST", "/media/providers/metadata/group$", 409)
    done = stage.call("register")
    assert done.code == 1
    assert (
        'Plex (plex) does not make the agent "PlexSync": Plex refuses this request (a new agent) with 409' in done.err
    )
    assert "Make it by hand under Settings > Metadata Agents in Plex" in done.err
    assert f'"{OURS}" as its primary provider' in done.err


def test_a_library_whose_agent_plex_refuses_is_told_to_be_given_it_by_hand(stage: Introduction) -> None:
    refusing(stage, "PUT", "/library/sections/2$")
    done = stage.call("register", "--library", MOVIES)
    assert done.code == 1
    assert f'Plex (plex) does not give {MOVIES!r} the agent "PlexSync": Plex refuses this request' in done.err
    assert "Choose the agent in Plex, under Edit Library > Advanced" in done.err
    assert "The way back" not in done.out, "nothing became of it"


def test_without_local_media_behind_us_the_rest_is_done_all_the_same(stage: Introduction) -> None:
    refusing(stage, "PUT", ".*/items/")
    done = stage.call("register", "--library", MOVIES)
    assert done.code == 0, done.err
    assert f'Plex does not put "{LOCAL}" behind PlexSync (Plex refuses this request' in done.out
    assert stage.agents()["PlexSync"] == [OURS]
    assert stage.library(MOVIES)["agent"] == IDENTIFIER


@pytest.mark.parametrize("status", [409, 422])
def test_what_plex_refuses_outright_it_does_not_go_on_trying(stage: Introduction, status: int) -> None:
    refusing(stage, "POST", "/media/providers/metadata$", status)
    done = stage.call("register")
    assert done.code == 1
    assert "did not take it for a provider" in done.err
    assert "Nothing was changed." in done.err


def test_the_way_back_of_what_may_have_been_done_is_told_to_programs_too(stage: Introduction) -> None:
    stage.fault({"path": "/library/sections/2$", "method": "PUT", "fault": "cut"})
    done = stage.call("register", "--library", MOVIES, "--json")
    assert done.code == 1
    assert stage.library(MOVIES)["agent"] == IDENTIFIER, "its answer was lost, not the request"
    assert [one.get("agent") for one in done.facts["way_back"]] == ["tv.plex.agents.movie"]
    assert [step["state"] for step in done.facts["steps"]] == ["looked", "done", "done", "done"]


@pytest.mark.process
def test_who_breaks_it_off_is_told_the_way_back(stage: Introduction) -> None:
    stage.fault({"path": "/library/sections/2$", "method": "PUT", "fault": "hang"})
    command = [*PROGRAM, "--data-dir", str(stage.house.data_dir), "provider", "register", "--library", MOVIES]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: struck(stage) == 1, 60, "Plex holds the request back")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"- {MOVIES!r}: Edit Library > Advanced" in out.decode()
    assert b"Traceback" not in err


@pytest.mark.process
def test_a_run_that_waits_for_another_one_says_so_and_can_be_broken_off(stage: Introduction) -> None:
    command = [*PROGRAM, "--data-dir", str(stage.house.data_dir), "provider", "register"]
    with (
        FileLock(stage.house.data_dir / "plexsync-provider.lock"),
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == b"Another run is at it: this one waits for its end.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    assert stage.told() == []


def test_the_request_that_leads_back_can_be_copied_with_the_end_of_its_line(stage: Introduction) -> None:
    out = stage.call("register", "--library", MOVIES).out
    (line,) = (one for one in out.splitlines() if one.startswith(f"- {MOVIES!r}"))
    request = line.partition(" request: PUT ")[2]
    assert request == "/library/sections/2?agent=tv.plex.agents.movie&metadataAgentProviderGroupId=1"


def test_another_plexsync_that_answers_keeps_its_place_unless_it_is_told_to_go(stage: Introduction) -> None:
    uri = asks_another(stage)
    for words in ((), ("--dry-run",)):
        done = stage.call("register", *words)
        assert (done.code, stage.told()) == (1, [])
        assert "Plex (plex) asks another PlexSync, at " in done.err
        assert "another-secret" not in done.err
        assert "--take-over" in done.err
    assert stage.providers()[IDENTIFIER]["uri"] == uri
    done = stage.call("register", "--take-over")
    assert done.code == 0, done.err
    assert stage.providers()[IDENTIFIER]["uri"] == stage.address


def test_another_plexsync_that_only_plex_reaches_keeps_its_place_too(
    stage: Introduction, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreached(_self: Registration, _uri: str) -> None:
        """As a name of a network of containers, which this computer does not know."""

    monkeypatch.setattr(Registration, "provides", unreached)
    uri = asks_another(stage)
    done = stage.call("register")
    assert (done.code, stage.told()) == (1, [])
    assert "--take-over" in done.err
    assert stage.providers()[IDENTIFIER]["uri"] == uri


def test_an_address_of_ours_whose_secret_was_lost_is_replaced_without_a_word(stage: Introduction) -> None:
    asks_another(stage, "127.0.0.1")
    stage.films.answers["another-secret-another-secret"] = JSONResponse({"error": "nothing here"}, 404)
    assert stage.steps()["provider"] == "done"
    assert stage.providers()[IDENTIFIER]["uri"] == stage.address


def test_a_daemon_that_does_not_know_the_name_yet_is_told_from_none(stage: Introduction) -> None:
    stage.films.answers["*"] = HTMLResponse("<html>Log in</html>")
    stage.films.answers["healthz"] = JSONResponse({"error": "another name"}, 421)
    assert "/healthz leads to a PlexSync that does not know this name (421): start the daemon anew" in (
        stage.call("register").err
    )


def test_an_answer_without_end_is_left_where_it_is(stage: Introduction) -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            # Else the server never comes to see that the client has left.
            await asyncio.sleep(0)

    stage.films.answers["healthz"] = StreamingResponse(drops())
    done = stage.call("register", "--dry-run")
    assert done.code == 0, done.err
    assert "/healthz answers with 200, and not as PlexSync does" in done.out


def test_of_a_name_that_plex_does_not_reach_the_first_cause_is_the_own_address(stage: Introduction) -> None:
    stage.settings(url_from_plex='"http://plexsync.invalid:9797"')
    said = stage.call("register").err
    assert "  1. The daemon listens to its own computer only: `host` is 127.0.0.1. Set host" in said


def test_of_a_secure_address_its_own_port_and_its_certificate_are_among_the_causes(stage: Introduction) -> None:
    stage.settings(url_from_plex='"https://plexsync.invalid"')
    said = stage.call("register").err
    assert "or container from port 443: let it in." in said
    assert "  4. Plex does not trust the certificate of plexsync.invalid" in said


def test_a_container_knows_the_lock_of_registering_as_ours(stage: Introduction) -> None:
    stage.steps()
    made = {path.name for path in stage.house.data_dir.iterdir()}
    assert {name for name in made if not name.startswith(launch.OURS)} == set()


def test_titles_that_a_terminal_cannot_write_do_not_break_it_off(stage: Introduction) -> None:
    made = {"name": "Фильмы", "type": "movie", "agent": "tv.plex.agents.movie", "scanner": "Plex Movie"}
    assert stage.plex.post("/library/sections", params=made | {"location": "/b"}).status_code == 200
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="latin-1", write_through=True)
    with redirect_stdout(terminal), pytest.raises(SystemExit) as end:
        main(["--data-dir", str(stage.house.data_dir), "provider", "register", "--library", "3"])
    assert not end.value.code
    assert b"Gave the library '\\u0424" in written.getvalue()
    assert stage.library("Фильмы")["agent"] == IDENTIFIER
