"""A real Stash, used as its own pages use it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from plexsync.demo.waiting import until

PLUGIN = "PlexSyncDaemon"
PATIENCE = 30.0

_FIELDS = """id title details date rating100 updated_at
    studio { name } performers { name } tags { name } files { path size duration }"""
_ENDED = {"FINISHED", "CANCELLED", "FAILED"}

Scene = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stash:
    """`url` without a slash at its end. An answer with errors fails the test."""

    url: str
    http: httpx2.Client

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a query or a mutation."""
        answer = self.http.post(f"{self.url}/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        assert answer.status_code == 200, body
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def upload(self, document: str, name: str, content: bytes) -> dict[str, Any]:
        """The data of a mutation that takes a file."""
        operations = json.dumps({"query": document, "variables": {name: None}})
        told = {"operations": operations, "map": json.dumps({"0": [f"variables.{name}"]})}
        answer = self.http.post(f"{self.url}/graphql", data=told, files={"0": ("it.zip", content, "application/zip")})
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def scenes(self) -> list[Scene]:
        """Every scene that has a file, by id."""
        document = f"""query {{ findScenes(filter: {{per_page: -1, sort: "id", direction: ASC}})
            {{ scenes {{ {_FIELDS} }} }} }}"""
        found: list[Scene] = self.ask(document)["findScenes"]["scenes"]
        return [scene for scene in found if scene["files"]]

    def scene(self, ident: str) -> Scene:
        """One scene as Stash holds it now."""
        found: Scene = self.ask(f"query($id: ID!) {{ findScene(id: $id) {{ {_FIELDS} }} }}", id=ident)["findScene"]
        return found

    def cover_sha1(self, ident: str) -> str | None:
        """The hash of a scene's cover; None when it has no own."""
        answer = self.cover(ident)
        assert answer.status_code == 200
        drawn = "svg" in answer.headers["content-type"]
        return None if drawn else hashlib.sha1(answer.content, usedforsecurity=False).hexdigest()

    def edit(self, ident: str, **values: Any) -> None:
        """A user saves a scene."""
        document = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
        self.ask(document, input={"id": ident, **values})

    def edit_many(self, idents: Sequence[str], **values: Any) -> None:
        """A user saves several scenes at once."""
        document = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"
        self.ask(document, input={"ids": list(idents), **values})

    def named(self, kind: str, name: str) -> str:
        """The id of a performer, tag or studio, made where there is none of that name."""
        plural = f"{kind}s"
        find = f"""query($name: String!) {{ find{plural.title()}(
            {kind}_filter: {{name: {{value: $name, modifier: EQUALS}}}}) {{ {plural} {{ id }} }} }}"""
        found = self.ask(find, name=name)[f"find{plural.title()}"][plural]
        if found:
            return str(found[0]["id"])
        make = f"mutation($name: String!) {{ made: {kind}Create(input: {{name: $name}}) {{ id }} }}"
        return str(self.ask(make, name=name)["made"]["id"])

    def make(self, kind: str, **values: Any) -> str:
        """The id of a new performer, tag, studio or group."""
        document = f"mutation($input: {kind.title()}CreateInput!) {{ made: {kind}Create(input: $input) {{ id }} }}"
        return str(self.ask(document, input=values)["made"]["id"])

    def change(self, kind: str, ident: str, **values: Any) -> None:
        """A user saves a performer, tag, studio or group."""
        document = f"mutation($input: {kind.title()}UpdateInput!) {{ {kind}Update(input: $input) {{ id }} }}"
        self.ask(document, input={"id": ident, **values})

    def cover(self, ident: str) -> httpx2.Response:
        """What Stash serves as a scene's cover, own or not."""
        return self.http.get(f"{self.url}/scene/{ident}/screenshot")

    def destroy(self, ident: str) -> None:
        """A user removes a scene and its file."""
        self.ask("mutation($id: ID!) { sceneDestroy(input: {id: $id, delete_file: true}) }", id=ident)

    def scan(self, folder: str, *, covers: bool = True, patience: float = PATIENCE) -> None:
        """Scan a folder to its end."""
        document = "mutation($i: ScanMetadataInput!) { job: metadataScan(input: $i) }"
        self.ended(self.ask(document, i={"paths": [folder], "scanGenerateCovers": covers})["job"], patience)

    def new_cover(self, ident: str, at: float) -> None:
        """Make a cover from the picture at a second of the film."""
        document = "mutation($id: ID!, $at: Float) { sceneGenerateScreenshot(id: $id, at: $at) }"
        self.ask(document, id=ident, at=at)
        # It tells no id of its job.
        until(lambda: not self.ask("query { jobQueue { id } }")["jobQueue"], PATIENCE, "Stash's queue is empty")

    def task(self, name: str) -> float:
        """Press a button of the plugin and wait for the end of its job; seconds that took."""
        document = "mutation($p: ID!, $n: String!) { job: runPluginTask(plugin_id: $p, task_name: $n) }"
        began = time.monotonic()
        self.ended(self.ask(document, p=PLUGIN, n=name)["job"])
        return time.monotonic() - began

    def operation(self, **arguments: Any) -> dict[str, Any]:
        """Run an operation of the plugin; its output."""
        document = "mutation($p: ID!, $a: Map!) { out: runPluginOperation(plugin_id: $p, args: $a) }"
        found: dict[str, Any] = self.ask(document, p=PLUGIN, a=arguments)["out"]
        return found

    def ended(self, job: str, patience: float = PATIENCE) -> None:
        """Wait for the end of a job."""
        document = "query($id: ID!) { findJob(input: {id: $id}) { status } }"

        def over() -> bool:
            found = self.ask(document, id=job)["findJob"]
            return found is None or found["status"] in _ENDED

        until(over, patience, f"job {job} of Stash ends")

    def plugin_is_on(self, on: bool) -> None:
        """Switch the plugin on or off."""
        self.ask("mutation($m: BoolMap!) { setPluginsEnabled(enabledMap: $m) }", m={PLUGIN: on})

    def log(self) -> list[str]:
        """What Stash's log shows, newest first; plugins' own lines carry their name."""
        return [line["message"] for line in self.ask("query { logs { message } }")["logs"]]
