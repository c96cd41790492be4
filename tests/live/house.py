"""A simulated Plex and the real daemon beside a real Stash."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.server import PLUGIN, Scene, Stash
from plexsync.demo.processes import Running, start, without_settings
from plexsync.demo.servers import Daemon, Plex, daemon_client, plain_client
from plexsync.demo.waiting import until
from plexsync.store.lock import holder

PLEX_ROOT = "/plex/media"
LIBRARY = "Open movies"
PATIENCE = 120.0
PROGRAM = [sys.executable, "-m", "plexsync"]
#: A number that no earlier run against the same Stash has used.
RUN = uuid.uuid4().hex[:8]


@dataclass(slots=True, kw_only=True)
class House:
    """`media` is the folder of all of Stash's files; `spool` is the plugin's folder for events."""

    folder: Path
    stash: Stash
    plugins: Path
    media: str
    plex: Running
    seen: Plex

    @property
    def spool(self) -> Path:
        return self.plugins / PLUGIN / "data"

    @property
    def data_dir(self) -> Path:
        return self.folder / "daemon"

    @property
    def environ(self) -> dict[str, str]:
        return without_settings(os.environ)

    @property
    def identity(self) -> dict[str, Any]:
        """What the daemon keeps to itself."""
        return dict(json.loads((self.data_dir / "identity.json").read_text(encoding="utf-8")))

    def gap_paths(self) -> list[str]:
        """The files that Plex asked about and Stash does not know, as they were noted."""
        with closing(sqlite3.connect(f"file:{self.data_dir / 'plexsync.db'}?mode=ro", uri=True)) as database:
            return [str(row[0]) for row in database.execute("select path from gaps where kind = 'unknown'")]

    def settings(self, *spools: Path, rules: str = "", **more: Any) -> None:
        """Write the daemon's settings; `rules` as they stand in a user's file."""
        lines = {
            "port": 0,
            "stash_url": self.stash.url,
            "plex_url": self.plex.url,
            "plex_token": self.plex.facts["token"],
            "libraries": [LIBRARY],
            "preview_first_contact": False,
        } | more
        if spools:
            lines["spool_folders"] = [str(folder) for folder in spools]
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        text += f"\n[[path_rules]]\nplex = {json.dumps(PLEX_ROOT)}\nstash = {json.dumps(self.media)}\n{rules}"
        self.data_dir.mkdir(exist_ok=True)
        (self.data_dir / "plexsync.toml").write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Any:
        """The facts that one call of the command line printed; it must succeed."""
        return json.loads(self._printed("--json", *words))

    def told(self, *words: str) -> str:
        """What one call of the command line says to people, without its line breaks; it must succeed."""
        return " ".join(self._printed(*words).split())

    def install(self, *, start: bool) -> None:
        """Install the plugin as a user does."""
        self.run("plugin", "install", "--plugins-folder", str(self.plugins), "--start" if start else "--no-start")
        self.stash.ask("mutation { reloadPlugins }")
        assert PLUGIN in [found["id"] for found in self.stash.ask("query { plugins { id } }")["plugins"]]

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """A daemon started by hand, in step with Stash before anything else happens."""
        running = start("daemon", self._command("run", "--json"), self.folder, self.environ)
        try:
            with daemon_client(running.url, self.data_dir / "identity.json") as client:
                daemon = Daemon(client)
                until(daemon.quiet, PATIENCE, "the daemon is at rest")
                yield daemon
                running.must_live()
        finally:
            running.end()

    def processes(self) -> list[int]:
        """The daemons of this house that live, whoever started them."""
        mine = f"{self.data_dir}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if mine in words and b"run" in words:
                    found.append(int(folder.name))
        return found

    def holder(self) -> dict[str, Any] | None:
        """The daemon that holds the data folder and answers."""
        facts = holder(self.data_dir)
        return facts if facts and "url" in facts else None

    def forget_start(self) -> None:
        """As if the last start of a daemon by the hook lay long ago."""
        os.utime(self.spool / "starting", (1, 1))

    @staticmethod
    def zombies(pid: int) -> bool:
        """Whether that process has ended and nobody has taken note."""
        try:
            return ") Z " in Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False

    @staticmethod
    def free_port() -> int:
        """A port that the daemon can come back to."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            return int(found.getsockname()[1])

    @staticmethod
    @contextmanager
    def deaf_server() -> Iterator[str]:
        """An address where connections are taken and nothing is ever answered."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"

    def seconds_to_save(self, ident: str, title: str) -> float:
        """Seconds until Stash has answered an edit."""
        began = time.monotonic()
        self.stash.edit(ident, title=title)
        return time.monotonic() - began

    def logged(self, text: str) -> bool:
        """Whether the plugin said so in Stash's log."""
        return any(text in line for line in self.stash.log())

    def waiting(self) -> list[str]:
        """The events in the plugin's folder."""
        return sorted(path.name for path in self.spool.glob("*.json") if path.name != "daemon.json")

    def plex_path(self, path: str) -> str:
        return PLEX_ROOT + path.removeprefix(self.media)

    def add_to_plex(self, scenes: Iterable[Scene]) -> None:
        """Plex finds the files of these scenes."""
        for scene in scenes:
            for file in scene["files"]:
                told = {
                    "path": self.plex_path(file["path"]),
                    "size": file["size"],
                    "duration": int(file["duration"] * 1000),
                    "scan": True,
                }
                answer = self.seen.client.post("/_sim/files", json=told)
                assert answer.status_code == 200, answer.text

    def item(self, scene: Scene) -> dict[str, Any]:
        """What Plex holds for the first file of a scene."""
        return self.seen.items()[self.plex_path(scene["files"][0]["path"])]

    def poster(self, scene: Scene) -> bytes:
        """The bytes that Plex shows as the poster of a scene's first file."""
        answer = self.seen.client.get(
            f"/library/metadata/{self.item(scene)['ratingKey']}/thumb",
            params={"X-Plex-Token": self.plex.facts["token"]},
        )
        assert answer.status_code == 200
        return answer.content

    def write_counts(self) -> tuple[int, int]:
        """How many writes and uploads Plex got."""
        counts = self.seen.counts()
        return counts["writes"], counts["uploads"]

    def differences(self, scenes: Iterable[Scene], *, posters: bool = True) -> list[str]:
        """Every field in which Plex does not hold what Stash says, as a sentence."""
        items = self.seen.items()
        found = []
        for scene in scenes:
            want = wanted(scene)
            if posters:
                want["posterSha1"] = self.stash.cover_sha1(scene["id"])
            for file in scene["files"]:
                item = items.get(self.plex_path(file["path"]))
                if item is None:
                    found.append(f"scene {scene['id']}: no item for {file['path']}")
                    continue
                have = held(item)
                found += [
                    f"scene {scene['id']} {name}: wanted {value!r}, found {have[name]!r}"
                    for name, value in want.items()
                    if have[name] != value
                ]
        return found

    def until_equal(
        self, idents: Iterable[str], what: str, *, seconds: float = PATIENCE, posters: bool = True
    ) -> float:
        """Wait until Plex holds what Stash says of these scenes; seconds that took."""
        began = time.monotonic()
        scenes = [self.stash.scene(ident) for ident in idents]
        last: list[str] = []

        def equal() -> bool:
            last[:] = self.differences(scenes, posters=posters)
            return not last

        try:
            until(equal, seconds, what, every=0.02)
        except Exception as error:
            raise AssertionError(f"{error}\n" + "\n".join(last[:20])) from error
        return time.monotonic() - began

    def until_walked(self, daemon: Daemon, runs: int, entry: str = "full walk") -> None:
        """Wait until the daemon has made that many walks since its start, and all they put is done."""

        def walked() -> bool:
            return daemon.status()["timetable"][entry]["runs"] >= runs and daemon.quiet()

        until(walked, PATIENCE, f"{runs} times {entry!r}")

    def until_quiet(self, daemon: Daemon) -> None:
        """Wait until the daemon has nothing to do."""
        until(daemon.quiet, PATIENCE, "the daemon is at rest")

    def until_noted(self, daemon: Daemon, events: int) -> None:
        """Wait until the daemon has taken that many events and left none in the folder."""

        def noted() -> bool:
            return daemon.status()["accepted_events"] >= events and not self.waiting()

        until(noted, PATIENCE, f"{events} events are taken, {len(self.waiting())} lie in the folder")

    def _command(self, *words: str) -> list[str]:
        return [*PROGRAM, "--data-dir", str(self.data_dir), *words]

    def _printed(self, *words: str) -> str:
        # Wide enough that no table breaks a word.
        environ = self.environ | {"COLUMNS": "400"}
        ended = subprocess.run(
            self._command(*words), env=environ, capture_output=True, timeout=PATIENCE, check=False, text=True
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def wanted(scene: Scene) -> dict[str, Any]:
    """What Plex should hold for a scene, but what Plex made up itself stays where the scene has nothing to say."""
    date = scene["date"] or ""
    want = {
        "title": scene["title"],
        "summary": scene["details"] or None,
        "originallyAvailableAt": date or None,
        "year": int(date[:4] or 0),
        "studio": scene["studio"]["name"] if scene["studio"] else None,
        "userRating": scene["rating100"] / 10 if scene["rating100"] else None,
        "genres": sorted(tag["name"].casefold() for tag in scene["tags"]),
        "actors": sorted(one["name"].casefold() for one in scene["performers"]),
    }
    whole = len(date) == len("2000-01-01")
    left = {"title": not scene["title"], "originallyAvailableAt": not whole, "year": not date}
    return {name: value for name, value in want.items() if not left.get(name)}


def held(item: dict[str, Any]) -> dict[str, Any]:
    """The same of an item in Plex."""
    plain = ("title", "summary", "originallyAvailableAt", "year", "studio", "userRating", "posterSha1")
    lists = {name: sorted(one.casefold() for one in item[name]) for name in ("genres", "actors")}
    return {name: item[name] or None for name in plain} | lists


@contextmanager
def housed(folder: Path, stash: Stash, plugins: Path) -> Iterator[House]:
    """A house whose Plex has an item for each file of Stash; nothing of it runs afterwards."""
    stashes = stash.ask("query { configuration { general { stashes { path } } } }")["configuration"]["general"]
    with ExitStack() as ending:
        words = ["sim", "plex", "--items", "0", "--prefix", PLEX_ROOT]
        plex = start("plex", [*PROGRAM, *words], folder, without_settings(os.environ))
        ending.callback(plex.end)
        seen = Plex(ending.enter_context(plain_client(plex.url)))
        house = House(
            folder=folder,
            stash=stash,
            plugins=plugins,
            media=stashes["stashes"][0]["path"].rstrip("/"),
            plex=plex,
            seen=seen,
        )
        house.add_to_plex(stash.scenes())
        yield house
