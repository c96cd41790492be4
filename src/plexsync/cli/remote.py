"""The daemon of a data folder, spoken to over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from plexsync.cli.call import Failed
from plexsync.store.identity import FILE_NAME
from plexsync.store.lock import holder

#: Seconds that an answer may take; a plan reads from both servers.
_PATIENCE = httpx2.Timeout(120.0, connect=5.0)


class _Key(msgspec.Struct):
    api_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A daemon that answers. Failed, with its own words, when it refuses."""

    client: httpx2.Client
    pid: int

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON facts at a path."""
        return self._answer("GET", path, params=query)

    def post(self, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """What it answers to a request."""
        return self._answer("POST", path, json=dict(content or {}))

    def stream(self, path: str, content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The facts of a longer answer, one by one."""
        try:
            with self.client.stream("POST", path, json=dict(content)) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise Failed(_refusal(answer))
                for line in answer.iter_lines():
                    if line.strip():
                        yield _told(json.loads(line))
        except (httpx2.HTTPError, ValueError) as error:
            raise Failed(f"The daemon broke off ({_reason(error)})") from error

    def _answer(self, method: str, path: str, **content: Any) -> Any:
        try:
            answer = self.client.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise Failed(f"The daemon does not answer ({_reason(error)})") from error
        if answer.status_code >= 400:
            raise Failed(_refusal(answer))
        return answer.json()


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    if "error" in facts and "scene" not in facts:
        raise Failed(str(facts["error"]))
    return facts


def _refusal(answer: httpx2.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict) and "error" in said:
        return str(said["error"])
    return f"The daemon answered {answer.status_code}"


@contextmanager
def daemon_of(data_dir: Path) -> Iterator[Remote | None]:
    """The running daemon of the folder; None when there is none that answers requests."""
    facts = holder(data_dir)
    if not facts or "url" not in facts:
        yield None
        return
    url = str(facts["url"])
    client = httpx2.Client(
        base_url=url,
        headers={"X-Api-Key": _key(data_dir)},
        timeout=_PATIENCE,
        # To read all certificates of the world takes longer than the answer.
        verify=url.startswith("https:"),
        trust_env=False,
    )
    with client:
        yield Remote(client=client, pid=int(facts.get("pid", 0)))


def _key(data_dir: Path) -> str:
    path = data_dir / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Key).api_key
    except (OSError, msgspec.MsgspecError) as error:
        raise Failed(f"The API key in {path} cannot be read ({error}): run this as the daemon's user") from error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
