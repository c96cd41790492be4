"""The owner's routes about metadata providers and their groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from plexsync.sim.plex.answers import answer, arguments, caller_of, done, store_of
from plexsync.sim.plex.caller import Unanswered
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.tree import Node, Scalar, container

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.plex.agents import Agents, Group, Provider
    from plexsync.sim.plex.store import Store

FIRST_WITH_PROVIDERS = (1, 43)


def knows_providers(store: Store) -> bool:
    """Whether this version of the server has them at all."""
    numbers = [int(part) for part in re.findall(r"\d+", store.switches.version)[:2]]
    return tuple(numbers) >= FIRST_WITH_PROVIDERS


def _agents(request: Request) -> Agents:
    """All that is registered, for the owner of a server that knows of it."""
    store = store_of(request)
    if not knows_providers(store):
        raise Refused(404)
    if request.state.guest:
        raise Refused(403)
    return store.agents


def _provider(request: Request) -> Provider:
    return _agents(request).provider(number_in(request.path_params["provider"]))


def _group(request: Request) -> Group:
    return _agents(request).group(number_in(request.path_params["group"]))


def number_in(text: str) -> int:
    """A number of the path or the query; one that nothing has where it is none."""
    return int(text) if text.isascii() and text.isdigit() else -1


# Providers


async def providers(request: Request) -> Response:
    """Every provider, or those for all of some types of items, and who can be reached now."""
    agents = _agents(request)
    asked = arguments(request).get("metadataTypes", "")
    if not all(part.isdigit() for part in asked.split(",") if part):
        raise Refused(400, "types are numbers")
    types = {int(part) for part in asked.split(",") if part}
    await caller_of(request).look_around()
    found = [one for one in agents.providers.values() if types <= set(one.types)]
    return answer(request, container([provider_node(one) for one in found]))


async def provider(request: Request) -> Response:
    return answer(request, container([provider_node(_provider(request))]))


async def register(request: Request) -> Response:
    """Ask a root what it is, and take it in."""
    agents = _agents(request)
    uri = arguments(request).get("uri", "")
    root, told = await _introduced(request, uri)
    return _told(request, provider_node(agents.register(uri, root, told)))


async def move(request: Request) -> Response:
    """The same provider at another address, which must say what it is as well."""
    found = _provider(request)
    uri = arguments(request).get("uri", "")
    if found.built_in:
        raise Refused(403, "the provider is the server's own")
    root, told = await _introduced(request, uri)
    if told["identifier"] != found.identifier:
        raise Refused(400, "another provider answers there")
    found.uri, found.title, found.online = uri, told["title"], True
    if not store_of(request).switches.provider_moves_at_restart:
        found.root, found.types, found.keys = root, told["types"], told["keys"]
    _agents(request).keep(found)
    return _told(request, provider_node(found))


async def remove(request: Request) -> Response:
    _agents(request).remove(_provider(request))
    return done()


async def refresh(request: Request) -> Response:
    """Look again who can be reached."""
    _agents(request)
    await caller_of(request).look_around()
    return done()


async def _introduced(request: Request, uri: str) -> tuple[str, dict[str, Any]]:
    if not uri.startswith(("http://", "https://")):
        raise Refused(400, "the address of a provider begins with http")
    try:
        return await caller_of(request).root(uri)
    except Unanswered as error:
        raise Refused(400, str(error)) from error


# Groups


async def groups(request: Request) -> Response:
    agents = _agents(request)
    return answer(request, container([group_node(agents, one) for one in agents.groups.values()]))


async def group(request: Request) -> Response:
    return answer(request, container([group_node(_agents(request), _group(request))]))


async def add_group(request: Request) -> Response:
    """A new group; its first provider is its first item."""
    agents = _agents(request)
    wanted = arguments(request)
    made = agents.add_group(wanted.get("title", ""), wanted.get("primaryIdentifier", ""))
    return _told(request, group_node(agents, made))


async def rename_group(request: Request) -> Response:
    agents, found = _agents(request), _group(request)
    agents.rename(found, arguments(request).get("title", ""))
    return _told(request, group_node(agents, found))


async def remove_group(request: Request) -> Response:
    found = _group(request)
    if any(section.group == found.id for section in store_of(request).sections.values()):
        raise Refused(403, "a library has this agent")
    _agents(request).remove_group(found)
    return done()


async def place(request: Request) -> Response:
    """Add a provider to a group, or move it."""
    agents, found = _agents(request), _group(request)
    after = arguments(request).get("after")
    agents.place(found, _provider(request), None if after in {None, ""} else number_in(after or ""))
    return _told(request, group_node(agents, found))


async def displace(request: Request) -> Response:
    _agents(request).displace(_group(request), _provider(request))
    return done()


# Answers


def provider_node(one: Provider) -> Node:
    """A provider as the list of providers has it."""
    facts: dict[str, Scalar] = {
        "id": one.id,
        "identifier": one.identifier,
        "title": one.title,
        "uri": one.uri,
        "agentType": "contributor" if one.contributor else "primary",
        "online": one.online,
    }
    return Node("MetadataAgentProvider", facts, [Node("MetadataType", {"type": number}) for number in one.types])


def group_node(agents: Agents, one: Group) -> Node:
    """A group with its providers in order."""
    items = [agents.provider(number) for number in one.items]
    children = [
        Node(
            "MetadataAgentGroupItem",
            {
                "id": item.id,
                "identifier": item.identifier,
                "title": item.title,
                "agentType": "contributor" if item.contributor else "primary",
                "online": item.online,
            },
        )
        for item in items
    ]
    facts: dict[str, Scalar] = {"id": one.id, "title": one.title, "primaryIdentifier": one.primary}
    return Node("MetadataAgentProviderGroup", facts, children)


def _told(request: Request, node: Node) -> Response:
    return answer(request, container([node])) if store_of(request).switches.provider_answers else done()


PROVIDERS = "/media/providers/metadata"
GROUPS = f"{PROVIDERS}/group"
ROUTES = [
    Route("/media/providers/refresh", refresh, methods=["POST"]),
    Route(PROVIDERS, providers),
    Route(PROVIDERS, register, methods=["POST"]),
    Route(GROUPS, groups),
    Route(GROUPS, add_group, methods=["POST"]),
    Route(f"{GROUPS}/{{group}}", group),
    Route(f"{GROUPS}/{{group}}", rename_group, methods=["PUT"]),
    Route(f"{GROUPS}/{{group}}", remove_group, methods=["DELETE"]),
    Route(f"{GROUPS}/{{group}}/items/{{provider}}", place, methods=["PUT"]),
    Route(f"{GROUPS}/{{group}}/items/{{provider}}", displace, methods=["DELETE"]),
    Route(f"{PROVIDERS}/{{provider}}", provider),
    Route(f"{PROVIDERS}/{{provider}}", move, methods=["PUT"]),
    Route(f"{PROVIDERS}/{{provider}}", remove, methods=["DELETE"]),
]
