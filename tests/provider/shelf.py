"""A Stash that keeps what it has, with the files of a list, and can be stopped and started at its address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from plexsync.sim.serving import Serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from provider.filmlist import Film

ROOT = "/data"
#: What Stash says when others write for too long.
_LOCKED = JSONResponse({"errors": [{"message": "database is locked (5) (SQLITE_BUSY)"}], "data": None})


@dataclass(slots=True)
class Shelf:
    """`folder` is where it keeps what it has."""

    folder: Path
    client: httpx2.Client
    serving: Serving | None = None
    port: int = 0
    locked_every: int = 0  #: of so many questions one is answered by a database that is locked; 0: none
    most_at_once: int = 0  #: requests that it had under way at the same time
    _asked: int = 0
    _under_way: int = 0

    @property
    def url(self) -> str:
        """Where it answers, or answered."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, folder: Path | None = None) -> None:
        """As it was, or another one in its place, which keeps its things in another folder."""
        app = stash_app(StashOptions(scenes=0, prefix=ROOT, config_dir=self.folder, state=folder or self.folder))
        self.serving = Serving(self._watched(app), port=self.port).start()
        self.port = self.serving.port

    def stop(self) -> None:
        """Nobody answers at its address any more."""
        if self.serving is not None:
            self.serving.stop()
            self.serving = None

    def take(self, films: Sequence[Film]) -> dict[int, int]:
        """It scans those that it is to know; the scene of each, by the film's number."""
        return taken(self.client, self.url, films)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Put these faults in force; none clears them."""
        answer = self.client.put(f"{self.url}/_sim/faults", json=list(rules))
        assert answer.status_code == 200, answer.text

    def questions(self) -> int:
        """How many times its data was asked for since it started."""
        requests = self.client.get(f"{self.url}/_sim/requests").json()["requests"]
        return sum(one["path"] == "/graphql" for one in requests)

    def _watched(self, app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/_sim/"):
                await app(scope, receive, send)
                return
            self._asked += scope["path"] == "/graphql"
            locked = self.locked_every and scope["path"] == "/graphql" and self._asked % self.locked_every == 0
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            try:
                await (_LOCKED if locked else app)(scope, receive, send)
            finally:
                self._under_way -= 1

        return watched


def taken(client: httpx2.Client, url: str, films: Sequence[Film]) -> dict[int, int]:
    """A simulated Stash scans those of the files that it is to know; the scene of each, by the film's number."""
    truth: dict[int, int] = {}
    for film in films:
        if film.known:
            told = {"path": f"{ROOT}/{film.place}", "size": 1_000_000 + film.number}
            one = {"title": f"Title {film.number}"} if film.twin is None else {"scene": truth[film.twin]}
            answer = client.post(f"{url}/_sim/files", json=told | one)
            assert answer.status_code == 200, answer.text
            truth[film.number] = int(answer.json()["id"])
    return truth


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """One that runs, and does not afterwards."""
    with httpx2.Client(timeout=60, verify=False) as client:
        one = Shelf(folder, client)
        one.start()
        try:
            yield one
        finally:
            one.stop()
