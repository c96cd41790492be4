"""The plugin is told where the daemon is, through Stash."""

from __future__ import annotations

import json
import stat

import pytest

from cli.program import House

pytestmark = pytest.mark.process


def test_the_plugin_learns_address_and_events_token_and_tries_them(house: House) -> None:
    """The token admits events only; the API key stays here."""
    with house.daemon() as running:
        done = house.call("plugin", "connect", "--url", running.url)
    assert done.code == 0, done.err
    assert "takes events" in done.out
    kept = house.plugins / "PlexSyncDaemon" / "data" / "daemon.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    secrets = json.loads((house.data_dir / "identity.json").read_text())
    assert json.loads(kept.read_text()) == {"url": running.url, "token": secrets["events_token"]}


def test_a_plugin_that_stash_does_not_have_is_told(house: House) -> None:
    """Stash's own refusal is no success."""
    (house.plugins / "PlexSyncDaemon" / "hook.py").unlink()
    with house.daemon() as running:
        refused = house.call("plugin", "connect", "--url", running.url)
    assert refused.code == 1
    assert "Traceback" not in refused.err


def test_connecting_needs_an_address_and_a_daemon_that_ran_once(house: House) -> None:
    """Each missing thing is named with what helps."""
    assert "--url" in house.call("plugin", "connect").err
    unknown = house.call("plugin", "connect", "--url", "http://nas:9797")
    assert unknown.code == 1
    assert "plexsync run" in unknown.err
