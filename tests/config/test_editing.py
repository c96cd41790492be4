"""The settings file gets other values and loses nothing that somebody wrote."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.config import load
from plexsync.config.editing import edited

FILE = """\
# mine
stash_url = "http://old:9999"   # the NAS
log_level = "debug"

libraries = [
    "Films",  # the good ones
]

[rules]
title = "{title}"  # as it is

[[path_rules]]
# the first disk
plex = "/volume1"
stash = "/data"
"""
RULE = {"plex": "/volume1", "stash": "/data"}


def test_comments_order_and_other_keys_stay() -> None:
    text = edited(FILE, {"stash_url": "http://new:9999", "plex_url": "http://plex:32400", "plex_token": "t" * 20})
    kept = [line for line in FILE.splitlines() if "old" not in line]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert 'stash_url = "http://new:9999"   # the NAS' in text
    assert tomllib.loads(text)["plex_url"] == "http://plex:32400"
    assert tomllib.loads(text)["rules"] == {"title": "{title}"}


def test_what_means_the_same_is_not_written_anew() -> None:
    same = {"stash_url": "http://old:9999/", "libraries": ["Films"], "path_rules": [RULE], "stash_api_key": None}
    assert edited(FILE, same) == FILE
    older = FILE.replace('[[path_rules]]\n# the first disk\nplex = "/volume1"\nstash = "/data"\n', "")
    arrows = 'path_rules = "/volume1 => /data"\n' + older
    assert edited(arrows, {"path_rules": [RULE]}) == arrows


def test_a_rule_more_stands_below_those_that_are_there() -> None:
    text = edited(FILE, {"path_rules": [RULE, {"plex": "/volume2", "stash": "/data"}]})
    assert text.startswith(FILE)
    assert tomllib.loads(text)["path_rules"] == [RULE, {"plex": "/volume2", "stash": "/data"}]


@pytest.mark.parametrize("held", ['path_rules = [{plex = "/a", stash = "/b"}]', 'path_rules = "/a => /b"', ""])
def test_other_rules_take_the_place_of_those_in_any_form(held: str) -> None:
    text = edited(f"{held}\nport = 0\n\n[rules]\ntitle = '{{title}}'\n", {"path_rules": [RULE], "plex_url": "http://p"})
    found = tomllib.loads(text)
    assert found == {"port": 0, "plex_url": "http://p", "rules": {"title": "{title}"}, "path_rules": [RULE]}
    assert "path_rules" not in tomllib.loads(edited(text, {"path_rules": []}))


def test_a_value_is_taken_out() -> None:
    assert "stash_url" not in tomllib.loads(edited(FILE, {"stash_url": None}))


def test_the_entry_of_one_server_is_changed_and_no_other() -> None:
    file = '[[servers]]\nname = "a"  # upstairs\nurl = "http://a"\n\n[[servers]]\nname = "b"\nurl = "http://b"\n'
    values = {"plex_url": "http://c", "plex_token": "t" * 20, "libraries": ["Films"], "stash_url": "http://s"}
    found = tomllib.loads(edited(file, values, server=1))
    assert found["servers"] == [
        {"name": "a", "url": "http://a"},
        {"name": "b", "url": "http://c", "token": "t" * 20, "libraries": ["Films"]},
    ]
    assert found["stash_url"] == "http://s"
    assert "# upstairs" in edited(file, values, server=1)


def test_marks_line_ends_and_windows_paths_are_kept_readable() -> None:
    text = edited("\ufeffport = 0\r\n", {"path_rules": [{"plex": "D:\\Media", "stash": "/data"}]})
    assert text.startswith("\ufeffport = 0\r\n")
    assert "plex = 'D:\\Media'" in text
    odd = edited("", {"path_rules": [{"plex": "D:\\It's", "stash": "/da\tta"}]})
    assert tomllib.loads(odd)["path_rules"] == [{"plex": "D:\\It's", "stash": "/da\tta"}]


TITLES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Z"]), min_size=1, max_size=20)
FOLDERS = TITLES.map(lambda text: "/" + text.replace("/", "_"))
RULES = st.lists(st.fixed_dictionaries({"plex": FOLDERS, "stash": FOLDERS}), max_size=4)
ANSWERS = st.fixed_dictionaries(
    {"libraries": st.lists(TITLES.map(lambda text: "x" + text), max_size=4, unique=True), "path_rules": RULES},
    optional={
        "stash_url": st.sampled_from(["http://a", "https://b:1/stash"]),
        "plex_token": st.text("abc-_XYZ089", min_size=8, max_size=30),
        "tls_verify": st.booleans(),
    },
)


@given(first=ANSWERS, second=ANSWERS, before=st.sampled_from(["", FILE, "port = 1\n[rules]\ntitle = 'x'\n"]))
def test_whatever_is_answered_loads_as_it_was_answered_and_a_second_time_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, Any], second: dict[str, Any], before: str
) -> None:
    text = before
    for answers in (first, second):
        text = edited(text, answers)
        assert edited(text, answers) == text
    values = tomllib.loads(text)
    assert values["libraries"] == second["libraries"]
    assert values.get("path_rules", []) == second["path_rules"]
    others = set(tomllib.loads(before)) - set(first) - set(second)
    assert {name: values[name] for name in others} == {name: tomllib.loads(before)[name] for name in others}
    folder = tmp_path_factory.mktemp("file")
    (Path(folder) / "plexsync.toml").write_text(text, encoding="utf-8")
    assert list(load(config_file=None, data_dir=folder, environ={}).libraries) == second["libraries"]
