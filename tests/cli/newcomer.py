"""Somebody who has a Stash, a Plex and an account, and nothing of PlexSync yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from cli.program import PROGRAM, Done, House, environment
from cli.terminal import Terminal, terminal
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.plextv import PlexTvOptions, server_resource
from plexsync.sim.plextv import create_app as plextv_app
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app

TOKEN, GUEST = "sim-plex-token", "sim-guest-token"
KEY = "stash-key-0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Three addresses, and what lies on the disk: Stash's folder, and a data folder that is not there yet."""

    folder: Path
    stash: str
    plex: str
    plextv: str
    machine: str

    @property
    def house(self) -> House:
        """The same for verbs of somebody who has begun."""
        return House(data_dir=self.folder / "data", plugins=self.plugins, stash=self.stash, plex=self.plex)

    @property
    def plugins(self) -> Path:
        """Stash's plugins folder."""
        return self.folder / "stash" / "plugins"

    @property
    def file(self) -> Path:
        """Where the settings will be."""
        return self.folder / "data" / "plexsync.toml"

    @property
    def words(self) -> list[str]:
        """`setup`, told to look at these addresses in place of the usual ones."""
        looking = ["--usual-stash", self.stash, "--usual-plex", self.plex, "--patience", "60"]
        return ["setup", *looking, "--plex-tv", self.plextv]

    def at_terminal(self, *words: str, **environ: str) -> AbstractContextManager[Terminal]:
        """`plexsync setup` with a person before it."""
        begin = [*PROGRAM, "--data-dir", str(self.folder / "data")]
        return terminal([*begin, *self.words, *words], environment() | environ)

    def call(self, *words: str) -> Done:
        """`plexsync setup` with nobody there."""
        return self.house.call(*self.words, *words)

    def put(self, server: str, path: str, content: Any = None) -> None:
        """Tell one of the simulators something."""
        answer = httpx2.put(f"{server}{path}", json=content, timeout=60)
        assert answer.status_code < 300, answer.text

    def code(self) -> str:
        """The newest code that plex.tv has given out."""
        return str(list(httpx2.get(f"{self.plextv}/_sim/pins", timeout=60).json())[-1])

    def signs_in(self, screen: Terminal) -> None:
        """Type the code that the screen shows at plex.tv/link."""
        screen.reads("type this code:")
        screen.reads("Ctrl-C leaves")
        assert self.code() in screen.said
        self.put(self.plextv, f"/_sim/pins/{self.code()}")

    def written(self) -> list[str]:
        """Everything that lies in the data folder."""
        return sorted(path.name for path in self.file.parent.iterdir()) if self.file.parent.exists() else []

    def resource(self, **changes: Any) -> dict[str, Any]:
        """The Plex as the account knows it."""
        return server_resource("Living room", self.machine, self.plex, token=TOKEN) | changes


@contextmanager
def newcomer(folder: Path, *, api_key: str | None = None, sections: int = 1, items: int = 6) -> Iterator[Newcomer]:
    """With six films on both sides; Stash and its folder are on this computer."""
    plugins = folder / "stash" / "plugins"
    plugins.mkdir(parents=True)
    (folder / "stash" / "config.yml").touch()
    stash_options = StashOptions(scenes=6, api_key=api_key, plugins=(plugins,), config_dir=folder / "stash")
    plex_options = PlexOptions(items=items, section_count=sections, guest_token=GUEST)
    plextv = plextv_app(PlexTvOptions())
    with (
        serving(stash_app(stash_options)) as stash,
        serving(plex_app(plex_options)) as plex,
        serving(plextv) as tv,
    ):
        told = httpx2.get(f"{plex.url}/identity", headers={"Accept": "application/json"}, timeout=60)
        machine = json.loads(told.content)["MediaContainer"]["machineIdentifier"]
        made = Newcomer(folder=folder, stash=stash.url, plex=plex.url, plextv=tv.url, machine=machine)
        plextv.state.plextv.resources.append(made.resource())
        yield made
