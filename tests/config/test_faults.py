"""Each setting that cannot be used has one line that says what, where, what is allowed and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from plexsync.config import check, load
from plexsync.model.errors import ConfigurationError


def lines(folder: Path, text: str = "", environ: dict[str, str] | None = None) -> list[str]:
    """The faults of this file and environment."""
    (folder / "plexsync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(config_file=None, data_dir=folder, environ=environ or {})
    assert all("\n" not in line for line in caught.value.faults)
    return caught.value.faults


FILE_FAULTS = [
    ("max_retries = 99", "max_retries = 99", "is too large; allowed: 1 to 20"),
    ("max_retries = 0", "max_retries = 0", "is too small; allowed: 1 to 20"),
    ("max_retries = true", "max_retries = true", "is not a number; allowed: 1 to 20"),
    ("max_retries = 1.5", "max_retries = 1.5", "is not a whole number; allowed: 1 to 20"),
    ("port = 65536", "port = 65536", "allowed: 0 to 65535"),
    ('connect_timeout = "x"', 'connect_timeout = "x"', "is not a number; allowed: 1 to 30"),
    ("read_timeout = 4.9", "read_timeout = 4.9", "allowed: 5 to 120"),
    ("poll_interval = nan", "poll_interval = NaN", "allowed: 0.1 to 60"),
    ("poll_interval = inf", "poll_interval = Infinity", "allowed: 0.1 to 60"),
    ("full_walk_hours = 0", "full_walk_hours = 0", "allowed: 1 to 720"),
    ("dead_letter_days = 366", "dead_letter_days = 366", "allowed: 1 to 365"),
    ('strict_matching = "perhaps"', 'strict_matching = "perhaps"', "is neither true nor false"),
    ('owner_title = "me"', 'owner_title = "me"', 'allowed: "stash", "fill" or "plex"'),
    ('title_when_empty = "x"', 'title_when_empty = "x"', 'allowed: "keep" or "stem"'),
    ('log_level = "loud"', 'log_level = "loud"', 'allowed: "debug", "info", "warning" or "error"'),
    ('clear_foreign = ["titel"]', 'clear_foreign[0] = "titel"', "is none of the words allowed"),
    ('stash_url = "stash:9999"', 'stash_url = "stash:9999"', 'has no scheme; .* write "http://stash:9999"'),
    ('stash_url = "ftp://stash"', 'stash_url = "ftp://stash"', "scheme that is not http or https"),
    ('stash_url = "http://"', 'stash_url = "http://"', "names no host"),
    ('stash_url = "http://h:99999"', 'stash_url = "http://h:99999"', "is no address"),
    ('plex_url = "http://h:1/web/index.html#!/"', "plex_url = ", 'write only "http://h:1"'),
    ('stash_url = ""', 'stash_url = ""', "is empty"),
    ("stash_url = 5", "stash_url = 5", "is not text"),
    ('host = "http://h"', 'host = "http://h"', "without http:// and without a port"),
    ('ca_file = ""', 'ca_file = ""', "is empty"),
    ('spool_folders = [""]', 'spool_folders[0] = ""', "is empty"),
    ('store_url = "mysql://h/d"', r"store_url = \*\*\*\*", 'begin it with "sqlite:///" or "postgresql://"'),
    ('store_url = "postgresql+other://h/d"', "store_url = ", 'begin it with "sqlite:///" or "postgresql://"'),
    ('plex_token = "with space in the middle"', r"plex_token = with\.\.\.ddle", "holds a space"),
    ('stash_api_key = ""', r"stash_api_key = \*\*\*\*", "is empty"),
    ("libraries = [true]", "libraries", "neither a title nor a key"),
    ("libraries = {a = 1}", "libraries", "is not a list"),
    ('[[path_rules]]\nplex = "media"\nstash = "/m"', r'path_rules[0].plex = "media"', "is not an absolute path"),
    ('[[path_rules]]\nplex = "/media"', "path_rules[0]", "is not one whole rule"),
    ('[[path_rules]]\nplex_pattern = "("\nstash_pattern = "x"', 'path_rules[0].plex_pattern = "("', "no regular"),
    ('[[servers]]\nname = "a"', "servers[0].url", "is missing"),
    ('[[servers]]\nurl = "http://a"\nname = " "', 'servers[0].name = " "', "is empty"),
    ("servers = 5", "servers", "is not a list"),
]


@pytest.mark.parametrize(("text", "start", "problem"), FILE_FAULTS)
def test_a_bad_value_in_the_file_has_its_line(tmp_path: Path, text: str, start: str, problem: str) -> None:
    [line] = lines(tmp_path, text)
    assert line.startswith(start.replace("\\", ""))
    assert f"({tmp_path}/plexsync.toml, key " in line
    assert re.search(problem, line)
    assert "To mend it: " in line


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PLEXSYNC_PORT", "many", 'port = "many" (PLEXSYNC_PORT): is not a whole number; allowed: 0 to 65535.'),
        ("PLEXSYNC_STASH_URL", "", 'stash_url = "" (PLEXSYNC_STASH_URL): is empty'),
        ("PLEX_URL", "plex:32400", 'plex_url = "plex:32400" (PLEX_URL): has no scheme'),
        ("PLEXSYNC_SERVERS", "[{", "servers (PLEXSYNC_SERVERS): is no JSON"),
        ("PLEXSYNC_PROT", "1", 'PLEXSYNC_PROT (environment): is not known; did you mean "PLEXSYNC_PORT"?'),
        ("PLEXSYNC_PLEX_TOKEN", '"in quotes"', "plex_token = **** (PLEXSYNC_PLEX_TOKEN): begins or ends with a quote"),
    ],
)
def test_a_bad_variable_has_its_line(tmp_path: Path, variable: str, value: str, line: str) -> None:
    [found] = lines(tmp_path, environ={variable: value})
    assert found.startswith(line)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = "max_retries = 99\nprot = 1\n[[servers]]\nname = 'a'\nurl = 'a'\ntokn = 'x'"
    found = lines(tmp_path, text, {"PLEXSYNC_PORT": "x", "PLEXSYNC_FOO_BAR": "1"})
    names = ["PLEXSYNC_FOO_BAR", "max_retries", "port", "prot", "servers[0].tokn", "servers[0].url"]
    assert sorted(line.split(" ")[0] for line in found) == names


def test_an_unknown_key_is_told_with_the_name_that_was_meant(tmp_path: Path) -> None:
    [line] = lines(tmp_path, 'stash_uri = "http://s"')
    assert line == (
        f'stash_uri ({tmp_path}/plexsync.toml): is not known; did you mean "stash_url"? '
        "To mend it: correct the name, or take it out."
    )


def test_broken_toml_is_told_with_its_line_and_without_its_content(tmp_path: Path) -> None:
    [line] = lines(tmp_path, 'port = 1\nplex_token = "never-shown\n')
    assert line.startswith(f"plexsync.toml ({tmp_path}/plexsync.toml, line 2, column ")
    assert "is not valid TOML" in line
    assert "never-shown" not in line


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'port = 1\n\nhost = "\xff"\n')
    with pytest.raises(ConfigurationError, match=r"line 3\): is not UTF-8"):
        load(config_file=file, data_dir=tmp_path, environ={})


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "plexsync.toml").write_bytes(b"\xef\xbb\xbfport = 5\r\nhistory_days = 7\r\n")
    config = load(config_file=None, data_dir=tmp_path, environ={})
    assert (config.port, config.history_days) == (5, 7)


def test_a_named_file_must_exist_and_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load(config_file=tmp_path / "none.toml", data_dir=tmp_path, environ={})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(config_file=tmp_path, data_dir=tmp_path, environ={})


def test_the_file_in_the_data_folder_cannot_move_the_data_folder(tmp_path: Path) -> None:
    [line] = lines(tmp_path, 'data_dir = "/elsewhere"')
    assert "PLEXSYNC_DATA_DIR" in line


def test_without_a_home_the_data_folder_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match=r"data_dir .*HOME is not set.*PLEXSYNC_DATA_DIR"):
        load(config_file=None, data_dir=None, environ={})


def test_a_value_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-in-a-file\n", encoding="utf-8")
    (tmp_path / "libs").write_text("A\nB, C\n", encoding="utf-8")
    environ = {
        "PLEXSYNC_PLEX_TOKEN_FILE": str(tmp_path / "token"),
        "PLEXSYNC_LIBRARIES_FILE": str(tmp_path / "libs"),
        "PLEXSYNC_CA_FILE": "/etc/ca.pem",
    }
    config = load(config_file=None, data_dir=tmp_path, environ=environ)
    assert config.plex_token is not None
    assert config.plex_token.get_secret_value() == "token-in-a-file"
    assert config.libraries == ("A", "B", "C")
    assert config.ca_file == Path("/etc/ca.pem")


def test_a_value_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    [line] = lines(tmp_path, environ={"PLEXSYNC_PLEX_TOKEN_FILE": "/no/such/file"})
    assert line.startswith("plex_token (PLEXSYNC_PLEX_TOKEN_FILE, the file /no/such/file): the file cannot be read")
    [line] = lines(tmp_path, environ={"PLEXSYNC_PLEX_TOKEN_FILE": str(tmp_path)})
    assert "cannot be read" in line


def test_a_variable_and_its_file_together_are_a_fault(tmp_path: Path) -> None:
    [line] = lines(tmp_path, environ={"PLEXSYNC_PORT": "1", "PLEXSYNC_PORT_FILE": "/x"})
    assert "is given twice" in line


def test_variables_of_kubernetes_for_a_service_of_our_name_are_not_ours(tmp_path: Path) -> None:
    environ = {
        "PLEXSYNC_SERVICE_HOST": "10.0.0.1",
        "PLEXSYNC_SERVICE_PORT_HTTP": "9797",
        "PLEXSYNC_PORT": "tcp://10.0.0.1:9797",
        "PLEXSYNC_PORT_9797_TCP_ADDR": "10.0.0.1",
    }
    assert load(config_file=None, data_dir=tmp_path, environ=environ).port == 9797


@pytest.mark.parametrize("source", ["plugin", "saved"])
def test_a_bad_setting_of_people_is_refused_alone_and_the_weaker_value_stays(tmp_path: Path, source: str) -> None:
    given: dict[str, Any] = {"stash_url": "stash:9999", "max_retries": 7, "store_url": "sqlite://", "nonsense": 1}
    weaker = {"STASH_URL": "http://weaker"}
    if source == "plugin":
        config = load(config_file=None, data_dir=tmp_path, environ=weaker, plugin=given)
    else:
        config = load(config_file=None, data_dir=tmp_path, environ=weaker, saved=given)
    assert (config.stash_url, config.max_retries) == ("http://weaker", 7)
    assert config.database_url.endswith("/plexsync.db")
    assert sorted(line.split(" ")[0] for line in config.refused) == ["nonsense", "stash_url", "store_url"]


def test_empty_settings_of_the_plugin_count_as_not_set(tmp_path: Path) -> None:
    config = load(config_file=None, data_dir=tmp_path, environ={}, plugin={"plexUrl": "", "libraries": ""})
    assert (config.plex_url, config.refused) == (None, ())


def test_the_pages_can_ask_what_they_must_not_save() -> None:
    found = check({"port": 5, "max_retries": 99, "data_dir": "/x", "spool_folders": ["relative"]})
    assert sorted(found) == ["data_dir", "max_retries", "spool_folders[0]"]
    assert "1 to 20" in found["max_retries"]
