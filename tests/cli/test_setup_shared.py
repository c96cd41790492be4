"""`plexsync setup` where Stash and PlexSync share the plugin's folder at different places, as two containers do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.newcomer import TOKEN, Newcomer, newcomer
from plexsync.pluginfiles import PLUGIN_NAME

pytestmark = pytest.mark.process


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Newcomer]:
    with newcomer(tmp_path) as made:
        yield made


def test_the_plugin_is_put_into_the_shared_folder_and_loaded_without_a_command_that_stash_could_not_run(
    one: Newcomer,
) -> None:
    (one.folder / "stash" / "config.yml").unlink()
    (one.plugins / PLUGIN_NAME).mkdir()
    shared = one.folder / "shared"
    shared.symlink_to(one.plugins)
    one.file.parent.mkdir()
    one.file.write_text(f'spool_folders = ["{shared}/{PLUGIN_NAME}/data"]\n')
    done = one.call("--yes", "--plex-token", TOKEN, "--json")
    assert done.code == 0, done.err
    plugin = done.facts["plugin"]
    assert plugin["installed"] is True
    assert plugin["command"] is None
    assert plugin["watched"] == f"{shared}/{PLUGIN_NAME}/data is watched already."
    assert not (one.plugins / PLUGIN_NAME / "data" / "daemon.json").exists()
    again = one.call("--yes", "--plex-token", TOKEN)
    assert "is in Stash already" in again.out
