"""Only requests that were meant for this server: a foreign page must not reach it under a name of its own."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9A-Fa-f:.%A-Za-z_~-]+\]|[^\[\]:@/\\?#\s,]+)(?::[0-9]{0,5})?")


def host_name(header: str) -> str | None:
    """The name or address in a Host header, in lower case, without port, brackets and final dot; None if it is none."""
    match = _HOST.fullmatch(header)
    return match[1].strip("[]").rstrip(".").lower() or None if match else None


def names_of(hosts: Iterable[str]) -> frozenset[str]:
    """The names of a list of hosts, each with or without a port."""
    return frozenset(name for name in map(host_name, hosts) if name is not None)


@dataclass(frozen=True, slots=True)
class Hosts:
    """ASGI middleware: 400 without one readable Host, 421 for a Host that is none of ours."""

    app: ASGIApp
    names: Collection[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what is for us."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal([value for name, value in scope["headers"] if name == b"host"])
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, given: list[bytes]) -> JSONResponse | None:
        if len(given) != 1:
            return JSONResponse({"error": "a request needs exactly one Host header"}, 400)
        header = given[0].decode("latin-1")
        name = host_name(header)
        if name is None:
            return JSONResponse({"error": f"the Host header {header[:100]!r} is no host"}, 400)
        if name == "localhost" or name in self.names or _is_address(name):
            return None
        return JSONResponse(
            {
                "error": f"this server is not {name[:100]!r}: open it by its address, or add the name to allowed_hosts "
                'in the settings (PLEXSYNC_ALLOWED_HOSTS="name")'
            },
            421,
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
