"""`plexsync setup` as a person meets it: a real terminal, questions, mistakes, second thoughts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from certificates import certified
from cli.newcomer import GUEST, KEY, TOKEN, Newcomer, newcomer
from cli.program import LIBRARY
from cli.terminal import CTRL_C, CTRL_D, Terminal
from tlsfront import tls_front

pytestmark = pytest.mark.process


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Newcomer]:
    with newcomer(tmp_path) as made:
        yield made


def agrees(screen: Terminal, *questions: str) -> None:
    """Press Enter at each question."""
    for question in questions:
        screen.answers(question)


AFTER_PLEX = ("Numbers, or all", "Take this rule?", "Write it?")


def test_from_nothing_to_films_in_plex_with_a_code_and_no_editor(tmp_path: Path) -> None:
    with newcomer(tmp_path, api_key=KEY, sections=2) as one:
        with one.at_terminal() as screen:
            screen.reads("nothing is written before you agree to it")
            screen.reads(f"Stash seems to answer at {one.stash}")
            agrees(screen, "Address of Stash")
            screen.reads("This Stash asks for its API key")
            screen.answers("API key of Stash", "a key of old")
            screen.reads("holds a space or a letter")
            screen.answers("API key of Stash", "wrong-key-0123456789")
            screen.reads("does not accept this key")
            screen.answers("API key of Stash", KEY)
            screen.reads("Stash v0.30.1 answers")
            screen.reads(f"A Plex answers at {one.plex}")
            screen.answers("Number", "3")
            screen.reads("Type one number from 1 to 2")
            screen.answers("Number", "1")
            one.signs_in(screen)
            screen.reads("Signed in as jane")
            screen.reads(f"answers at {one.plex}, and the token is its owner's")
            screen.answers("Numbers, or all", "none")
            screen.reads("Type numbers from 1 to 2")
            screen.answers("Numbers, or all", "1")
            assert "/plex/media" in screen.answers("Take this rule?", "perhaps")
            screen.reads("Answer y or n")
            screen.reads(": ")
            screen.types("y")
            told = screen.reads("Write it?")
            screen.reads(": ")
            assert "6 scenes looked at: 6 scenes would be written. Nothing was." in told
            assert 'plex_token = "****"' in told
            assert one.written() == [], "until here nothing is written"
            screen.types("")
            agrees(screen, "Put the plugin into")
            assert screen.ends() == 0, screen.said
        assert one.file.stat().st_mode & 0o777 == 0o600
        assert "plexsync provider register --data-dir" in " ".join(screen.said.split())
        assert TOKEN not in screen.said
        assert KEY not in screen.said
        found = {fact["check"]: fact for fact in one.house.call("--json", "doctor").facts}
        assert {name for name, fact in found.items() if fact["grade"] != "well"} <= {"daemon", "disk", "clock"}
        assert "is installed and enabled" in found["plugin"]["what"]
        assert one.house.call("sync", "--library", LIBRARY, "--go").code == 0
        assert "Sintel" in one.house.items()


def test_each_mistake_about_the_servers_is_told_and_asked_again(one: Newcomer) -> None:
    one.put(one.stash, "/_sim/status", {"status": "SETUP"})
    one.put(one.plex, "/_sim/switches", {"claimed": False})
    with one.at_terminal() as screen:
        screen.answers("Address of Stash", "localhost:9999")
        screen.reads('"localhost:9999" has no scheme: write "http://localhost:9999"')
        screen.answers("Address of Stash", "http://127.0.0.1:1")
        screen.reads("Stash refuses the connection")
        screen.answers("Address of Stash", one.plex)
        screen.reads("Stash")
        screen.answers("Address of Stash", one.stash)
        screen.reads("not set up yet (SETUP): open it in a browser and finish its setup")
        one.put(one.stash, "/_sim/status", {"status": "NEEDS_MIGRATION"})
        agrees(screen, "Address of Stash")
        screen.reads("waits for its database migration")
        one.put(one.stash, "/_sim/status", {"status": "OK"})
        agrees(screen, "Address of Stash")
        screen.answers("Number", "2")
        screen.answers("Address of Plex", "ftp://plex")
        screen.reads("not http or https")
        agrees(screen, "Address of Plex")
        screen.reads(f"belongs to no account yet. Open {one.plex}/web")
        one.put(one.plex, "/_sim/switches", {"claimed": True})
        screen.answers("Number", "2")
        agrees(screen, "Address of Plex")
        screen.answers("X-Plex-Token", "wrong")
        screen.reads("does not accept this token")
        screen.answers("X-Plex-Token", GUEST)
        screen.reads("belongs to somebody else")
        screen.answers("X-Plex-Token", "")
        screen.answers("Number", "2")
        screen.answers("Address of Plex", one.stash)
        screen.reads("Plex's address")
        screen.answers("Number", "2")
        agrees(screen, "Address of Plex")
        screen.answers("X-Plex-Token", TOKEN)
        agrees(screen, *AFTER_PLEX)
        screen.answers("Put the plugin into", "n")
        screen.reads("Later: plexsync plugin install")
        assert screen.ends() == 0, screen.said
    assert not any(one.plugins.iterdir())


def test_certificates_that_nobody_signed_are_left_to_the_person(one: Newcomer, tmp_path: Path) -> None:
    made = certified(tmp_path, "127.0.0.1")
    with tls_front(one.stash, made.for_server()) as stash, tls_front(one.plex, made.for_server()) as plex:
        with one.at_terminal() as screen:
            screen.answers("Address of Stash", stash)
            screen.reads("certificate is signed by nobody who is trusted here")
            agrees(screen, "Go on without looking at certificates")
            screen.answers("Address of Stash", stash)
            screen.answers("Go on without looking at certificates", "y")
            screen.reads("Stash v0.30.1 answers at https://")
            screen.answers("Number", "2")
            screen.answers("Address of Plex", plex)
            screen.answers("X-Plex-Token", TOKEN)
            agrees(screen, *AFTER_PLEX)
            screen.answers("Put the plugin into", "n")
            assert screen.ends() == 0, screen.said
        assert tomllib.loads(one.file.read_text())["tls_verify"] is False
        assert one.house.call("sync", "1").code == 0
        trusting = one.call(
            *("--yes", "--plex-token", TOKEN, "--stash-url", stash, "--plex-url", plex, "--no-plugin"),
            *("--ca-file", str(made.certificate), "--tls-verify"),
        )
        assert trusting.code == 0, trusting.err
        values = tomllib.loads(one.file.read_text())
        assert (values["tls_verify"], values["ca_file"]) == (True, str(made.certificate))


def test_a_sign_in_with_obstacles(one: Newcomer) -> None:
    one.put(one.plextv, "/_sim/faults", [{"path": "/api/v2/pins", "fault": "refuse", "times": 1}])
    one.put(one.plextv, "/_sim/resources", [one.resource(owned=False)])
    with one.at_terminal() as screen:
        agrees(screen, "Address of Stash", "Number")
        screen.reads("look whether this machine reaches the internet")
        agrees(screen, "Number")
        screen.reads("Ctrl-C leaves")
        one.put(one.plextv, "/_sim/faults", [{"path": "/api/v2/pins/", "fault": "status500", "times": 1}])
        screen.reads("The code stays good, PlexSync asks on")
        one.put(one.plextv, "/_sim/switches", {"forgets": True})
        screen.reads("The code has expired. Make a new one?")
        one.put(one.plextv, "/_sim/switches", {"forgets": False})
        screen.reads(": ")
        screen.types("")
        one.signs_in(screen)
        screen.reads("The account owns no server; it may use Living room")
        attic = one.resource(name="Attic", clientIdentifier="attic")
        one.put(one.plextv, "/_sim/resources", [attic, one.resource()])
        agrees(screen, "Number")
        one.signs_in(screen)
        screen.reads("2) Living room")
        screen.answers("Number [2]", "1")
        screen.reads("Attic answers at none of its addresses from here")
        screen.reads("another Plex answers there")
        screen.answers("Address of Plex", one.plex)
        agrees(screen, *AFTER_PLEX, "Put the plugin into")
        assert screen.ends() == 0, screen.said


def test_a_library_that_is_not_there_yet_is_waited_for(one: Newcomer) -> None:
    one.put(one.plex, "/_sim/switches", {"unlisted": [1]})
    with one.at_terminal("--plex-token", TOKEN) as screen:
        agrees(screen, "Address of Stash", "Address of Plex")
        screen.reads("has no library of films or other videos")
        agrees(screen, "Press Enter to look again")
        screen.reads("has no library")
        one.put(one.plex, "/_sim/switches", {"unlisted": []})
        agrees(screen, "Press Enter to look again", *AFTER_PLEX, "Put the plugin into")
        assert screen.ends() == 0, screen.said


def test_where_no_rule_can_be_told_rules_are_typed_and_tried_at_once(tmp_path: Path) -> None:
    with newcomer(tmp_path, items=2) as one:
        with one.at_terminal("--plex-token", TOKEN) as screen:
            agrees(screen, "Address of Stash", "Address of Plex", "Numbers, or all")
            screen.reads("No rule can be told from what both sides list")
            screen.reads("too few files tell")
            screen.answers("Folder as Plex sees it", "media")
            screen.answers("The same folder as Stash sees it", "/data")
            screen.reads("is not an absolute path")
            screen.answers("Folder as Plex sees it", "/plex/media")
            screen.answers("The same folder as Stash sees it", "/wrong")
            screen.reads("0 of 2 files of Plex have their file in Stash")
            agrees(screen, "Keep this rule? [y/N]")
            screen.answers("Folder as Plex sees it", "/plex/media")
            screen.answers("The same folder as Stash sees it", "/data")
            screen.reads("2 of 2 files of Plex have their file in Stash, and 2 of 6 files of Stash")
            agrees(screen, "Keep this rule? [Y/n]", "Folder as Plex sees it", "Write it?", "Put the plugin into")
            assert screen.ends() == 0, screen.said
        assert tomllib.loads(one.file.read_text())["path_rules"] == [{"plex": "/plex/media", "stash": "/data"}]


def held_by(one: Newcomer) -> str:
    """The settings of somebody who wrote them by hand, in place."""
    held = f"""# of the NAS
stash_url = "{one.stash}"  # in the cellar
plex_url = "{one.plex}"
plex_token = "{TOKEN}"
libraries = ["{LIBRARY}"]
log_level = "debug"

[rules]
other_tags = "nothing"

[[path_rules]]
name = "disk one"  # the old one
plex = "/plex/media"
stash = "/data"
"""
    one.file.parent.mkdir()
    one.file.write_text(held)
    one.file.chmod(0o644)
    return held


def test_all_that_is_set_is_proposed_and_whoever_confirms_it_changes_nothing(one: Newcomer) -> None:
    held = held_by(one)
    with one.at_terminal("--no-plugin") as screen:
        agrees(screen, f"Address of Stash [{one.stash}]")
        screen.reads("1) Keep the token that is set")
        agrees(screen, "Number [1]", f"Address of Plex [{one.plex}]", "Numbers, or all [1]", "Keep this rule as it is?")
        screen.reads("plexsync.toml stays as it is")
        assert screen.ends() == 0, screen.said
    assert one.file.read_text() == held
    assert one.written() == ["plexsync.toml"]


def test_what_changes_in_a_file_is_shown_before_and_all_else_in_it_stays(one: Newcomer) -> None:
    held = held_by(one)
    httpx2.post(f"{one.plex}/_sim/sections", json={"title": "More", "path": "/plex/more"}, timeout=60)
    with one.at_terminal("--no-plugin") as screen:
        agrees(screen, "Address of Stash", "Number [1]", "Address of Plex")
        screen.answers("Numbers, or all [1]", "1 2")
        screen.reads("More holds nothing yet")
        agrees(screen, "Keep this rule as it is?")
        told = screen.answers("Write it?", "n")
        assert f'-libraries = ["{LIBRARY}"]' in told
        assert f'+libraries = ["{LIBRARY}", "More"]' in told
        screen.reads("Nothing was written")
        assert screen.ends() == 1
    assert one.file.read_text() == held
    done = one.call("--yes", "--no-plugin", "--library", LIBRARY, "--library", "More")
    assert done.code == 0, done.err
    assert "only its owner may read it now (mode 600; it was 644)" in done.out
    assert one.file.read_text() == held.replace(f'["{LIBRARY}"]', f'["{LIBRARY}", "More"]')


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D])
def test_who_leaves_at_a_question_leaves_nothing_behind(one: Newcomer, keys: str) -> None:
    with one.at_terminal() as screen:
        screen.reads("Address of Stash")
        screen.reads(": ")
        assert screen.leaves(keys, "Left.") == 1
    assert "Left. Nothing was written" in screen.said
    assert one.written() == []


def test_who_leaves_while_the_code_is_waited_for_or_at_the_last_question_leaves_nothing_behind(one: Newcomer) -> None:
    with one.at_terminal() as screen:
        agrees(screen, "Address of Stash", "Number")
        screen.reads("Ctrl-C leaves")
        assert screen.leaves(CTRL_C, "Left.") == 1
    assert "Left. Nothing was written" in screen.said
    with one.at_terminal("--plex-token", TOKEN) as screen:
        agrees(screen, "Address of Stash", "Address of Plex", "Numbers, or all", "Take this rule?")
        screen.reads("Write it?")
        assert screen.leaves(CTRL_C, "Left.") == 1
    assert "Left. Nothing was written" in screen.said
    assert one.written() == []


def test_who_leaves_before_the_plugin_is_told_what_is_written(one: Newcomer) -> None:
    with one.at_terminal("--plex-token", TOKEN) as screen:
        agrees(screen, "Address of Stash", "Address of Plex", *AFTER_PLEX)
        screen.reads("Put the plugin into")
        assert screen.leaves(CTRL_C, "is written") == 1
    assert "plexsync.toml is written; about the plugin `plexsync setup` asks again" in screen.said
    assert one.house.call("sync", "1").code == 0
