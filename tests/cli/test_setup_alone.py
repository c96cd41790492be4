"""`plexsync setup` with nobody there to be asked: everything is said, or it says what is missing."""

from __future__ import annotations

import os
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from cli.newcomer import GUEST, KEY, TOKEN, Newcomer, newcomer
from cli.program import LIBRARY
from plexsync.config import load

pytestmark = pytest.mark.process

ALL = ("--yes", "--plex-token", TOKEN)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Newcomer]:
    with newcomer(tmp_path) as made:
        yield made


def test_what_is_missing_is_named_all_at_once_and_nothing_is_written(one: Newcomer) -> None:
    done = one.house.call("setup", "--usual-stash", "http://127.0.0.1:1", "--usual-plex", "http://127.0.0.1:1")
    assert done.code == 2
    assert "--stash-url is missing: no Stash answers at http://127.0.0.1:1" in done.err
    assert "--plex-url is missing: no Plex answers at http://127.0.0.1:1" in done.err
    assert "--plex-token is missing (or --sign-in" in done.err
    assert "--yes is missing" in done.err
    assert "Nothing was written" in done.err
    assert one.written() == []
    assert not any(one.plugins.iterdir())


def test_what_is_found_and_proposed_is_taken_with_yes_and_everything_then_works(one: Newcomer) -> None:
    done = one.call(*ALL, "--json")
    assert done.code == 0, done.err
    facts = done.facts
    assert facts["stash"] == {"url": one.stash, "version": "v0.30.1"}
    assert facts["plex"]["machine_identifier"] == one.machine
    assert facts["libraries"] == [LIBRARY]
    assert facts["path_rules"] == [{"plex": "/plex/media", "stash": "/data"}]
    assert facts["coverage"]["plex"]["mapped"] == 6
    assert len(facts["first_changes"]) == 6
    assert facts["plugin"]["installed"] is True
    assert TOKEN not in done.out + done.err
    assert one.file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(one.file.read_text())["plex_token"] == TOKEN
    assert one.house.writes() == 0
    troubles = {fact["check"] for fact in one.house.call("--json", "doctor").facts if fact["grade"] != "well"}
    assert troubles <= {"daemon", "disk", "clock"}
    assert one.house.call("sync", "1").code == 0
    assert one.house.writes() > 0


def test_a_second_time_changes_nothing_and_keeps_who_we_are(one: Newcomer) -> None:
    assert one.call(*ALL).code == 0
    identity = (one.file.parent / "identity.json").read_bytes()
    before = one.file.stat()
    again = one.call("--yes")
    assert again.code == 0, again.err
    assert "plexsync.toml stays as it is" in again.out
    assert "is in Stash already" in again.out
    assert one.file.stat().st_mtime_ns == before.st_mtime_ns
    assert (one.file.parent / "identity.json").read_bytes() == identity


def test_options_and_variables_say_everything(one: Newcomer, tmp_path: Path) -> None:
    httpx2.post(f"{one.plex}/_sim/sections", json={"title": "More", "path": "/plex/more"}, timeout=60)
    missing = one.call(*ALL)
    assert missing.code == 2
    assert f"--library is missing: which of these hold your scenes? {LIBRARY}, More" in missing.err
    elsewhere = tmp_path / "elsewhere" / "my.toml"
    done = one.call(
        *ALL,
        "--config",
        str(elsewhere),
        "--stash-url",
        one.stash + "/",
        "--plex-url",
        one.plex,
        "--library",
        "more",
        "--library",
        "1",
        "--path-rule",
        "/plex/media => /data",
        "--path-rule",
        "/plex/more => /more",
        "--no-plugin",
    )
    assert done.code == 0, done.err
    assert "More holds nothing yet" in done.out
    assert "Left out (--no-plugin)" in done.out
    config = load(config_file=elsewhere, data_dir=one.file.parent, environ={})
    assert config.stash_url == one.stash
    assert config.libraries == ("1", "more")
    assert [rule.plex for rule in config.path_rules] == ["/plex/media", "/plex/more"]
    assert not any(one.plugins.iterdir())
    assert not one.file.exists()


def test_a_variable_of_plexsync_answers_and_wins_over_an_option_that_differs(
    one: Newcomer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    environ = {"PLEXSYNC_PLEX_TOKEN_FILE": str(token), "PLEXSYNC_STASH_URL": one.stash}
    monkeypatch.setattr("cli.program.environment", lambda: dict(os.environ) | {"COLUMNS": "200"})
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    differs = one.call("--yes", "--stash-url", "http://other:9999")
    assert differs.code == 2
    assert "--stash-url says something else than PLEXSYNC_STASH_URL, which wins over the file" in differs.err
    done = one.call("--yes")
    assert done.code == 0, done.err
    values = tomllib.loads(one.file.read_text())
    assert values["stash_url"] == one.stash
    assert "plex_token" not in values, "a secret in a file of its own stays there alone"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--stash-url", "localhost:9999"), 2, 'has no scheme: write "http://localhost:9999"'),
        (("--plex-token", "with space"), 2, "holds a space or a letter that no token has"),
        (("--path-rule", "media => /data"), 2, "is not an absolute path"),
        (("--ca-file", "/nowhere/ca.pem", "--stash-url", "https://127.0.0.1:1"), 2, "ca_file /nowhere/ca.pem cannot"),
        (("--stash-url", "http://127.0.0.1:1"), 1, "Stash refuses the connection: its host is up"),
        (("--plex-url", "http://127.0.0.1:1"), 1, "Plex refuses the connection: its host is up"),
        (("--stash-api-key", "wrong"), 0, "This Stash asks for no API key"),
        (("--plex-token", "wrong"), 1, "does not accept this token"),
        (("--plex-token", GUEST), 1, "belongs to somebody else"),
        (("--library", "Nothing"), 2, f"--library: Plex has no library Nothing; it has {LIBRARY}"),
    ],
)
def test_a_wrong_answer_ends_with_its_reason_and_nothing_is_written(
    one: Newcomer, words: tuple[str, ...], code: int, reason: str
) -> None:
    done = one.call(*ALL, *words)
    assert done.code == code, done.err
    assert reason in done.out + done.err
    assert one.file.exists() is (code == 0)


def test_a_stash_with_a_login_needs_its_key(tmp_path: Path) -> None:
    with newcomer(tmp_path, api_key=KEY) as one:
        missing = one.call(*ALL)
        assert missing.code == 2
        assert "--stash-api-key is missing: Stash asks for it" in missing.err
        wrong = one.call(*ALL, "--stash-api-key", "wrong-key")
        assert (wrong.code, "Stash refuses the sign-in (401)" in wrong.err) == (1, True)
        assert one.call(*ALL, "--stash-api-key", KEY).code == 0
        assert KEY not in one.house.call("config").out


def test_the_code_of_plex_tv_can_be_read_in_a_log_and_the_token_comes_of_it(one: Newcomer) -> None:
    one.put(one.plextv, "/_sim/switches", {"claim_after": 0})
    done = one.call("--yes", "--sign-in", "--json")
    assert done.code == 0, done.err
    first = done.out.splitlines()[0]
    assert one.code() in first
    assert "/link" in first
    assert tomllib.loads(one.file.read_text())["plex_token"] == TOKEN


@pytest.mark.parametrize(
    ("switches", "fault", "reason"),
    [
        ({"expires_in": 1}, {}, "The code has expired before anybody typed it"),
        ({}, {"path": "/api/v2/pins", "fault": "status", "status": 429}, "plex.tv is asked too often (429)"),
        ({"claim_after": 0}, {"path": "/api/v2/user", "fault": "unauthorized401"}, "does not accept the token"),
    ],
)
def test_a_sign_in_that_comes_to_nothing_says_why(
    one: Newcomer, switches: dict[str, int], fault: dict[str, object], reason: str
) -> None:
    one.put(one.plextv, "/_sim/switches", switches)
    one.put(one.plextv, "/_sim/faults", [fault] if fault else [])
    done = one.call("--yes", "--sign-in")
    assert done.code == 1
    assert reason in done.err
    assert one.written() == []


def test_the_account_must_own_a_server_and_say_which_of_several(one: Newcomer) -> None:
    one.put(one.plextv, "/_sim/switches", {"claim_after": 0})
    one.put(one.plextv, "/_sim/resources", [one.resource(owned=False)])
    done = one.call("--yes", "--sign-in")
    assert "The account owns no server; it may use Living room, but only a server's owner may write there" in done.err
    far = one.resource(name="Attic", clientIdentifier="attic", connections=[])
    one.put(one.plextv, "/_sim/resources", [one.resource(), far])
    done = one.call("--yes", "--sign-in")
    assert (done.code, "--server is missing: the account owns several (Living room, Attic)" in done.err) == (2, True)
    done = one.call("--yes", "--sign-in", "--server", "Attic")
    assert "--plex-url is missing: Attic answers at none of its addresses from here" in done.err
    assert one.written() == []
    done = one.call("--yes", "--sign-in", "--server", "Living room")
    assert done.code == 0, done.err


def test_a_plex_without_an_account_or_a_library_is_told_what_it_lacks(one: Newcomer) -> None:
    one.put(one.plex, "/_sim/switches", {"claimed": False})
    done = one.call(*ALL)
    assert (done.code, "belongs to no account yet" in done.err) == (1, True)
    one.put(one.plex, "/_sim/switches", {"claimed": True, "unlisted": [1]})
    done = one.call(*ALL)
    assert (done.code, "has no library of films or other videos" in done.err) == (1, True)
    assert one.written() == []


def test_one_of_several_servers_in_the_file_is_set_up_and_the_other_left_alone(one: Newcomer) -> None:
    one.file.parent.mkdir()
    held = '[[servers]]\nname = "up"  # stairs\nurl = "http://192.0.2.1:32400"\ntoken = "other-token-1234567"\n'
    one.file.write_text(held + f'\n[[servers]]\nname = "down"\nurl = "{one.plex}"\n')
    done = one.call(*ALL)
    assert done.code == 2
    assert "say with --server which one to set up (up, down)" in done.err
    done = one.call(*ALL, "--server", "down", "--no-plugin")
    assert done.code == 0, done.err
    text = one.file.read_text()
    assert text.startswith("stash_url") or held in text
    servers = tomllib.loads(text)["servers"]
    assert servers[0]["token"] == "other-token-1234567"
    assert servers[1] == {"name": "down", "url": one.plex, "token": TOKEN, "libraries": [LIBRARY]}
    assert "other-token-1234567" not in done.out


def test_a_plugins_folder_out_of_sight_is_left_to_the_person_with_the_words_to_type(one: Newcomer) -> None:
    (one.folder / "stash" / "config.yml").unlink()
    done = one.call(*ALL)
    assert done.code == 0, done.err
    assert f"Stash keeps its plugins in {one.plugins}, which this computer does not see" in done.out
    assert "plexsync plugin install --plugins-folder FOLDER" in done.out
    assert "plexsync plugin connect --url" in done.out
    other = one.folder / "other"
    other.mkdir()
    wrong = one.call(*ALL, "--plugins-folder", str(other))
    assert f"Stash does not see it: {other} is the folder of another Stash" in wrong.out
    gone = one.call(*ALL, "--plugins-folder", str(one.folder / "nowhere"))
    assert (gone.code, "is no folder" in gone.out) == (0, True)


def test_beside_a_daemon_the_file_is_written_and_it_is_said_that_the_daemon_has_to_start_anew(one: Newcomer) -> None:
    assert one.call(*ALL, "--no-plugin").code == 0
    with one.house.daemon():
        done = one.call(*ALL, "--no-plugin", "--path-rule", "/plex/media => /other")
    assert done.code == 0, done.err
    assert "A daemon works on this data folder" in done.out
    assert "0 of 6 files of Plex have their file in Stash" in done.out
    assert "Start it anew" in done.out
    assert tomllib.loads(one.file.read_text())["path_rules"] == [{"plex": "/plex/media", "stash": "/other"}]


def test_a_file_that_cannot_be_written_is_named_and_a_broken_one_is_left_alone(one: Newcomer) -> None:
    blocked = one.folder / "blocked"
    blocked.write_text("a file where a folder should be")
    done = one.house.call(*one.words, *ALL, "--config", str(blocked / "plexsync.toml"))
    assert done.code == 1
    assert "cannot be" in done.err
    one.file.parent.mkdir(exist_ok=True)
    one.file.write_text("stash_url = \n")
    done = one.call(*ALL)
    assert (done.code, "is not valid TOML" in done.err) == (2, True)
    assert one.file.read_text() == "stash_url = \n"


def test_a_file_that_a_link_leads_to_is_changed_in_its_own_place(one: Newcomer) -> None:
    own = one.folder / "etc" / "mine.toml"
    own.parent.mkdir()
    own.write_text("port = 0  # any\n")
    one.file.parent.mkdir()
    one.file.symlink_to(own)
    done = one.call(*ALL, "--no-plugin")
    assert done.code == 0, done.err
    assert one.file.is_symlink()
    assert own.read_text().startswith("port = 0  # any\n")
    assert own.stat().st_mode & 0o777 == 0o600


def test_a_store_that_cannot_be_read_yet_is_no_obstacle(one: Newcomer) -> None:
    assert one.call(*ALL).code == 0
    assert one.house.call("sync", "1").code == 0
    with closing(sqlite3.connect(one.file.parent / "plexsync.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    done = one.call(*ALL, "--no-plugin")
    assert done.code == 0, done.err
    assert "What was saved in the pages is not proposed: " in done.out
    assert "plexsync.toml stays as it is" in done.out


def test_another_plex_than_before_is_noticed(one: Newcomer) -> None:
    assert one.call(*ALL, "--no-plugin").code == 0
    assert one.house.call("sync", "1").code == 0
    one.put(one.plex, "/_sim/switches", {"machine_identifier": "f" * 40})
    done = one.call(*ALL, "--no-plugin")
    assert "This is another Plex than the one that PlexSync has written to so far" in done.out
