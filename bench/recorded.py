"""A server that answers as another one did before: a page that was asked for once costs nothing to make again."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount

from plexsync.sim.exchange import Answer, whole_body
from plexsync.sim.serving import Serving

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

#: Longest wait in seconds for the origin.
PATIENCE = 120.0
_FORWARDED = ("accept", "content-type", "x-plex-")
#: Method, address and body of a request.
Key = tuple[str, str, str]


@dataclass(slots=True)
class Recorded:
    """Asks `origin` each question once."""

    origin: httpx2.AsyncClient
    answers: dict[Key, Answer] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        key = await self._key(scope, receive)
        if key not in self.answers:
            self.answers[key] = await self.ask(key, scope)
        await self.answers[key].whole(send)

    async def _key(self, scope: Scope, receive: Receive) -> Key:
        body = await whole_body(receive)
        # The same question may be written in different ways.
        asked = json.dumps(json.loads(body), sort_keys=True) if body else ""
        query = scope["query_string"].decode()
        return scope["method"], scope["path"] + ("?" + query if query else ""), asked

    async def ask(self, key: Key, scope: Scope) -> Answer:
        """Have the origin answer."""
        method, path, body = key
        headers = [(name, value) for name, value in scope["headers"] if name.decode().startswith(_FORWARDED)]
        answer = await self.origin.request(method, path, content=body or None, headers=headers)
        kind = (b"content-type", answer.headers.get("content-type", "text/plain").encode())
        return Answer(answer.status_code, [kind], answer.content)


async def serve(recorded: Recorded) -> None:
    """Serve until SIGTERM; one line of JSON says where."""
    serving = Serving(Starlette(routes=[Mount("", app=recorded)]), port=0)

    def ready() -> None:
        sys.stdout.write(json.dumps({"url": serving.url}) + "\n")
        sys.stdout.flush()

    await serving.serve(ready)
