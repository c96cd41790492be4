"""The three servers as the show speaks to them: Stash as a user, Plex from inside, the daemon as a client."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from plexsync.demo.waiting import NotReached

_PATIENCE = 120.0

_SCENE = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
_BULK = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"
_MAKE = {
    "performer": "mutation($name: String!) { made: performerCreate(input: {name: $name}) { id } }",
    "tag": "mutation($name: String!) { made: tagCreate(input: {name: $name}) { id } }",
    "studio": "mutation($name: String!) { made: studioCreate(input: {name: $name}) { id } }",
}


@dataclass(frozen=True, slots=True)
class Stash:
    """Stash, edited through its GraphQL; the plugin's hook runs as it does for a user."""

    client: httpx2.Client

    def scenes(self, *, covers: bool = True) -> list[dict[str, Any]]:
        """Everything that Stash holds now; without `covers` it need not look at each picture."""
        found: list[dict[str, Any]] = _json(self.client.get("/_sim/scenes", params={"covers": int(covers)}))
        return found

    def hooks(self) -> list[dict[str, Any]]:
        """The runs of the hook: what for, and how long each took."""
        found: list[dict[str, Any]] = _json(self.client.get("/_sim/hooks"))
        return found

    def edit(self, scene: int, **values: Any) -> None:
        """A user saves one scene."""
        self._ask(_SCENE, input={"id": str(scene), **values})

    def edit_many(self, scenes: list[int], **values: Any) -> None:
        """A user saves several scenes at once."""
        self._ask(_BULK, input={"ids": [str(scene) for scene in scenes], **values})

    def make(self, kind: str, name: str) -> str:
        """The id of a new performer, tag or studio."""
        return str(self._ask(_MAKE[kind], name=name)["made"]["id"])

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = _json(self.client.post("/graphql", json={"query": query, "variables": variables}))
        if "errors" in answer:
            raise NotReached(f"Stash refused an edit: {answer['errors'][0]['message']}")
        data: dict[str, Any] = answer["data"]
        return data


@dataclass(frozen=True, slots=True)
class Plex:
    """Plex, looked at from inside: what it holds, and which requests it got."""

    client: httpx2.Client

    def items(self) -> dict[str, dict[str, Any]]:
        """Every item by its path."""
        found: dict[str, dict[str, Any]] = _json(self.client.get("/_sim/items"))
        return found

    def counts(self) -> dict[str, int]:
        """How many requests of which kind came since it started."""
        found = _json(self.client.get("/_sim/requests"))
        return {name: found[name] for name in ("reads", "writes", "uploads", "repeats")}

    def repeated(self) -> list[str]:
        """The writes that changed nothing, since it started."""
        found = _json(self.client.get("/_sim/requests"))["requests"]
        return [
            f"{one['method']} {one['path']}?{one['query']}"
            for one in found
            if one["kind"] != "read" and not one["changed"]
        ]


@dataclass(frozen=True, slots=True)
class Daemon:
    """The daemon, asked as the command line asks it."""

    client: httpx2.Client

    def status(self) -> dict[str, Any]:
        """How everything stands."""
        found: dict[str, Any] = _json(self.client.get("/api/v1/status"))
        return found

    def quiet(self) -> bool:
        """Whether nothing is due or under way."""
        return bool(_json(self.client.get("/api/v1/quiet"))["quiet"])

    def sync(self, **wish: Any) -> None:
        """Ask for a sync."""
        _json(self.client.post("/api/v1/sync", json=wish))


def daemon_client(url: str, identity: Path) -> httpx2.Client:
    """A client with the daemon's own key."""
    key = json.loads(identity.read_text(encoding="utf-8"))["api_key"]
    return httpx2.Client(base_url=url, headers={"X-Api-Key": key}, timeout=_PATIENCE, trust_env=False)


def plain_client(url: str) -> httpx2.Client:
    """A client of a simulator."""
    return httpx2.Client(base_url=url, timeout=_PATIENCE, trust_env=False)


def data_url(picture: bytes) -> str:
    """A picture as Stash takes it for a cover."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _json(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        raise NotReached(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()
