"""A tiny metadata provider that a test can bend: what it tells, how it fails, and what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plexsync.sim.plex.pictures import frame
from plexsync.sim.serving import Serving, serving

IDENTIFIER = "tv.plex.agents.custom.tests.films"


def root(identifier: str = IDENTIFIER, **changed: Any) -> dict[str, Any]:
    """What a provider of films says of itself."""
    told = {
        "identifier": identifier,
        "title": "Films of the tests",
        "version": "1.0.0",
        "Types": [{"type": 1, "Scheme": [{"scheme": identifier}]}],
        "Feature": [
            {"type": "metadata", "key": "/library/metadata"},
            {"type": "match", "key": "/library/metadata/matches"},
        ],
    }
    return {"MediaProvider": told | changed}


@dataclass
class Films:
    """The films by their keys. `answers` stand in for whole answers of a path's last part, or of all (`*`)."""

    url: str = ""
    films: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  #: names of files that are not the keys of their films
    answers: dict[str, Response] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    gather: int = 0  #: answers wait until so many questions were under way at once
    at_once: int = 0
    most_at_once: int = 0
    told: dict[str, Any] = field(default_factory=root)
    _held: list[asyncio.Event] = field(default_factory=list)

    def film(self, key: str, **facts: Any) -> dict[str, Any]:
        """A film with its guid, found by the file of that name."""
        self.films[key] = {
            "ratingKey": key,
            "key": f"/library/metadata/{key}",
            "guid": f"{IDENTIFIER}://movie/{key}",
            "type": "movie",
            "title": f"Film {key}",
            "originallyAvailableAt": "2010-09-27",
        } | facts
        return self.films[key]

    def picture(self, name: str) -> str:
        """The address of a picture."""
        return f"{self.url}/pictures/{name}.png"

    def asked_for(self, ending: str) -> list[dict[str, Any]]:
        """The questions whose path ends so."""
        return [one for one in self.asked if one["path"].endswith(ending)]

    async def answer(self, request: Request) -> Response:
        """Note the question, take the time, and answer."""
        sent = await request.body()
        body = json.loads(sent) if sent else None
        self.asked.append(
            {
                "method": request.method,
                "path": request.url.path,
                "query": dict(request.query_params),
                "headers": dict(request.headers),
                "version": request.scope["http_version"],
                "body": body,
            }
        )
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._gathered()
            await asyncio.sleep(self.seconds)
            return self._told(request.url.path, body)
        finally:
            self.at_once -= 1

    async def _gathered(self) -> None:
        if self.most_at_once < self.gather:
            self._held.append(held := asyncio.Event())
            await held.wait()
        for held in self._held:
            held.set()

    def _told(self, path: str, body: Any) -> Response:
        last = PurePosixPath(path).name
        found = self.answers.get(last) or self.answers.get("*")
        if found is not None:
            return found
        if last.endswith(".png"):
            number = int.from_bytes(last.encode()[:3], "big")
            return Response(frame(number), media_type="image/png")
        if last in {"", "films"}:
            return JSONResponse(self.told)
        if last == "matches":
            return _container(self._matched(body))
        if last == "extras":
            return _container([])
        return _container([self.films[last]]) if last in self.films else JSONResponse({}, 404)

    def _matched(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if body.get("manual"):
            return [film for film in self.films.values() if body["title"].casefold() in film["title"].casefold()]
        stem = PurePosixPath(str(body["filename"]).replace("\\", "/")).stem
        name = self.files.get(stem, stem)
        return [self.films[name]] if name in self.films else []


def _container(found: list[dict[str, Any]]) -> Response:
    facts = {"offset": 0, "totalSize": len(found), "size": len(found), "identifier": IDENTIFIER}
    return JSONResponse({"MediaContainer": {**facts, "Metadata": found}})


def films_app(films: Films) -> Starlette:
    """The films below `/films` and, for a redirected root, `/old`."""
    methods = ["GET", "POST"]
    return Starlette(routes=[Route("/{path:path}", films.answer, methods=methods)])


@contextmanager
def films_served(films: Films, *, port: int = 0) -> Iterator[Serving]:
    """The films over HTTP."""
    with serving(films_app(films), port=port) as server:
        films.url = f"{server.url}/films"
        yield server


def attach(plex: httpx2.Client, films: Films, section: int = 2) -> int:
    """Register the films and give them to a library; the number of their agent."""
    plex.post("/media/providers/metadata", params={"uri": films.url}).raise_for_status()
    wanted = {"title": "Films", "primaryIdentifier": IDENTIFIER}
    answer = plex.post("/media/providers/metadata/group", params=wanted).raise_for_status()
    number = int(answer.json()["MediaContainer"]["MetadataAgentProviderGroup"][0]["id"])
    assign(plex, IDENTIFIER, number, section)
    return number


def assign(plex: httpx2.Client, agent: str, group: int | None = None, section: int = 2) -> None:
    """Give a library an agent."""
    wanted = {"agent": agent} | ({} if group is None else {"metadataAgentProviderGroupId": str(group)})
    plex.put(f"/library/sections/{section}", params=wanted).raise_for_status()


def appear(plex: httpx2.Client, *paths: str) -> None:
    """Files appear in the second library, and nobody scans."""
    for path in paths:
        plex.post("/_sim/files", json={"path": f"/plex/movies/{path}"}).raise_for_status()


def scan(plex: httpx2.Client, section: int = 2, **asked: str) -> None:
    """Scan a library and wait until its provider was asked all there is to ask."""
    plex.post(f"/library/sections/{section}/refresh", params=asked).raise_for_status()
    settled(plex)


def settled(plex: httpx2.Client) -> dict[str, Any]:
    """What became of the questions to providers, once all were asked."""
    found: dict[str, Any] = plex.get("/_sim/agents?settled=1", timeout=60).raise_for_status().json()
    return found


def refresh(plex: httpx2.Client, item: dict[str, Any]) -> None:
    """Refresh one item and wait for it."""
    plex.put(f"/library/metadata/{item['ratingKey']}/refresh").raise_for_status()
    settled(plex)


def kept(plex: httpx2.Client, path: str) -> dict[str, Any]:
    """What the server holds of a file of the second library."""
    found: dict[str, Any] = plex.get("/_sim/items").json()[f"/plex/movies/{path}"]
    return found
