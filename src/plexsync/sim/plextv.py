"""A simulated plex.tv: codes for signing in, the account, and its devices; faults on demand.

Faults and the log of requests are described in `plexsync.sim.faults`: `{"path": "/api/v2/pins", "fault": "status",
"status": 429, "retry_after": 5}` is plex.tv asked too often. The other routes below `/_sim/`:

    GET  /_sim/pins          every code: {"code": {"id", "looks", "claimed"}}
    PUT  /_sim/pins/{code}   somebody types the code at plex.tv/link
    GET  /_sim/switches      the switches of `Switches`; PUT changes some
    PUT  /_sim/resources     the devices of the account, as plex.tv tells them
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plexsync.sim.faults import FaultLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

ACCOUNT_TOKEN = "sim-account-token"  # noqa: S105  # of a simulator on loopback
#: No 0, 1, I, L and O: a person has to read it.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CLIENT, _TOKEN = "X-Plex-Client-Identifier", "X-Plex-Token"


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How plex.tv treats codes; `PUT /_sim/switches` with any of these."""

    claim_after: int | None = None  #: somebody types each code by itself after so many looks at it
    expires_in: int = 900  #: seconds that a new code is good for
    forgets: bool = False  #: codes are gone (404), as after their end


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexTvOptions:
    """One account. `resources` are its devices as plex.tv tells them; see `server_resource`."""

    token: str = ACCOUNT_TOKEN
    user: str = "jane"
    resources: tuple[dict[str, Any], ...] = ()
    clock: Callable[[], float] = time.time


@dataclass(slots=True, kw_only=True)
class _Pin:
    number: int
    code: str
    client: str
    ends_at: float
    looks: int = 0
    claimed: bool = False


@dataclass(slots=True)
class PlexTvState:
    """What has happened so far."""

    options: PlexTvOptions
    resources: list[dict[str, Any]] = field(default_factory=list)
    switches: Switches = field(default_factory=Switches)
    pins: dict[int, _Pin] = field(default_factory=dict)

    def new_pin(self, client: str) -> _Pin:
        """A code that is good from now on."""
        number = 1_000_000 + len(self.pins)
        left, code = number * 7919, ""
        for _ in range(4):
            left, at = divmod(left, len(_LETTERS))
            code += _LETTERS[at]
        ends_at = self.options.clock() + self.switches.expires_in
        self.pins[number] = _Pin(number=number, code=code, client=client, ends_at=ends_at)
        return self.pins[number]

    def looked(self, number: int, client: str) -> _Pin | None:
        """The code as it is now; None for one that is gone, or another installation's."""
        pin = self.pins.get(number)
        if pin is None or pin.client != client or self.switches.forgets or self.options.clock() > pin.ends_at:
            return None
        pin.looks += 1
        pin.claimed |= self.switches.claim_after is not None and pin.looks > self.switches.claim_after
        return pin


def server_resource(
    name: str, machine_identifier: str, url: str, *, token: str, owned: bool = True, **more: Any
) -> dict[str, Any]:
    """A media server as a device of the account, reached at one address of the home."""
    host, _, port = url.partition("://")[2].rpartition(":")
    way = {"protocol": "http", "address": host, "port": int(port), "uri": url, "local": True, "relay": False}
    return {
        "name": name,
        "product": "Plex Media Server",
        "productVersion": "1.43.2.10687-563d026ea",
        "platform": "Linux",
        "device": "PC",
        "clientIdentifier": machine_identifier,
        "provides": "server",
        "ownerId": None if owned else 4711,
        "owned": owned,
        "accessToken": token,
        "publicAddress": "192.0.2.1",
        "httpsRequired": False,
        "dnsRebindingProtection": False,
        "connections": [way | {"IPv6": False}],
    } | more


def create_app(options: PlexTvOptions) -> Starlette:
    """The application; `app.state.plextv` is its `PlexTvState`."""
    app = Starlette(
        routes=[
            Route("/api/v2/pins", _new_pin, methods=["POST"]),
            Route("/api/v2/pins/{number:int}", _pin),
            Route("/api/v2/user", _user),
            Route("/api/v2/resources", _resources),
            Route("/_sim/pins", _pins),
            Route("/_sim/pins/{code}", _claim, methods=["PUT"]),
            Route("/_sim/switches", _switches, methods=["GET", "PUT"]),
            Route("/_sim/resources", _set_resources, methods=["PUT"]),
        ],
        middleware=[Middleware(FaultLayer, clock=options.clock)],
        exception_handlers={msgspec.DecodeError: _misunderstood},
    )
    app.state.plextv = PlexTvState(options, list(options.resources))
    return app


def _state(request: Request) -> PlexTvState:
    state: PlexTvState = request.app.state.plextv
    return state


async def _new_pin(request: Request) -> Response:
    client = request.headers.get(_CLIENT, "")
    if not client:
        return _refusal(400, 1000, "X-Plex-Client-Identifier is missing")
    return JSONResponse(_told(_state(request), _state(request).new_pin(client)), 201)


async def _pin(request: Request) -> Response:
    pin = _state(request).looked(request.path_params["number"], request.headers.get(_CLIENT, ""))
    if pin is None:
        return _refusal(404, 1020, "Code not found or expired")
    return JSONResponse(_told(_state(request), pin))


def _told(state: PlexTvState, pin: _Pin) -> dict[str, Any]:
    return {
        "id": pin.number,
        "code": pin.code,
        "product": "PlexSync",
        "trusted": False,
        "clientIdentifier": pin.client,
        "location": {"code": "XX", "timezone": "Etc/UTC"},
        "expiresIn": max(0, round(pin.ends_at - state.options.clock())),
        "authToken": state.options.token if pin.claimed else None,
        "newRegistration": None,
    }


async def _user(request: Request) -> Response:
    options = _state(request).options
    if request.headers.get(_TOKEN) != options.token:
        return _refusal(401, 1001, "User could not be authenticated")
    return JSONResponse({"id": 1, "username": options.user, "title": options.user, "email": "jane@example.com"})


async def _resources(request: Request) -> Response:
    if request.headers.get(_TOKEN) != _state(request).options.token:
        return _refusal(401, 1001, "User could not be authenticated")
    return JSONResponse(_state(request).resources)


async def _pins(request: Request) -> Response:
    pins = _state(request).pins.values()
    return JSONResponse({pin.code: {"id": pin.number, "looks": pin.looks, "claimed": pin.claimed} for pin in pins})


async def _claim(request: Request) -> Response:
    code = request.path_params["code"].upper()
    pin = next((pin for pin in _state(request).pins.values() if pin.code == code), None)
    if pin is None:
        return Response(status_code=404)
    pin.claimed = True
    return Response(status_code=204)


async def _switches(request: Request) -> Response:
    state = _state(request)
    if request.method == "PUT":
        merged = msgspec.to_builtins(state.switches) | msgspec.json.decode(await request.body(), type=dict[str, Any])
        state.switches = msgspec.convert(merged, Switches)
    return JSONResponse(msgspec.to_builtins(state.switches))


async def _set_resources(request: Request) -> Response:
    _state(request).resources = msgspec.json.decode(await request.body(), type=list[dict[str, Any]])
    return Response(status_code=204)


def _refusal(status: int, code: int, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "status": status}]}, status)


async def _misunderstood(_request: Request, error: Exception) -> Response:
    return _refusal(400, 1000, str(error))
