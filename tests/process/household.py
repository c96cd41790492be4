"""A Stash, a Plex and a daemon as processes of one household, and everything a test does to them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from plexsync.pluginfiles import install
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.store.lock import holder
from process.judging import PLEX_ROOT, STASH_ROOT, differences, poster_of
from process.programs import PATIENCE, Program, ending, finished, until
from world import CONNECTIONS

LIBRARY = "Open movies"
TOKEN = "sim-plex-token"
#: The ledger's names of fields that the simulated Plex calls otherwise.
_NAMES = {"date": "originallyAvailableAt", "rating": "userRating"}
EDIT = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"


@dataclass(slots=True, kw_only=True)
class Household:
    """The three programs and one client for all of them. What `settings` names wins over the file."""

    folder: Path
    stash: Program
    plex: Program
    daemon: Program
    client: httpx2.Client
    stash_url: str = ""
    plex_url: str = ""
    daemon_url: str = ""
    _posters: dict[str, str] = field(default_factory=dict)  #: by the sum of the cover

    @property
    def data(self) -> Path:
        """The daemon's data folder."""
        return self.folder / "data"

    @property
    def spool(self) -> Path:
        """Where the plugin leaves its events."""
        return self.folder / "plugins" / "PlexSyncDaemon" / "data"

    @property
    def provider_url(self) -> str:
        """Where the running daemon answers a Plex that scans."""
        secret = json.loads((self.data / "identity.json").read_text(encoding="utf-8"))["provider_path"]
        return f"{self.daemon_url}/provider/{secret}"

    def start_both(self) -> None:
        """Start Stash and Plex; each takes its time beside the other."""
        self.stash.start()
        self.plex.start()
        for program, name in ((self.stash, "stash_url"), (self.plex, "plex_url")):
            url = str(program.facts()["url"])
            setattr(self, name, url)
            program.words = _at_port(program.words, url)

    def start_stash(self) -> None:
        """Start Stash, at the address it had before."""
        self.stash.start()
        self.stash_url = str(self.stash.facts()["url"])
        self.stash.words = _at_port(self.stash.words, self.stash_url)

    def start_plex(self) -> None:
        """Start Plex, at the address it had before."""
        self.plex.start()
        self.plex_url = str(self.plex.facts()["url"])
        self.plex.words = _at_port(self.plex.words, self.plex_url)

    def configure(self, **settings: Any) -> None:
        """Write the daemon's settings file."""
        self.data.mkdir(exist_ok=True)
        lines = {
            "port": 0,
            "stash_url": self.stash_url,
            "plex_url": self.plex_url,
            "plex_token": TOKEN,
            "libraries": [LIBRARY],
            "preview_first_contact": False,
            "reconcile": "never",
            "stash_poll": 600,
            "spool_folders": [str(self.spool)],
        } | settings
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        text += f"\n[[path_rules]]\nplex = {json.dumps(PLEX_ROOT)}\nstash = {json.dumps(STASH_ROOT)}\n"
        (self.data / "plexsync.toml").write_text(text, encoding="utf-8")

    def start_daemon(self) -> None:
        """Start the daemon and wait until it says that it works."""
        self.daemon.start()
        self.daemon_is_ready()

    def daemon_is_ready(self) -> None:
        """Wait until the daemon says where it answers."""

        def told() -> str | None:
            self.daemon.lives(0)
            facts = holder(self.data)
            return (
                str(facts["url"]) if facts and facts.get("pid") == self.daemon.running.pid and "url" in facts else None
            )

        self.daemon_url = until(told, "the daemon works")

    def verb(self, *words: str, **environ: str) -> tuple[int, str, str]:
        """Another `plexsync` on the same data folder: exit code, standard output, error stream."""
        done = finished(["--data-dir", str(self.data), *words], environ)
        return done.returncode, done.stdout, done.stderr

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """An answer of the daemon to a holder of its key."""
        key = json.loads((self.data / "identity.json").read_text(encoding="utf-8"))["api_key"]
        answer = self.client.request(method, self.daemon_url + path, headers={"X-Api-Key": key}, **content)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def status(self) -> dict[str, Any]:
        """How the daemon says that everything stands."""
        return dict(self.ask("GET", "/api/v1/status"))

    def quiet(self, patience: float = PATIENCE) -> None:
        """Wait until nothing is due or under way."""
        until(lambda: self.ask("GET", "/api/v1/quiet")["quiet"], "quiet", patience=patience)

    def graphql(self, document: str, **variables: Any) -> Any:
        """The data that Stash answers to a user."""
        answer = self.client.post(f"{self.stash_url}/graphql", json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def edit(self, scene: int, **values: Any) -> None:
        """A user saves a scene in Stash; the plugin's hook runs."""
        self.graphql(EDIT, input={"id": str(scene), **values})

    def silently(self, scene: int, **values: Any) -> None:
        """A scene changes and no hook tells."""
        answer = self.client.post(f"{self.stash_url}/_sim/silent", json={"id": scene, **values})
        assert answer.status_code == 200, answer.text

    def faults(self, server: str, *rules: Mapping[str, Any]) -> None:
        """Put these faults in force at "plex" or "stash"; none heals it."""
        url = self.plex_url if server == "plex" else self.stash_url
        answer = self.client.put(f"{url}/_sim/faults", json=list(rules))
        assert answer.status_code < 300, answer.text

    def plex_requests(self) -> dict[str, Any]:
        """What came to Plex since it started, counted and in full."""
        return dict(self.client.get(f"{self.plex_url}/_sim/requests").json())

    def item(self, scene: int) -> dict[str, Any]:
        """What Plex holds for the first file of a scene."""
        path = next(found["paths"][0] for found in self.scenes() if found["id"] == scene)
        return dict(self.items()[PLEX_ROOT + path.removeprefix(STASH_ROOT)])

    def items(self) -> dict[str, dict[str, Any]]:
        """What Plex holds, by path."""
        return dict(self.client.get(f"{self.plex_url}/_sim/items").json())

    def scenes(self, *, covers: bool = False) -> list[dict[str, Any]]:
        """What Stash holds."""
        return list(self.client.get(f"{self.stash_url}/_sim/scenes", params={"covers": int(covers)}).json())

    def differences(self) -> list[str]:
        """Every field of every scene, pictures included, in which Plex is not as Stash wants it."""
        scenes = self.scenes(covers=True)
        posters = {scene["id"]: self._poster(scene) for scene in scenes if scene["cover"]}
        return differences(scenes, self.items(), posters)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the daemon's database holds, read beside it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'plexsync.db'}?mode=ro", uri=True)) as database:
            return database.execute(statement).fetchall()

    def own_before_values(self, untouched: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Every field of which the ledger says that Plex held something else before us than it did."""
        found = []
        for path, name, kept in self.rows("select path, field, before from ledger"):
            before = None if kept is None else json.loads(kept)
            if name == "poster":
                right = before is None or str(before).startswith("media://")
            else:
                right = (before or None) == (untouched[path][_NAMES.get(name, name)] or None)
            if not right:
                found.append(f"{path}, {name}: {before!r}")
        return found

    def _poster(self, scene: dict[str, Any]) -> str:
        cover = scene["cover"]["sha1"]
        if cover not in self._posters:
            content = self.client.get(f"{self.stash_url}/scene/{scene['id']}/screenshot").content
            assert hashlib.sha1(content, usedforsecurity=False).hexdigest() == cover
            self._posters[cover] = poster_of(content)
        return self._posters[cover]


@contextlib.contextmanager
def household(
    folder: Path, *, scenes: int, plugin: bool = False, kept: bool = False, lasting: bool = False
) -> Iterator[Household]:
    """Stash and Plex at work, the daemon ready to be started; afterwards all are gone.

    `plugin` installs the plugin in Stash; `kept` lets both servers outlive their processes. Servers that are `lasting`
    are none: they answer from threads of this process, for tests that end neither, because a start takes its time.
    """
    install(folder / "plugins")
    with (
        contextlib.ExitStack() as threads,
        ending() as keep,
        httpx2.Client(timeout=60, trust_env=False, limits=CONNECTIONS) as client,
    ):
        more = ["--plugin", str(folder / "plugins")] if plugin else []
        states = {name: ["--state", str(folder / name)] if kept else [] for name in ("stash", "plex")}
        stash = ["sim", "stash", "--scenes", str(scenes), *more, *states["stash"]]
        plex = ["sim", "plex", "--items", str(scenes), *states["plex"]]
        home = Household(
            folder=folder,
            stash=keep(Program(stash, folder / "stash.log", measured=False)),
            plex=keep(Program(plex, folder / "plex.log", measured=False)),
            daemon=keep(Program(["--data-dir", str(folder / "data"), "--json", "run"], folder / "daemon.log")),
            client=client,
        )
        if lasting:
            options = StashOptions(scenes=scenes, plugins=(folder / "plugins",) if plugin else ())
            home.stash_url = threads.enter_context(serving(stash_app(options))).url
            home.plex_url = threads.enter_context(serving(plex_app(PlexOptions(items=scenes)))).url
        else:
            home.start_both()
        home.configure()
        yield home


def _at_port(words: list[str] | Any, url: str) -> list[str]:
    plain = list(words)
    if "--port" in plain:
        del plain[plain.index("--port") : plain.index("--port") + 2]
    return [*plain, "--port", str(urlsplit(url).port)]
