"""A server that answers as another one did before: a page that was asked for once costs nothing to make again."""

from __future__ import annotations

import asyncio
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

_FORWARDED = ("accept", "content-type", "x-plex-")
_PATIENCE = 120.0
_Key = tuple[str, str, str]


@dataclass(slots=True)
class Recorded:
    """Asks `origin` each question once."""

    origin: str
    answers: dict[_Key, Answer] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        key = await self._key(scope, receive)
        if key not in self.answers:
            self.answers[key] = await self._ask(key, scope)
        await self.answers[key].whole(send)

    async def _key(self, scope: Scope, receive: Receive) -> _Key:
        body = await whole_body(receive)
        # The same question may be written in different ways.
        asked = json.dumps(json.loads(body), sort_keys=True) if body else ""
        query = scope["query_string"].decode()
        return scope["method"], scope["path"] + ("?" + query if query else ""), asked

    async def _ask(self, key: _Key, scope: Scope) -> Answer:
        method, path, body = key
        headers = [(name, value) for name, value in scope["headers"] if name.decode().startswith(_FORWARDED)]
        async with httpx2.AsyncClient(base_url=self.origin, timeout=_PATIENCE, trust_env=False) as client:
            answer = await client.request(method, path, content=body or None, headers=headers)
        kind = (b"content-type", answer.headers.get("content-type", "text/plain").encode())
        return Answer(answer.status_code, [kind], answer.content)


def main(origin: str) -> None:
    """Serve until SIGTERM; one line of JSON says where."""
    serving = Serving(Starlette(routes=[Mount("", app=Recorded(origin))]), port=0)

    def ready() -> None:
        sys.stdout.write(json.dumps({"url": serving.url}) + "\n")
        sys.stdout.flush()

    asyncio.run(serving.serve(ready))


if __name__ == "__main__":
    main(sys.argv[1])
