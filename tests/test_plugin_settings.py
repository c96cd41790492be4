"""What the plugin's page in Stash offers is what the daemon understands."""

from __future__ import annotations

from pathlib import Path

import yaml

from plexsync.app.sources import PLUGIN_OWN
from plexsync.config import load

MANIFEST = Path(__file__).parent.parent / "plugin" / "PlexSyncDaemon.yml"


def test_every_setting_of_the_manifest_is_the_hooks_own_or_one_of_the_daemons(tmp_path: Path) -> None:
    names = set(yaml.safe_load(MANIFEST.read_text())["settings"])
    assert names >= PLUGIN_OWN
    given: dict[str, object] = dict.fromkeys(names - PLUGIN_OWN, "abcdefgh")
    given |= {"plexUrl": "http://plex:32400", "purgeDays": 30}
    config = load(config_file=None, data_dir=tmp_path, environ={}, plugin=given)
    assert config.refused == ()
    assert config.servers[0].url == "http://plex:32400"
    assert config.purge_days == 30
