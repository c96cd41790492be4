"""The plugin's way into Stash."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cli.program import House, environment
from plexsync.demo.processes import start
from plexsync.pluginfiles import install, let_hook_start, plugin_files

pytestmark = pytest.mark.process


def test_the_plugin_is_copied_with_a_command_that_starts_this_daemon(house: House, tmp_path: Path) -> None:
    """All its files, an open spool folder, a private daemon.json; the daemon then watches the folder."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    done = house.call("plugin", "install", "--plugins-folder", str(plugins), "--json")
    assert done.code == 0, done.err
    folder = plugins / "PlexSyncDaemon"
    copied = {file.name for file in folder.iterdir() if file.is_file()}
    assert copied == {file.name for file in plugin_files().iterdir() if file.suffix in {".py", ".yml"}}
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o777
    facts = folder / "data" / "daemon.json"
    assert stat.S_IMODE(facts.stat().st_mode) == 0o600
    command = json.loads(facts.read_text())["command"]
    assert Path(command[0]).is_absolute()
    running = start("started", [*command, "--json"], tmp_path, environment())
    try:
        assert (folder / "data" / "nudge.sock").exists()
    finally:
        running.end()


def test_installing_again_keeps_events_and_what_the_hook_was_told(tmp_path: Path) -> None:
    """Old modules go, the spool folder's content stays."""
    spool = install(tmp_path)
    (spool / "1.json").write_text("{}")
    (spool / "daemon.json").write_text('{"url": "http://nas:9797", "token": "t"}')
    (spool.parent / "old.py").write_text("")
    let_hook_start(install(tmp_path), ["/bin/plexsync", "run"])
    assert (spool / "1.json").exists()
    assert not (spool.parent / "old.py").exists()
    assert json.loads((spool / "daemon.json").read_text()) == {
        "url": "http://nas:9797",
        "token": "t",
        "command": ["/bin/plexsync", "run"],
    }
    let_hook_start(spool, None)
    assert "command" not in json.loads((spool / "daemon.json").read_text())


def test_settings_in_a_file_win_so_the_user_is_told_to_add_the_folder(house: House, tmp_path: Path) -> None:
    """A saved folder would have no effect."""
    (tmp_path / "plugins").mkdir()
    toml = house.data_dir / "plexsync.toml"
    toml.write_text('spool_folders = ["/elsewhere"]\n' + toml.read_text())
    done = house.call("plugin", "install", "--plugins-folder", str(tmp_path / "plugins"))
    assert done.code == 0
    assert "to spool_folders" in done.out


def test_a_folder_that_is_not_there_is_refused(house: House, tmp_path: Path) -> None:
    """Stash's folder is never made by us."""
    refused = house.call("plugin", "install", "--plugins-folder", str(tmp_path / "nope"))
    assert refused.code == 1
    assert not (tmp_path / "nope").exists()


def test_without_hooks_the_tasks_and_settings_stay(tmp_path: Path) -> None:
    """For a Stash that starts its plugins too slowly to do so at each edit."""
    manifest = install(tmp_path, hooks=False).parent / "PlexSyncDaemon.yml"
    whole = (plugin_files() / manifest.name).read_text()
    before, _, after = whole.partition("hooks:\n")
    assert manifest.read_text() == before + after[after.index("tasks:\n") :]
    install(tmp_path)
    assert manifest.read_text() == whole
