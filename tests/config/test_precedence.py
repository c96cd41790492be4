"""A stronger source wins, whatever else is given."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.config import Config, default_folder, load, table
from plexsync.model.fields import Field, Owner

SOURCES = ("plugin", "saved", "file", "environment")
#: For each setting: a value that is not its default, as its type reads it from any source.
SAMPLES: dict[str, tuple[Any, ...]] = {
    "host": ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"),
    "port": (1, 2, 3, 4),
    "stash_url": ("http://a", "http://b:1", "https://c", "http://d/e"),
    "libraries": (["A"], ["B", "C"], ["D"], ["E"]),
    "max_retries": (1, 2, 3, 4),
    "poll_interval": (0.5, 2.5, 3.5, 4.5),
    "owner_title": ("fill", "plex", "fill", "plex"),
    "log_level": ("debug", "warning", "error", "debug"),
    "clear_foreign": (["title"], ["date", "year"], ["studio"], ["poster"]),
}
ROWS = {row.name: row for row in table()}


def read(folder: Path, given_by: dict[str, dict[str, Any]], environ: dict[str, str] | None = None) -> Config:
    """Load with each source holding what `given_by` says."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in given_by.get("file", {}).items()]
    (folder / "plexsync.toml").write_text("\n".join(lines), encoding="utf-8")
    variables = {
        ROWS[name].variable: value if isinstance(value, str) else json.dumps(value)
        for name, value in given_by.get("environment", {}).items()
    }
    return load(
        config_file=None,
        data_dir=folder,
        environ={**(environ or {}), **variables},
        plugin={ROWS[name].camel: value for name, value in given_by.get("plugin", {}).items()},
        saved=given_by.get("saved", {}),
    )


@given(st.dictionaries(st.sampled_from(sorted(SAMPLES)), st.sets(st.sampled_from(SOURCES))))
def test_each_setting_has_the_value_of_its_strongest_source(plan: dict[str, set[str]]) -> None:
    """Any subset of sources for any subset of settings: the strongest one's value, else the default."""
    given_by: dict[str, dict[str, Any]] = {source: {} for source in SOURCES}
    for name, sources in plan.items():
        for source in sources:
            given_by[source][name] = SAMPLES[name][SOURCES.index(source)]
    with tempfile.TemporaryDirectory() as folder:
        config = read(Path(folder), given_by)
        default = Config(data_dir=Path(folder))
    assert config.refused == ()
    for name in SAMPLES:
        strongest = max((SOURCES.index(source) for source in plan.get(name, ())), default=None)
        expected = getattr(default, name) if strongest is None else SAMPLES[name][strongest]
        actual = getattr(config, name)
        assert (list(actual) if isinstance(actual, tuple) else actual) == (
            list(expected) if isinstance(expected, tuple) else expected
        )
        assert (name in config.origins) == (strongest is not None)


@given(st.sets(st.sampled_from(SOURCES)))
def test_a_fall_back_variable_gives_way_to_every_other_source(sources: set[str]) -> None:
    """STASH_URL counts only where nothing else names Stash."""
    given_by = {source: {"stash_url": f"http://{source}"} for source in sources}
    with tempfile.TemporaryDirectory() as folder:
        config = read(Path(folder), given_by, {"STASH_URL": "http://fallback"})
    strongest = max(sources, key=SOURCES.index) if sources else "fallback"
    assert config.stash_url == f"http://{strongest}"


def test_all_four_fall_back_variables_are_read(tmp_path: Path) -> None:
    environ = {
        "PLEX_URL": "http://plex:32400",
        "PLEX_TOKEN": "plex-token-of-the-owner",
        "STASH_URL": "http://stash:9999",
        "STASH_API_KEY": "stash-key",
    }
    config = load(config_file=None, data_dir=tmp_path, environ=environ)
    assert (config.plex_url, config.stash_url) == ("http://plex:32400", "http://stash:9999")
    assert config.secrets() == ("stash-key", "plex-token-of-the-owner")


def test_an_empty_fall_back_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(config_file=None, data_dir=tmp_path, environ={"PLEX_URL": ""}).plex_url is None


def test_only_the_given_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own variables change nothing, not even its home folder."""
    monkeypatch.setenv("PLEXSYNC_PORT", "1")
    monkeypatch.setenv("PLEX_URL", "http://never")
    monkeypatch.setenv("PLEXSYNC_NONSENSE", "x")
    monkeypatch.setenv("HOME", "/never")
    monkeypatch.setenv("XDG_DATA_HOME", "/never")
    config = load(config_file=None, data_dir=None, environ={"HOME": str(tmp_path)})
    assert (config.port, config.plex_url) == (9797, None)
    assert config.data_dir.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/share/plexsync"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "/x"}, "/x/plexsync"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "relative"}, "/h/.local/share/plexsync"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/plexsync"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/plexsync"),
        ("linux", {}, None),
    ],
)
def test_the_usual_data_folder_is_that_of_the_platform(
    platform: str, environ: dict[str, str], expected: str | None
) -> None:
    assert default_folder(environ, platform) == (Path(expected) if expected else None)


def test_the_data_folder_of_the_command_line_wins(tmp_path: Path) -> None:
    environ = {"PLEXSYNC_DATA_DIR": "/elsewhere"}
    assert load(config_file=None, data_dir=tmp_path, environ=environ).data_dir == tmp_path


def test_the_file_of_the_folder_that_a_variable_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "plexsync.toml").write_text("port = 1234", encoding="utf-8")
    config = load(config_file=None, data_dir=None, environ={"PLEXSYNC_DATA_DIR": str(tmp_path)})
    assert (config.port, config.data_dir) == (1234, tmp_path)


def test_a_named_file_may_name_the_data_folder(tmp_path: Path) -> None:
    """A relative one starts at the file."""
    file = tmp_path / "my.toml"
    file.write_text('data_dir = "data"', encoding="utf-8")
    assert load(config_file=file, data_dir=None, environ={}).data_dir == tmp_path / "data"
    assert load(config_file=None, data_dir=None, environ={"PLEXSYNC_CONFIG": str(file)}).data_dir == tmp_path / "data"


def test_owner_and_switch_of_the_year_are_those_of_the_date() -> None:
    config = Config(data_dir=Path("/d"), owner_date=Owner.FILL, sync_date=False)
    assert config.owner(Field.YEAR) is Owner.FILL
    assert not config.writes(Field.YEAR)
    assert config.writes(Field.TITLE)
    assert config.owner(Field.RATING) is Owner.FILL


def test_the_master_switch_turns_every_field_off() -> None:
    config = Config(data_dir=Path("/d"), sync_enabled=False)
    assert not any(config.writes(field) for field in Field)


def test_the_database_lies_in_the_data_folder_unless_named() -> None:
    assert Config(data_dir=Path("/d")).database_url == "sqlite:////d/plexsync.db"
