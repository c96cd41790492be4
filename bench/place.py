"""Where whole processes are measured: both simulators, the real plugin and a daemon, with everything in step."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from plexsync.demo.processes import Running
from plexsync.demo.servers import Daemon, Plex, Stash, daemon_client, plain_client
from plexsync.demo.stage import Stage, staged
from plexsync.demo.waiting import until
from plexsync.store.identity import FILE_NAME

#: Longest wait in seconds for anything.
PATIENCE = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The stage, and its servers as a user, an onlooker and a program speak to them."""

    stage: Stage
    stash: Stash
    plex: Plex
    daemon: Daemon
    ids: list[int]

    def until(self, reached: Callable[[], Any], what: str, *, every: float = 0.05) -> Any:
        """The first true answer; NotReached when it does not come, or a process broke down."""

        def look() -> Any:
            self.stage.must_live()
            return reached()

        return until(look, PATIENCE, what, every=every)

    def quiet(self) -> None:
        """Wait until the daemon has nothing to do."""
        self.until(self.daemon.quiet, "the daemon has nothing left to do")

    def forget(self) -> None:
        """Both simulators count their requests from nothing again."""
        for client in (self.stash.client, self.plex.client):
            client.delete("/_sim/requests").raise_for_status()

    def silently(self, scene: int, **values: Any) -> None:
        """Stash changes a scene without running a hook."""
        self.stash.client.post("/_sim/silent", json={"id": scene, **values}).raise_for_status()

    def requests(self, client: httpx2.Client) -> dict[str, Any]:
        """What came in to a simulator since it was told to forget: counts, and the latest under `requests`."""
        found: dict[str, Any] = client.get("/_sim/requests").raise_for_status().json()
        return found


@contextmanager
def in_step(scenes: int) -> Iterator[Place]:
    """All scenes are in Plex, and the daemon is at rest."""
    with ExitStack() as ending:
        stage = ending.enter_context(staged(scenes, (), with_bare_python(os.environ)))
        stash = Stash(ending.enter_context(plain_client(stage.stash.url)))
        place = Place(
            stage=stage,
            stash=stash,
            plex=Plex(ending.enter_context(plain_client(stage.plex.url))),
            daemon=Daemon(ending.enter_context(daemon_client(stage.daemon.url, stage.data_dir / FILE_NAME))),
            ids=[scene["id"] for scene in stash.scenes(covers=False)],
        )
        place.quiet()
        place.daemon.sync(library=stage.library, go=True)
        place.quiet()
        yield place


def with_bare_python(environ: Mapping[str, str]) -> dict[str, str]:
    """The hook's `python3` is an interpreter itself, as in Stash's own image, and no script that looks for one."""
    bare = str(Path(sys.executable).resolve().parent)
    return {**environ, "PATH": os.pathsep.join([bare, environ.get("PATH", os.defpath)])}


def answers_since(running: Running) -> float:
    """The moment (seconds since the epoch) of the first healthy answer of a Plex that was just started."""
    with plain_client(running.url) as client:

        def healthy() -> float | None:
            try:
                return time.time() if client.get("/identity").status_code == 200 else None
            except httpx2.TransportError:
                return None

        return until(healthy, PATIENCE, "Plex answers", every=0.01)
