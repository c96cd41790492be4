"""A server that answers as a simulator of a few scenes would if it held many: laps of the same few, each elsewhere.

python -m bench.many ORIGIN_URL SCENES
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from bench.recorded import PATIENCE, Key, Recorded, serve

from plexsync.demo.stage import PLEX_ROOT, STASH_ROOT
from plexsync.sim.exchange import Answer, whole_body
from plexsync.stash import documents, windows

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

#: Scenes of the simulators behind it.
FEW = 120
#: Between the rating keys of two laps.
_STRIDE = 1_000_000
_ITEMS = re.compile(r"/library/metadata/([0-9,]+)")
_LISTING = re.compile(r"/library/sections/[0-9]+/all")
_COVER = re.compile(r"/scene/([0-9]+)/")
_ASKED_FOR = re.compile(r'\b(s[0-9]+): findScene\(id: "([0-9]+)"\)')
#: Where it tells how many requests came in, and where it is told what differs.
COUNTS, DIFFERING = "/_bench/requests", "/_bench/differing"
#: Of so many rows one differs, where any does.
ONE_IN = 100
_JSON = [(b"content-type", b"application/json")]
Row = dict[str, Any]


@dataclass(slots=True)
class Many(Recorded):
    """Holds `scenes` in all. What is asked of several of them is made of what the origin tells of its few.

    With `differing` one in a hundred has other texts; another number, other texts again.
    """

    scenes: int = 0
    differing: int = 0
    models: dict[str, Sequence[Row]] = field(default_factory=dict)
    requests: int = 0
    writes: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["path"] == COUNTS:
            await whole_body(receive)
            counts = {"requests": self.requests, "writes": self.writes}
            await Answer(200, _JSON, json.dumps(counts).encode()).whole(send)
            return
        if scope["path"] == DIFFERING:
            self.differing = json.loads(await whole_body(receive))
            self.answers.clear()
            await Answer(200, _JSON, b"null").whole(send)
            return
        self.requests += 1
        self.writes += scope["method"] != "GET" and scope["path"] != "/graphql"
        # In full: `super()` finds no class of a dataclass with slots.
        await Recorded.__call__(self, scope, receive, send)

    async def ask(self, key: Key, scope: Scope) -> Answer:
        """Make the answer, or have the origin do so."""
        method, address, body = key
        path = urlsplit(address).path
        if path == "/graphql" and "which" in (asked := json.loads(body))["variables"]:
            return await self._scenes(asked, scope)
        if path == "/graphql" and (wanted := _ASKED_FOR.findall(asked["query"])):
            return await self._scenes_by_id(wanted, scope)
        if _LISTING.fullmatch(path):
            return await self._listing(address, scope)
        if (keys := _ITEMS.fullmatch(path)) and method == "GET":
            return await self._items([int(one) for one in keys[1].split(",")], address, scope)
        address = _COVER.sub(lambda found: f"/scene/{(int(found[1]) - 1) % FEW + 1}/", address, count=1)
        return await Recorded.ask(self, (method, address, body), scope)

    async def _scenes(self, asked: Row, scope: Scope) -> Answer:
        variables = asked["variables"]
        last, limit = variables["which"]["id"]["value"], variables["page"]["per_page"]
        models = await self._model_scenes(asked, scope)
        rows = laps(models, range(last, min(last + limit, self.scenes)), scene_of)
        return self._data({"findScenes": {"scenes": [self._edited(row) for row in rows]}})

    async def _scenes_by_id(self, wanted: Sequence[tuple[str, str]], scope: Scope) -> Answer:
        variables = {"page": windows.page(FEW), "which": windows.above(0), "tagParents": False}
        models = await self._model_scenes({"query": documents.SCENES_AFTER, "variables": variables}, scope)
        places = {name: int(number) - 1 for name, number in wanted if int(number) <= self.scenes}
        found = {name: self._edited(laps(models, [place], scene_of)[0]) for name, place in places.items()}
        return self._data({name: None for name, _ in wanted} | found)

    async def _model_scenes(self, asked: Row, scope: Scope) -> Sequence[Row]:
        query, variables = asked["query"], asked["variables"]
        if query not in self.models:
            all_few = variables | {"which": variables["which"] | {"id": {"modifier": "GREATER_THAN", "value": 0}}}
            all_few["page"] = variables["page"] | {"per_page": FEW}
            body = {"operationName": documents.operation_name(query), "query": query, "variables": all_few}
            told = await self._told("POST", "/graphql", body, scope)
            self.models[query] = told["data"]["findScenes"]["scenes"]
        return self.models[query]

    def _edited(self, row: Row) -> Row:
        return row | {"title": f"Edited {self.differing}"} if self._differs(int(row["id"])) else row

    def _differs(self, number: int) -> bool:
        return bool(self.differing) and number % ONE_IN == 0

    def _data(self, data: Row) -> Answer:
        return Answer(200, _JSON, json.dumps({"data": data}).encode())

    async def _listing(self, address: str, scope: Scope) -> Answer:
        path, query = urlsplit(address).path, parse_qs(urlsplit(address).query)
        start, size = (int(query.pop(f"X-Plex-Container-{name}")[0]) for name in ("Start", "Size"))
        # Like a server that knows no such filter.
        asked = urlencode({name: value for name, value in query.items() if ">>" not in name}, doseq=True)
        if asked not in self.models:
            few = f"{asked}&X-Plex-Container-Start=0&X-Plex-Container-Size={FEW}"
            told = await self._told("GET", f"{path}?{few}", None, scope)
            self.models[asked] = told["MediaContainer"].get("Metadata", ())
        rows = laps(self.models[asked], range(start, min(start + size, self.scenes)), self._drifted)
        return _container(rows, totalSize=self.scenes, offset=start)

    def _drifted(self, model: Row, lap: int, number: int) -> Row:
        row = item_of(model, lap, number)
        differs = self._differs(int(model["ratingKey"]) + lap * FEW + ONE_IN // 2)
        return row | {"summary": f"Drifted {self.differing}"} if differs else row

    async def _items(self, keys: Sequence[int], address: str, scope: Scope) -> Answer:
        if "items" not in self.models:
            few = sorted(key % _STRIDE for key in await self._few_keys(scope))
            query = urlsplit(address).query
            told = await self._told("GET", f"/library/metadata/{','.join(map(str, few))}?{query}", None, scope)
            self.models["items"] = told["MediaContainer"]["Metadata"]
        models = {int(row["ratingKey"]): row for row in self.models["items"]}
        rows = [self._drifted(models[key % _STRIDE], key // _STRIDE, 0) for key in keys]
        return _container(rows, librarySectionID=1)

    async def _few_keys(self, scope: Scope) -> Iterable[int]:
        told = await self._told("GET", "/library/sections/1/all?type=1", None, scope)
        return [int(row["ratingKey"]) for row in told["MediaContainer"]["Metadata"]]

    async def _told(self, method: str, address: str, body: Row | None, scope: Scope) -> Any:
        answer = await Recorded.ask(self, (method, address, json.dumps(body) if body else ""), scope)
        return json.loads(answer.body)


def laps(models: Sequence[Row], places: Iterable[int], made: Callable[[Row, int, int], Row]) -> list[Row]:
    """The rows at these places, counted from 0."""
    return [made(models[place % len(models)], place // len(models), place + 1) for place in places]


def scene_of(model: Row, lap: int, number: int) -> Row:
    """The same scene under another id, with its files in a folder of the lap."""
    row = model | {"id": str(number)}
    if "files" in model:
        row["files"] = [file | {"path": moved(file["path"], lap, STASH_ROOT)} for file in model["files"]]
    if "paths" in model:
        row["paths"] = {name: _COVER.sub(f"/scene/{number}/", address) for name, address in model["paths"].items()}
    return row


def item_of(model: Row, lap: int, _number: int) -> Row:
    """The same item under another rating key, with its files in a folder of the lap."""
    media = [
        medium | {"Part": [part | {"file": moved(part["file"], lap, PLEX_ROOT)} for part in medium["Part"]]}
        for medium in model["Media"]
    ]
    return model | {"ratingKey": str(int(model["ratingKey"]) + lap * _STRIDE), "Media": media}


def moved(path: str, lap: int, root: str) -> str:
    """Where the file lies in that lap."""
    return f"{root}/lap {lap}{path.removeprefix(root)}" if lap else path


def _container(rows: Sequence[Row], **facts: int) -> Answer:
    container: Mapping[str, Any] = {"size": len(rows), **facts, "Metadata": rows}
    return Answer(200, _JSON, json.dumps({"MediaContainer": container}).encode())


def main(origin: str, scenes: int) -> None:
    """Serve until SIGTERM; one line of JSON says where."""
    # Without a check of certificates, whose making would cost more than all the rest.
    client = httpx2.AsyncClient(base_url=origin, timeout=PATIENCE, trust_env=False, verify=False)
    asyncio.run(serve(Many(client, scenes=scenes)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
