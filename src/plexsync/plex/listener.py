"""The WebSocket over which Plex tells what happens in its libraries. What is told while nobody listens is lost."""

from __future__ import annotations

import logging
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from plexsync.plex.connection import headers_of
from plexsync.plex.notices import notices
from plexsync.wire import trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.client import ClientConnection

    from plexsync.plex.notices import Notice

#: Seconds between two pings, and for which the answer to one is waited for.
PING_EVERY = 20.0
PONG_WITHIN = 20.0
#: Seconds that are given to a polite end.
_CLOSE_WITHIN = 2.0
#: Bytes of a message. A usual one has some hundred.
_MESSAGE_BOUND = 8 * 1024 * 1024
#: Newer servers have the first one, their description names the second.
_PATHS = ("/:/websockets/notifications", "/:/websocket/notifications")
_WANTED = "filters=timeline,activity"
#: Answers that may be meant for the way of asking.
_ANOTHER_WAY = frozenset({401, 403, 404})

# The library's own lines hold the whole request, the token with it.
_quiet = logging.getLogger("plexsync.websocket")
_quiet.setLevel(logging.CRITICAL)


class UnheardError(Exception):
    """Plex cannot be listened to now; `refused`: it, or what stands before it, answers, but opens no WebSocket."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class _Direct(connect):
    """Goes where it is told to: a redirect would carry the token to another address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Listener:
    """Opens one WebSocket at a time. Seconds are the machine's; `redact` masks secrets in what an error says."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        client_identifier: str,
        verify: bool | str | ssl.SSLContext,
        connect_timeout: float,
        redact: Callable[[str], str],
        pings: tuple[float, float] = (PING_EVERY, PONG_WITHIN),
    ) -> None:
        place = urlsplit(url.strip().rstrip("/"))
        self._secure = place.scheme.lower() == "https"
        self._base = f"{'wss' if self._secure else 'ws'}://{place.netloc}{place.path}"
        self._token = token.strip()
        self._headers = headers_of(self._token, client_identifier)
        self._context = _context(trust("Plex", verify)) if self._secure else None
        self._timeout = connect_timeout
        self._redact = redact
        self._pings = pings
        # The token is best kept out of addresses, which end up in logs; not every proxy hands the header on.
        self._ways = [(path, in_query) for path in _PATHS for in_query in (False, True)]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Notice]]:
        """What Plex tells from now on. UnheardError when it cannot be opened, and when it breaks."""
        socket = await self._opened()
        try:
            yield self._told(socket)
        finally:
            await socket.close()

    async def _opened(self) -> ClientConnection:
        refusal: UnheardError | None = None
        for number, (path, in_query) in enumerate(self._ways):
            try:
                socket = await self._socket(path, in_query=in_query)
            except InvalidStatus as error:
                status = error.response.status_code
                refusal = refusal or _refused(status)
                if status not in _ANOTHER_WAY:
                    raise refusal from error
            else:
                self._ways.insert(0, self._ways.pop(number))
                return socket
        raise refusal or UnheardError("there is no way to ask for it")

    async def _socket(self, path: str, *, in_query: bool) -> ClientConnection:
        token = f"&X-Plex-Token={quote(self._token, safe='')}" if in_query else ""
        headers = {name: value for name, value in self._headers.items() if not in_query or name != "X-Plex-Token"}
        interval, within = self._pings
        try:
            return await _Direct(
                f"{self._base}{path}?{_WANTED}{token}",
                additional_headers=headers,
                compression=None,
                proxy=None,
                open_timeout=self._timeout,
                ping_interval=interval,
                ping_timeout=within,
                close_timeout=_CLOSE_WITHIN,
                max_size=_MESSAGE_BOUND,
                logger=_quiet,
                ssl=self._context,
            )
        except InvalidStatus:
            raise
        except (OSError, WebSocketException, EOFError, ValueError) as error:
            raise UnheardError(self._why(error)) from error

    async def _told(self, socket: ClientConnection) -> AsyncIterator[Notice]:
        try:
            while True:
                for notice in notices(await socket.recv(decode=False)):
                    yield notice
        except ConnectionClosed as error:
            raise UnheardError(f"Plex's WebSocket broke off: {self._redact(str(error))}") from error

    def _why(self, error: Exception) -> str:
        said = self._redact(str(error)) or type(error).__name__
        return f"Plex's WebSocket cannot be opened: {said}"


def _refused(status: int) -> UnheardError:
    said = f"Plex's address opens no WebSocket (it answers with {status})"
    if status in {401, 403}:
        return UnheardError(f"{said}: the token does not admit to it", refused=True)
    if 500 <= status < 600:
        return UnheardError(said)
    return UnheardError(f"{said}: a proxy before Plex may have to be told to pass WebSockets on", refused=True)


def _context(verify: bool | ssl.SSLContext) -> ssl.SSLContext:  # noqa: FBT001  # httpx2's own word
    if isinstance(verify, ssl.SSLContext):
        return verify
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
