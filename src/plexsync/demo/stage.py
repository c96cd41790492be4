"""The stage: a Stash with the plugin, a Plex that sees the same files elsewhere, and a daemon between them."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plexsync.demo.processes import Running, start, without_settings
from plexsync.pluginfiles import install

STASH_ROOT = "/data"
PLEX_ROOT = "/plex/media"


@dataclass(slots=True, kw_only=True)
class Stage:
    """Three running servers and the folder that holds all they keep."""

    folder: Path
    environ: Mapping[str, str]
    scenes: int
    program: Sequence[str]
    ending: ExitStack
    stash: Running
    plex: Running
    daemon: Running

    @property
    def library(self) -> str:
        """The title of the library that is synced."""
        return str(self.plex.facts["sections"][0]["title"])

    @property
    def data_dir(self) -> Path:
        """The daemon's data folder."""
        return self.folder / "daemon"

    def plex_goes(self) -> None:
        """Plex ends; nothing listens at its address any more."""
        self.plex.end()

    def plex_returns(self) -> None:
        """The same Plex answers again at the same address."""
        port = urlsplit(self.plex.url).port or 0
        self.plex = _plex(self.folder, self.environ, self.scenes, port)
        self.ending.callback(self.plex.end)

    def must_live(self) -> None:
        """NotReached when one of the processes broke down."""
        for running in (self.stash, self.daemon):
            running.must_live()


@contextmanager
def staged(scenes: int, daemon_command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Stage]:
    """Everything started; at the end all processes are gone, and so is the folder."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-demo-")))
        plain = without_settings(environ)
        spool = install(folder / "plugins")
        stash = _stash(folder, plain, scenes)
        ending.callback(stash.end)
        plex = _plex(folder, plain, scenes, 0)
        ending.callback(plex.end)
        stage = Stage(
            folder=folder,
            environ=plain,
            scenes=scenes,
            program=daemon_command,
            ending=ending,
            stash=stash,
            plex=plex,
            daemon=stash,
        )
        stage.daemon = _daemon(stage, spool)
        ending.callback(stage.daemon.end)
        yield stage


def _stash(folder: Path, environ: Mapping[str, str], scenes: int) -> Running:
    words = ["sim", "stash", "--scenes", str(scenes), "--prefix", STASH_ROOT, "--plugin", str(folder / "plugins")]
    return start("Stash", [*_program(), *words], folder, environ)


def _plex(folder: Path, environ: Mapping[str, str], scenes: int, port: int) -> Running:
    words = ["sim", "plex", "--items", str(scenes), "--prefix", PLEX_ROOT, "--state", str(folder / "plex")]
    return start("Plex", [*_program(), *words, "--port", str(port)], folder, environ)


def _daemon(stage: Stage, spool: Path) -> Running:
    stage.data_dir.mkdir()
    lines = {
        "port": 0,
        "stash_url": stage.stash.url,
        "plex_url": stage.plex.url,
        "plex_token": stage.plex.facts["token"],
        "libraries": [stage.library],
        "spool_folders": [str(spool)],
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    text += f"\n[[path_rules]]\nplex = {json.dumps(PLEX_ROOT)}\nstash = {json.dumps(STASH_ROOT)}\n"
    (stage.data_dir / "plexsync.toml").write_text(text, encoding="utf-8")
    command = [*(stage.program or _program()), "--data-dir", str(stage.data_dir), "--json", "run"]
    return start("daemon", command, stage.folder, stage.environ)


def _program() -> list[str]:
    return [sys.executable, "-m", "plexsync"]
