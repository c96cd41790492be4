"""Two simulated servers and a data folder that knows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import LIBRARY, House
from plexsync.pluginfiles import install
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Six films in both servers, or as many as an indirect parameter says, none of them in step yet; Stash has the
    plugin.
    """
    films: int = getattr(request, "param", 6)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    plugins = tmp_path / "stash"
    install(plugins)
    options = StashOptions(scenes=films, plugins=(plugins,))
    with serving(stash_app(options)) as stash, serving(plex_app(PlexOptions(items=films))) as plex:
        made = House(data_dir=data_dir, plugins=plugins, stash=stash.url, plex=plex.url)
        made.configure(
            f"""
port = 0
stash_url = "{stash.url}"
plex_url = "{plex.url}"
plex_token = "sim-plex-token"
libraries = ["{LIBRARY}"]
reconcile = "never"
stash_poll = 600

[[path_rules]]
plex = "/plex/media"
stash = "/data"
"""
        )
        yield made
