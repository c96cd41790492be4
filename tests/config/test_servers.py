"""One server by plain names, or several as a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from plexsync.config import Config, load
from plexsync.model.errors import ConfigurationError

LIST = """
[[servers]]
name = "attic"
url = "http://10.0.0.5:32400/"
token = "attic-token-attic-token"
libraries = ["Clips", 7]

[[servers]]
name = "cellar"
url = "https://cellar"
"""


def loaded(folder: Path, text: str = "", environ: dict[str, str] | None = None, **people: dict[str, object]) -> Config:
    """Load with this file."""
    (folder / "plexsync.toml").write_text(text, encoding="utf-8")
    return load(config_file=None, data_dir=folder, environ=environ or {}, **people)


def test_plain_names_from_several_sources_make_a_list_of_one(tmp_path: Path) -> None:
    environ = {"PLEXSYNC_PLEX_TOKEN": "token-from-environment"}
    [server] = loaded(tmp_path, 'plex_url = "http://p:32400"', environ, saved={"libraries": ["A"]}).servers
    assert (server.name, server.url, server.libraries) == ("plex", "http://p:32400", ("A",))
    assert server.token is not None
    assert server.token.get_secret_value() == "token-from-environment"


def test_without_an_address_there_is_no_server(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'plex_token = "token-of-nothing"').servers == ()


def test_a_list_of_servers_is_read_with_its_libraries(tmp_path: Path) -> None:
    attic, cellar = loaded(tmp_path, LIST).servers
    assert (attic.name, attic.url, attic.libraries) == ("attic", "http://10.0.0.5:32400", ("Clips", "7"))
    assert (cellar.token, cellar.libraries) == (None, ())


def test_weaker_plain_names_give_way_to_the_list(tmp_path: Path) -> None:
    config = loaded(tmp_path, LIST, {"PLEX_URL": "http://old"}, plugin={"plexToken": "token-of-the-plugin"})
    assert [server.name for server in config.servers] == ["attic", "cellar"]
    assert config.plex_url is None


SAVED: dict[str, object] = {"servers": [{"name": "attic", "url": "http://attic"}]}


def test_a_list_saved_in_the_pages_gives_way_to_the_plain_names_of_a_file(tmp_path: Path) -> None:
    assert [server.name for server in loaded(tmp_path, saved=SAVED).servers] == ["attic"]
    config = loaded(tmp_path, 'plex_url = "http://p"', saved=SAVED)
    assert [(server.name, server.url) for server in config.servers] == [("plex", "http://p")]


def test_plain_names_without_an_address_do_not_drop_a_saved_list(tmp_path: Path) -> None:
    config = loaded(tmp_path, 'libraries = ["A"]', saved=SAVED)
    assert [server.name for server in config.servers] == ["attic"]
    assert [line.split(" ")[0] for line in config.refused] == ["libraries"]


def test_a_list_in_a_variable_wins_over_the_plain_names_of_a_file(tmp_path: Path) -> None:
    environ = {"PLEXSYNC_SERVERS": '[{"name": "attic", "url": "http://attic"}]'}
    assert [server.name for server in loaded(tmp_path, 'plex_url = "http://p"', environ).servers] == ["attic"]


@pytest.mark.parametrize(
    ("text", "environ"),
    [('plex_url = "http://p"\n' + LIST, {}), (LIST, {"PLEXSYNC_PLEX_URL": "http://p"})],
)
def test_both_forms_at_once_are_a_fault(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^plex_url \(.*servers is set too .*keep one of the two"):
        loaded(tmp_path, text, environ)


def test_two_servers_of_one_name_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gives one name to two servers"):
        loaded(tmp_path, LIST.replace("cellar", "Attic"))


def test_path_rules_have_two_forms(tmp_path: Path) -> None:
    text = """
    [[path_rules]]
    name = "NAS"
    plex = "/volume1/media"
    stash = "/data"
    [[path_rules]]
    plex_pattern = "^/mnt/([^/]*)/"
    stash_pattern = '/disks/\\1/'
    case_insensitive = true
    """
    folders, pattern = loaded(tmp_path, text).path_rules
    assert (folders.name, folders.plex, folders.stash) == ("NAS", "/volume1/media", "/data")
    assert (pattern.stash_pattern, pattern.case_insensitive) == (r"/disks/\1/", True)


def test_path_rules_of_the_plugin_are_lines_with_an_arrow(tmp_path: Path) -> None:
    config = loaded(tmp_path, plugin={"pathRules": r"/volume1/media => /data; D:\clips => /clips"})
    assert [(rule.plex, rule.stash) for rule in config.path_rules] == [
        ("/volume1/media", "/data"),
        (r"D:\clips", "/clips"),
    ]
