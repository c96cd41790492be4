"""Plex's metadata agents: the providers it knows, the order in which an agent asks them, and who names a library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from plexsync.model.errors import Incompatible, NeedsSignIn, PlexPermanentError
from plexsync.model.work import Peer
from plexsync.plex.agentrows import (
    AgentRow,
    AgentsAnswer,
    AgentSectionRow,
    AgentSectionsAnswer,
    ProviderRow,
    ProvidersAnswer,
    rows_of,
    untold,
)
from plexsync.plex.connection import NotFoundError
from plexsync.plex.documents import decimal, flag, integer, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from plexsync.plex.connection import Connection

    T = TypeVar("T", ProvidersAnswer, AgentsAnswer, AgentSectionsAnswer)

_PROVIDERS = "/media/providers/metadata"
_AGENTS = f"{_PROVIDERS}/group"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProvider:
    """A metadata provider that Plex knows. `online` is what Plex says of it, None where it says nothing.

    A contributor gives items no guid: it only fills in.
    """

    id: int
    identifier: str
    title: str
    uri: str
    contributor: bool
    online: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What a library can be named by. `primary` identifies the provider that gives the guids, `asks` has all of them
    by their ids, in the order in which they are asked.
    """

    id: int
    title: str
    primary: str
    asks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLibrary:
    """A library and who names it: the identifier of the agent's first provider, and the agent where Plex tells it."""

    key: int
    title: str
    type: str
    scanner: str
    identifier: str
    agent: int | None


class Agents:
    """The agents of one server. To change them takes the token of its owner; it is no write to any item.

    Every failure is one of `model.errors`; PlexPermanentError with status 400 where Plex does not take what it is
    given, as a provider that it cannot reach, and 409 where it has one of that identifier.
    """

    def __init__(self, connection: Connection, token: str) -> None:
        self._connection = connection
        self._token = token

    async def providers(self) -> list[AgentProvider]:
        """All providers. Incompatible where this Plex is older than all of them."""
        answer = await self._read(_PROVIDERS, ProvidersAnswer)
        found = (_provider(row) for row in rows_of(answer.container.rows))
        return [one for one in found if one is not None]

    async def agents(self) -> list[Agent]:
        """All agents."""
        answer = await self._read(_AGENTS, AgentsAnswer)
        found = (_agent(row) for row in rows_of(answer.container.rows))
        return sorted((one for one in found if one is not None), key=lambda one: one.id)

    async def libraries(self) -> list[AgentLibrary]:
        """All libraries of every type."""
        answer = await self._read("/library/sections", AgentSectionsAnswer)
        found = (_library(row) for row in answer.container.rows or ())
        return [one for one in found if one is not None]

    async def register(self, uri: str) -> None:
        """Make a provider known; Plex asks it who it is before it answers."""
        await self._write("POST", f"{_PROVIDERS}?uri={_quoted(uri)}", "uri of a provider")

    async def move(self, provider: int, uri: str) -> None:
        """A known provider answers elsewhere now; Plex asks there who it is before it answers."""
        await self._write("PUT", f"{_PROVIDERS}/{int(provider)}?uri={_quoted(uri)}", "uri of a provider")

    async def create(self, title: str, identifier: str) -> None:
        """Make an agent that asks that provider, and so far no other."""
        path = f"{_AGENTS}?title={_quoted(title)}&primaryIdentifier={_quoted(identifier)}"
        await self._write("POST", path, "a new agent")

    async def add(self, agent: int, provider: int) -> None:
        """Have an agent ask one more provider, behind the others."""
        await self._write("PUT", f"{_AGENTS}/{int(agent)}/items/{int(provider)}", "providers of an agent")

    async def assign(self, library: int, agent: Agent) -> None:
        """Have a library named by an agent. Its items stay as they are until they are refreshed or matched anew."""
        chosen = f"agent={_quoted(agent.primary)}&metadataAgentProviderGroupId={agent.id}"
        await self._write("PUT", f"/library/sections/{int(library)}?{chosen}", "agent of a library")

    async def _read(self, path: str, shape: type[T]) -> T:
        fault: Callable[[T], str] = untold
        try:
            try:
                return await self._connection.read(path, shape, fault)
            except NeedsSignIn as error:
                if error.status != 401:
                    raise
                return await self._connection.read(self._with_token(path), shape, fault)
        except NotFoundError as error:
            raise _too_old(error) from error

    async def _write(self, method: str, path: str, about: str) -> None:
        try:
            try:
                await self._connection.write(method, path, about=about)
            except NeedsSignIn as error:
                if error.status != 401:
                    raise
                await self._connection.write(method, self._with_token(path), about=about)
        except NotFoundError as error:
            raise PlexPermanentError(
                f"Plex does not have what was to be changed ({about}, 404): it was taken away meanwhile, or this Plex "
                "is too old",
                status=404,
                place=error.place,
                excerpt=error.excerpt,
            ) from error

    def _with_token(self, path: str) -> str:
        """Some versions of Plex look for the token of these questions in the query only."""
        return f"{path}{'&' if '?' in path else '?'}X-Plex-Token={_quoted(self._token)}"


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _too_old(error: NotFoundError) -> Incompatible:
    return Incompatible(
        "this Plex knows no metadata providers (404): they come with version 1.43",
        peer=Peer.PLEX,
        status=404,
        place=error.place,
        excerpt=error.excerpt,
    )


def _provider(row: ProviderRow) -> AgentProvider | None:
    number, identifier = integer(row.id), text(row.identifier)
    if number is None or not identifier:
        return None
    return AgentProvider(
        id=number,
        identifier=identifier,
        title=text(row.title) or identifier,
        uri=text(row.uri),
        contributor=text(row.agent_type) in {"contributor", "1"},
        online=None if row.online is None else flag(row.online),
    )


def _agent(row: AgentRow) -> Agent | None:
    number, primary = integer(row.id), text(row.primary)
    if number is None or not primary:
        return None
    members = [*rows_of(row.members), *rows_of(row.also_members)]
    ordered = sorted(members, key=lambda member: decimal(member.order) or 0.0)
    named = [member.id if member.provider is None else member.provider for member in ordered]
    asks = [key for one in named if (key := integer(one)) is not None]
    return Agent(id=number, title=text(row.title), primary=primary, asks=tuple(dict.fromkeys(asks)))


def _library(row: AgentSectionRow) -> AgentLibrary | None:
    key = integer(row.key)
    if not key:
        return None
    return AgentLibrary(
        key=key,
        title=text(row.title),
        type=text(row.type),
        scanner=text(row.scanner),
        identifier=text(row.agent),
        agent=integer(row.group),
    )
