"""What it takes to have Plex ask our provider: each server with a client that may change its agents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
import msgspec

from plexsync.app.clients import plex_client, tls_of
from plexsync.app.inspection import last_known
from plexsync.app.sources import Sources, complete_for_plex
from plexsync.config import Config, ServerSetting
from plexsync.log import Redactor
from plexsync.model.errors import ConfigurationError, StoreError
from plexsync.model.exchange import why_unreachable
from plexsync.model.provider import IDENTIFIER
from plexsync.plex.client import PlexClient
from plexsync.store import identity
from plexsync.sync.agents.address import ProviderAddress
from plexsync.sync.agents.unreachable import URL_MISSING, Listening
from plexsync.wire import PAGE_BOUND, WHOLE, body, neighbour

#: Seconds that our own look at the provider's address may take.
_LOOK_SECONDS = 5.0
_OURS = b'{"status":"ok"}'
_UNASKED = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError)


class _About(msgspec.Struct):
    identifier: str


class _Root(msgspec.Struct):
    about: _About = msgspec.field(name="MediaProvider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One Plex that may ask us."""

    setting: ServerSetting
    plex: PlexClient

    @property
    def name(self) -> str:
        """The server's."""
        return self.setting.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Our address, and the servers that may be told it."""

    config: Config
    address: ProviderAddress
    candidates: tuple[Candidate, ...]

    @property
    def listening(self) -> Listening:
        """Where the daemon listens by its settings."""
        return Listening(host=self.config.host, port=self.config.port)

    def named(self, server: str | None) -> list[Candidate]:
        """The server of that name, or all. ConfigurationError names those that there are."""
        found = [one for one in self.candidates if server is None or one.name == server]
        if not found:
            names = ", ".join(repr(one.name) for one in self.candidates)
            raise ConfigurationError([f"there is no server {server!r} in the settings; there are: {names}"])
        return found

    async def look(self, url: str) -> str:
        """What answers at an address, asked from here: a sentence without its beginning and end."""
        try:
            status, content = await self._asked(url)
        except _UNASKED as error:
            why = why_unreachable(error, "PlexSync") or str(error) or "no answer in time"
            return f"does not answer ({why})"
        if status == HTTPStatus.OK and content.strip() == _OURS:
            return "answers as PlexSync does"
        if status == HTTPStatus.MISDIRECTED_REQUEST:
            return (
                "leads to a PlexSync that does not know this name (421): start the daemon anew, so that it learns it "
                "from url_from_plex"
            )
        return f"answers with {status}, and not as PlexSync does"

    async def provides(self, uri: str) -> bool | None:
        """Whether a provider of our name answers there, asked from here; None where nobody can tell."""
        try:
            status, content = await self._asked(uri)
        except _UNASKED:
            return None
        if status == HTTPStatus.NOT_FOUND:
            return False
        return _names_us(content) or None

    async def _asked(self, url: str) -> tuple[int, bytes]:
        timeout = httpx2.Timeout(_LOOK_SECONDS)
        async with (
            neighbour(headers={}, timeout=timeout, verify=tls_of(self.config, url)) as client,
            asyncio.timeout(_LOOK_SECONDS * WHOLE),
            client.stream("GET", url) as response,
        ):
            return response.status_code, await body(response, PAGE_BOUND)


def _names_us(content: bytes) -> bool:
    try:
        return msgspec.json.decode(content, type=_Root).about.identifier == IDENTIFIER
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False


@asynccontextmanager
async def registration(sources: Sources) -> AsyncIterator[Registration]:
    """The clients, closed again at the end. ConfigurationError where an address or token is missing, StoreError where
    the daemon has never run: the secret part of the address is made then.
    """
    config = last_known(sources)
    complete_for_plex(config)
    path = config.data_dir / identity.FILE_NAME
    if not path.exists():
        before = "" if config.url_from_plex else f"{URL_MISSING}. Then start"
        raise StoreError(
            f"{path} is missing, and with it the secret part of the provider's address: the daemon makes it at its "
            f"first start. {before or 'Start'} it with `plexsync run`, and run this again while it runs, as Plex asks "
            "it at once"
        )
    me = identity.load_or_create(path)
    redactor = Redactor((*config.secrets(), me.provider_path))
    async with AsyncExitStack() as stack:
        candidates = []
        for setting in config.servers:
            plex = plex_client(setting, config, me, redactor, _freely)
            stack.push_async_callback(plex.aclose)
            candidates.append(Candidate(setting=setting, plex=plex))
        address = ProviderAddress(base=config.url_from_plex or "", secret=me.provider_path)
        yield Registration(config=config, address=address, candidates=tuple(candidates))


async def _freely() -> None:
    """Agents belong to no daemon: whoever holds the owner's token may change them, whichever daemon writes items."""
