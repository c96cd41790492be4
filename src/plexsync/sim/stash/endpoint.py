"""The `/graphql` endpoint; hooks end with the client's connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from plexsync.sim.faults import note
from plexsync.sim.stash.asked import Asked
from plexsync.sim.stash.execution import Answer, Execution, refusal
from plexsync.sim.stash.sessions import NAME, Sessions

if TYPE_CHECKING:
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Reads requests and writes answers."""

    execution: Execution
    sessions: Sessions
    key: str | None

    async def serve(self, request: Request) -> Response:
        """Answer one request. When the client leaves, its work is cancelled."""
        answer = await self._until_gone(request)
        headers = {"Cache-Control": "no-store"}
        body = msgspec.json.encode(answer.content)
        return Response(body, answer.status, headers, media_type="application/json")

    async def _until_gone(self, request: Request) -> Answer:
        try:
            sent = await self._sent(request)
        except msgspec.DecodeError as error:
            return refusal(400, f"json request body could not be decoded: {error}")
        work = asyncio.create_task(self._work(request, sent))
        gone = asyncio.create_task(_left(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
        return refusal(200, "context canceled") if work.cancelled() else work.result()

    async def _work(self, request: Request, sent: Any) -> Answer:
        chain = self.sessions.chain(request.cookies.get(NAME)) or ()
        asked = Asked(base=base(request), key=self.key, chain=chain)
        answer = await self.execution.answer(sent, asked, reading=request.method == "GET")
        said = note(request.scope)
        said.kind = "write" if answer.writes else "read"
        said.label = (isinstance(sent, dict) and sent.get("operationName")) or ""
        return answer

    async def _sent(self, request: Request) -> Any:
        if request.method == "GET":
            sent: dict[str, Any] = dict(request.query_params)
            if "variables" in sent:
                sent["variables"] = msgspec.json.decode(sent["variables"])
            return sent
        return msgspec.json.decode(await request.body())


def base(request: Request) -> str:
    """The address that the client used, as Stash guesses it."""
    scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else "http"
    prefix = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return f"{scheme}://{request.headers.get('Host', 'localhost')}{prefix}"


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
