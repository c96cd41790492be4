"""HTTP to one Plex server: headers, time-outs, who may speak at once, and the proof that it is the right server."""

from __future__ import annotations

import asyncio
import platform
import ssl
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import msgspec

from plexsync.model.errors import PlexPermanentError, PlexServerDown
from plexsync.plex.answers import Request, Translator, is_page, other_server
from plexsync.plex.documents import IdentityAnswer, text

if TYPE_CHECKING:
    from collections.abc import Callable

READERS = 4
#: How long an idle connection is kept for the next write, in seconds.
KEPT_SECONDS = 60.0
PRODUCT = "PlexSync"

T = TypeVar("T")


class NotFoundError(Exception):
    """Plex has nothing at this path: an answer of the right server, not of a proxy before it."""


class _NewConnectionError(Exception):
    """A write was about to go over a connection on which the server has not been identified."""


class Connection:
    """Reads go over up to four connections, writes over one of their own that is identified before its first write.

    `pinned` is the machineIdentifier of the only server that may be written to; where None, the first one
    that answers is taken for the life of this connection.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        client_identifier: str,
        pinned: str | None,
        connect_timeout: float,
        read_timeout: float,
        verify: bool | str | ssl.SSLContext,
        redact: Callable[[str], str],
    ) -> None:
        self._base = url.strip().rstrip("/")
        if not self._base.lower().startswith(("http://", "https://")):
            raise ValueError("the address of Plex starts with http:// or https://")
        self.pinned = pinned
        self.translator = Translator(token.strip(), redact)
        self._identified = False
        self._identifying = asyncio.Lock()
        self._readers = asyncio.Semaphore(READERS)
        options: dict[str, Any] = {
            "headers": _headers(token.strip(), client_identifier),
            "timeout": httpx2.Timeout(read_timeout, connect=connect_timeout, pool=None),
            "verify": _tls(verify),
            "follow_redirects": False,
            # Proxies of the environment are for the wide world; Plex is a neighbour.
            "trust_env": False,
        }
        self._reading = httpx2.AsyncClient(**options)
        one = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_SECONDS)
        self._writing = httpx2.AsyncClient(limits=one, **options)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._reading.aclose()
        await self._writing.aclose()

    async def read(self, path: str, shape: type[T]) -> T:
        """GET as JSON of that shape, waiting for one of the readers' places. Raises NotFoundError on 404."""
        async with self._readers:
            return await self.read_now(path, shape)

    async def read_now(self, path: str, shape: type[T]) -> T:
        """The same without waiting for a place, for the questions that tell whether Plex is well."""
        request = Request(method="GET", path=path)
        response = await self._send(self._reading, request)
        await self._raise_for(response, request)
        return self._decoded(response, request, shape)

    async def write(self, method: str, path: str, *, content: bytes | None = None, about: str = "") -> None:
        """Send one write to the identified server. Raises NotFoundError on 404."""
        request = Request(method=method, path=path, about=about)
        await self.identify()
        try:
            response = await self._send(self._writing, request, content, trace=_no_new_connection)
        except _NewConnectionError:
            self._identified = False
            await self.identify()
            # A server that closes after each answer would never be reached otherwise.
            response = await self._send(self._writing, request, content)
        await self._raise_for(response, request)
        if is_page(response):
            raise self.translator.unreadable(response, request, "a write was answered with a page")

    async def identify(self) -> None:
        """Make sure that the server that writes go to is the pinned one; free when nothing failed since last time.

        Raises Incompatible when another one answers.
        """
        async with self._identifying:
            if not self._identified:
                self.accept(await self._identity_for_writes())
                self._identified = True

    def accept(self, machine_identifier: str) -> None:
        """Compare with the pinned server; raises Incompatible."""
        if self.pinned is None:
            self.pinned = machine_identifier
        elif machine_identifier != self.pinned:
            self._identified = False
            raise other_server(self.pinned, machine_identifier)

    async def _identity_for_writes(self) -> str:
        request = Request(method="GET", path="/identity")
        response = await self._send(self._writing, request)
        if response.status_code == 404:
            raise not_plex(request)
        if not response.is_success:
            raise self._refusal(response, request)
        return self._decoded(response, request, IdentityAnswer).container.machine_identifier

    async def _send(
        self,
        client: httpx2.AsyncClient,
        request: Request,
        content: bytes | None = None,
        trace: Callable[[str, dict[str, Any]], Any] | None = None,
    ) -> httpx2.Response:
        extensions = {"trace": trace} if trace else None
        try:
            return await client.request(
                request.method, self._base + request.path, content=content, extensions=extensions
            )
        except httpx2.HTTPError as error:
            self._identified = False
            raise self.translator.unreachable(error, request) from error
        except httpx2.InvalidURL as error:
            raise PlexPermanentError(
                "the request line is too long to be sent", status=414, place=request.place
            ) from error

    async def _raise_for(self, response: httpx2.Response, request: Request) -> None:
        if response.is_success:
            return
        if response.status_code != 404:
            raise self._refusal(response, request)
        # A proxy whose Plex is away may say 404 as well; that must never pass for a missing item.
        self._identified = False
        await self.identify()
        raise NotFoundError(request.place)

    def _refusal(self, response: httpx2.Response, request: Request) -> Exception:
        error = self.translator.refused(response, request)
        if isinstance(error, PlexServerDown):
            self._identified = False
        return error

    def _decoded(self, response: httpx2.Response, request: Request, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=shape)
        except msgspec.DecodeError as error:
            raise self.translator.unreadable(response, request, text(str(error))) from error


def not_plex(request: Request) -> PlexServerDown:
    """The error for an address where something answers that is not Plex."""
    return PlexServerDown(
        "something answers at Plex's address, but not Plex: a proxy without it, or a wrong path",
        status=404,
        place=request.place,
    )


async def _no_new_connection(event: str, _info: dict[str, Any]) -> None:
    if event == "connection.connect_tcp.started":
        raise _NewConnectionError


def _headers(token: str, client_identifier: str) -> dict[str, str]:
    """The token travels here only: queries end up in logs."""
    return {
        "Accept": "application/json",
        **({"X-Plex-Token": token} if token else {}),
        "X-Plex-Client-Identifier": client_identifier,
        "X-Plex-Product": PRODUCT,
        "X-Plex-Version": version("plexsync"),
        "X-Plex-Platform": platform.system() or "unknown",
        "X-Plex-Device-Name": PRODUCT,
    }


def _tls(verify: bool | str | ssl.SSLContext) -> bool | ssl.SSLContext:  # noqa: FBT001  # httpx2's own word
    """`verify` as httpx2 takes it; a text names a file of certificates to trust beside the usual ones."""
    if not isinstance(verify, str):
        return verify
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=verify)
    return context
