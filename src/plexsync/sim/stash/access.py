"""Who may ask: the key, a plugin's cookie, or everybody when no key is set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from plexsync.sim.stash.sessions import NAME

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from plexsync.sim.stash.sessions import Sessions

OPEN = ("/healthz", "/login", "/_sim/")


@dataclass(frozen=True, slots=True)
class Access:
    """ASGI middleware that lets through or refuses; only GET and POST are routed at all."""

    app: ASGIApp
    key: str | None
    sessions: Sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or hand it on."""
        refusal = None if scope["type"] == "lifespan" else self._refusal(HTTPConnection(scope))
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, asked: HTTPConnection) -> Response | None:
        path = asked.url.path
        if path.startswith(OPEN):
            return None
        if asked.scope.get("method") == "HEAD":
            return Response(status_code=405)
        given = asked.headers.get("ApiKey") or asked.query_params.get("apikey")
        if given and given != self.key:
            return PlainTextResponse("", status_code=401)
        known = bool(given) or self.sessions.chain(asked.cookies.get(NAME)) is not None
        if self.key is None or known:
            return None
        if path == "/graphql" or PurePosixPath(path).suffix:
            return PlainTextResponse("", status_code=401)
        return RedirectResponse("/login", status_code=302)
