"""How the server asks a metadata provider: HTTP/1.1, JSON, no credentials, and a limit to its patience."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import deque
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec

from plexsync.sim.plex.options import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plexsync.sim.plex.agents import Provider
    from plexsync.sim.plex.store import Store

_IDENTIFIER = re.compile(re.escape(CUSTOM) + r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*")
#: Seconds for a look whether a provider is there.
_PROBE = 10.0
#: Features without which a provider is of no use.
_NEEDED = ("metadata", "match")
_REMEMBERED = 10_000
_LAST_PORT = 65_535
_LANGUAGE = {"X-Plex-Country": "US", "X-Plex-Language": "en-US"}
_UPDATING = {"includeChildren": "1", "updating": "1", **_LANGUAGE, "X-Plex-Text-Format": "markdown"}


class Unanswered(Exception):
    """There was no usable answer; `status` is what came instead, None for nothing."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Caller:
    """One client for all providers; `asked` are the latest requests with what they got."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clients: dict[bool, httpx2.AsyncClient] = {}
        self.asked: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    async def close(self) -> None:
        """Let go of all connections."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def root(self, uri: str) -> tuple[str, dict[str, Any]]:
        """Where a provider answers in the end, and what it says it is. Unanswered where that is no provider."""
        answer = await self._ask("GET", uri, {"includePreferences": "1"}, follow=True, patience=_PROBE)
        told = _decoded(answer).get("MediaProvider")
        if answer.status_code != 200 or not isinstance(told, dict):
            raise Unanswered("the root is no provider's", answer.status_code)
        return str(answer.url.copy_with(query=None)).rstrip("/"), _facts(told)

    async def match(self, provider: Provider, question: dict[str, Any]) -> list[dict[str, Any]]:
        """What a provider finds, best first. Unanswered."""
        answer = await self._ask(
            "POST", provider.root + provider.keys["match"], body=question, patience=self._patience, headers=_LANGUAGE
        )
        return _listed(answer)

    async def metadata(self, provider: Provider, key: str) -> dict[str, Any]:
        """All that a provider tells of one item. Unanswered, with 404 as its status where there is none."""
        found = _listed(await self._ask("GET", _item(provider, key), _UPDATING, patience=self._patience))
        if not found:
            raise Unanswered(f"primary provider {provider.identifier} failed to return a result", 200)
        return found[0]

    async def extras(self, provider: Provider, key: str) -> None:
        """Look for what belongs to an item. Unanswered."""
        _listed(await self._ask("GET", f"{_item(provider, key)}/extras", _LANGUAGE, patience=self._patience))

    async def picture(self, url: str) -> bytes | None:
        """The bytes of an item's picture; None where only the address is to be kept."""
        return None if self._store.switches.image_by_url else await self.photo(url)

    async def photo(self, url: str) -> bytes | None:
        """The bytes at an address; None where they cannot or may not be had, or are no picture."""
        if not url.startswith(("http://", "https://")):
            return None
        try:
            if self._store.switches.refuse_private_images and await _is_private(url):
                return None
            answer = await self._ask("GET", url, patience=self._patience)
        except Unanswered:
            return None
        is_picture = answer.headers.get("content-type", "").startswith("image/")
        return answer.content if answer.status_code == 200 and is_picture else None

    @property
    def _patience(self) -> float:
        return self._store.switches.provider_timeout

    async def look_around(self, *, anew: bool = False) -> None:
        """Ask every provider outside of the server whether it is there; `anew` where it is said to be now."""
        await asyncio.gather(*(self._look(one, anew=anew) for one in self._store.agents.custom))

    async def _look(self, provider: Provider, *, anew: bool) -> None:
        before = msgspec.structs.astuple(provider)
        try:
            root, told = await self.root(provider.uri if anew else provider.root)
        except Unanswered:
            provider.online = False
        else:
            provider.online = told["identifier"] == provider.identifier
            if anew and provider.online:
                provider.root, provider.types, provider.keys = root, told["types"], told["keys"]
        if msgspec.structs.astuple(provider) != before:
            self._store.agents.keep(provider)

    async def _ask(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        *,
        patience: float,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = False,
    ) -> httpx2.Response:
        entry: dict[str, Any] = {"method": method, "url": url, "query": query or {}, "body": body, "status": None}
        self.asked.append(entry)
        try:
            if (httpx2.URL(url).port or 0) > _LAST_PORT:
                raise Unanswered("no answer: there is no such port")
            async with asyncio.timeout(patience):
                answer = await self._client(url).request(
                    method, url, params=query, json=body, headers=headers, follow_redirects=follow
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise Unanswered(f"no answer: {type(error).__name__}") from error
        entry["status"] = answer.status_code
        return answer

    def _client(self, url: str) -> httpx2.AsyncClient:
        """The client for an address; certificates are only read where they are needed."""
        secure = url.startswith("https:")
        if secure not in self._clients:
            self._clients[secure] = httpx2.AsyncClient(timeout=None, trust_env=False, verify=secure)
        return self._clients[secure]


def _item(provider: Provider, key: str) -> str:
    return f"{provider.root}{provider.keys['metadata']}/{key}"


async def _is_private(url: str) -> bool:
    """Whether an address is not for everybody, by its number or by what its name stands for. Unanswered."""
    try:
        host = httpx2.URL(url).host
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (httpx2.InvalidURL, OSError, UnicodeError) as error:
        raise Unanswered("nobody knows the address") from error
    return not all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_global for one in found)


def _listed(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The entries of an answer. Unanswered where it is none."""
    if answer.status_code != 200:
        raise Unanswered(f"the provider answered {answer.status_code}", answer.status_code)
    told = _decoded(answer).get("MediaContainer")
    if not isinstance(told, dict):
        raise Unanswered("the answer has no container", answer.status_code)
    return _entries(told, "Metadata")


def _decoded(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.content)
    except msgspec.DecodeError as error:
        raise Unanswered("the answer is no JSON", answer.status_code) from error
    if not isinstance(found, dict):
        raise Unanswered("the answer is no object", answer.status_code)
    return found


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a root. Unanswered where something is missing or against the rules."""
    identifier, title = told.get("identifier"), told.get("title")
    if not isinstance(identifier, str) or not _IDENTIFIER.fullmatch(identifier):
        raise Unanswered("the identifier is against the rules")
    if not isinstance(title, str) or not title:
        raise Unanswered("the root has no title")
    types = [one["type"] for one in _entries(told, "Types") if _schemes(one) == {identifier}]
    keys = {one.get("type"): one.get("key") for one in _entries(told, "Feature")}
    if not types or not all(isinstance(one, int) for one in types):
        raise Unanswered("the root names no type of items with its own scheme")
    if not all(isinstance(keys.get(name), str) for name in _NEEDED):
        raise Unanswered("the root lacks the features metadata and match")
    return {
        "identifier": identifier,
        "title": title,
        "types": tuple(types),
        "keys": {name: keys[name] for name in _NEEDED},
    }


def _entries(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = told.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _schemes(told: dict[str, Any]) -> set[Any]:
    return {one.get("scheme") for one in _entries(told, "Scheme")} if "type" in told else set()
