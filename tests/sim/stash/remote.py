"""A small client for a simulated Stash, and small plugins for it."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image

RECORDER = """
import json, os, sys
told = json.loads(sys.stdin.buffer.read())
told["env"] = os.environ.get("PYTHONPATH", "")
told["argv"] = sys.argv[1:]
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "calls.jsonl"), "a") as out:
    out.write(json.dumps(told) + "\\n")
sys.stderr.write("\\x01i\\x02noted " + told["args"].get("hookContext", {}).get("type", "-") + "\\n")
sys.stderr.flush()
print(json.dumps({"error": None, "output": told["args"].get("mode", "none")}))
"""
MANIFEST = """
name: Recorder
exec: [python3, -S, "{pluginDir}/run.py", first]
hooks:
  - name: everything
    defaultArgs:
      mode: hook
    triggeredBy: TRIGGERS
tasks:
  - name: Work
    execArgs: [--task]
    defaultArgs: {mode: task, level: 3}
settings:
  color:
    displayName: Color
    type: STRING
"""
TRIGGERS = [
    *(f"Scene.{word}.Post" for word in ("Create", "Update", "Destroy")),
    *(f"{kind}.{word}.Post" for kind in ("Performer", "Tag", "Studio") for word in ("Create", "Update", "Destroy")),
    "Group.Update.Post",
    "Movie.Update.Post",
    "Tag.Merge.Post",
]


@dataclass(frozen=True, slots=True)
class Remote:
    """Speaks to one server."""

    url: str

    def post(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> httpx2.Response:
        """The raw answer to a document."""
        body = {"query": query, "variables": variables}
        return httpx2.post(f"{self.url}/graphql", json=body, headers=headers, timeout=30, verify=False)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer that must be free of errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def refused(self, query: str, **variables: Any) -> str:
        """The first error of an answer with status 200 that must have one."""
        answer = self.post(query, **variables)
        assert answer.status_code == 200
        return str(answer.json()["errors"][0]["message"])

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """One GET without following redirects."""
        return httpx2.get(self.url + path, headers=headers, verify=False)

    def update(self, **values: Any) -> Any:
        """`sceneUpdate` with these values."""
        query = "mutation ($input: SceneUpdateInput!) {sceneUpdate(input: $input) {id title updated_at}}"
        return self.ask(query, input=values)["sceneUpdate"]


@dataclass(frozen=True, slots=True)
class PluginFolder:
    """A small plugin that writes down what it is told."""

    folder: Path

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Everything it was told, in order."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def contexts(self) -> list[dict[str, Any]]:
        """The hook contexts it was told."""
        return [call["args"]["hookContext"] for call in self.calls]

    def forget(self) -> None:
        """Start anew."""
        (self.folder / "calls.jsonl").unlink(missing_ok=True)


def write_plugin(folder: Path, program: str, manifest: str = MANIFEST) -> Path:
    """Make a plugin out of a manifest and a program."""
    folder.mkdir(parents=True)
    text = manifest.replace("TRIGGERS", json.dumps(TRIGGERS))
    (folder / f"{folder.name}.yml").write_text(text)
    (folder / "run.py").write_text(program)
    return folder


def png(color: str) -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(written, "PNG")
    return written.getvalue()


def data_url(content: bytes) -> str:
    """The content as a page uploads it."""
    return "data:image/png;base64," + base64.b64encode(content).decode()
