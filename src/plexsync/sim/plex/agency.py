"""What a server asks the provider of a library about one item: which film it is, and all that is known of it."""

from __future__ import annotations

import re
from collections import deque
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from plexsync.sim.plex.adopting import adopt
from plexsync.sim.plex.caller import Unanswered
from plexsync.sim.plex.events import DONE, DOWNLOADING, MATCHING, PROCESSING
from plexsync.sim.plex.guess import filename, title_and_year
from plexsync.sim.plex.told import told_of

if TYPE_CHECKING:
    from plexsync.sim.plex.agents import Provider
    from plexsync.sim.plex.caller import Caller
    from plexsync.sim.plex.events import Hub
    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store
    from plexsync.sim.plex.told import Told

#: Guids that lead to an item of a provider; others are kept and lead nowhere.
_GUID = re.compile(r"[^:/]+://movie/([A-Za-z0-9_-]+)")
_REMEMBERED = 10_000


class Agency:
    """`failures` are the latest questions that got no usable answer."""

    def __init__(self, store: Store, hub: Hub, caller: Caller) -> None:
        self._store = store
        self._hub = hub
        self._caller = caller
        self.failures: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    async def refresh(self, key: int) -> None:
        """Match an item that is not, and take over what its provider tells; without an answer it stays as it is."""
        item = self._store.items.get(key)
        if item is None:
            return
        section = self._store.sections[item.section]
        provider = self._store.agents.named(section.agent)
        if provider is None or not section.custom:
            return
        self._hub.timeline(item, MATCHING)
        try:
            await self._ask(provider, section, item)
        except Unanswered as error:
            self._fail(item, error)
        if self._store.items.get(key) is item:
            self._hub.timeline(item, DONE)

    async def _ask(self, provider: Provider, section: Section, item: Item) -> None:
        before = item.guid, item.agent
        guid = await self._guid(provider, section, item)
        if guid is None:
            return
        found = _GUID.fullmatch(guid)
        if found is None:
            if self._is_still(provider, section, item, before) and before != (guid, provider.identifier):
                item.guid, item.agent = guid, provider.identifier
                self._store.keep_item(item)
            # A guid of the wrong shape is taken at match, and nothing can be read by it.
            raise Unanswered(f"primary provider {provider.identifier} failed to return a result")
        self._hub.timeline(item, DOWNLOADING)
        told = told_of(await self._caller.metadata(provider, found[1]), self._store.switches)
        fetched = await self._fetch(item, told)
        await self._extras(provider, item, found[1])
        if self._is_still(provider, section, item, before):
            self._hub.timeline(item, PROCESSING)
            adopt(self._store, item, told, guid, provider.identifier, fetched)

    async def _guid(self, provider: Provider, section: Section, item: Item) -> str | None:
        """The guid by which an item is known, or is found now."""
        matched = item.guid if item.agent == provider.identifier else None
        if matched is not None and not self._store.switches.rematch_on_refresh:
            return matched
        found = await self._caller.match(provider, self.question(section, item))
        if matched is not None:
            return matched
        return next((guid for one in found[:1] if isinstance(guid := one.get("guid"), str)), None)

    def question(self, section: Section, item: Item, *, title: str = "", year: str = "") -> dict[str, Any]:
        """What a provider is asked to find an item's film; with a title, as a person searches for it."""
        switches = self._store.switches
        guessed, guessed_year = title_and_year(item.path)
        asked: dict[str, Any] = {"type": 1, "title": title or guessed}
        wanted_year = (int(year) if year.isdigit() else None) if title else guessed_year
        if wanted_year is not None:
            asked["year"] = wanted_year
        if not title or switches.manual_filename:
            asked["filename"] = filename(item.path, section.path, switches.provider_filename)
        if title:
            asked["manual"] = 1
        if switches.include_adult is not None:
            asked["includeAdult"] = int(switches.include_adult)
        return asked

    async def _fetch(self, item: Item, told: Told) -> dict[str, str]:
        """The SHA-1 of each picture that could be had; an address that was fetched once is not fetched again."""
        fetched: dict[str, str] = {}
        for kind, addresses in told.pictures.items():
            gallery = getattr(item, kind)
            for address in addresses:
                known = gallery.remote.get(address, "") if gallery is not None else ""
                if not known and address not in fetched:
                    content = await self._caller.picture(address)
                    known = sha1(content).hexdigest() if content else ""  # noqa: S324  # the name that Plex gives it
                    if content:
                        self._store.journal.keep_picture(known, content)
                if known:
                    fetched[address] = known
        return fetched

    async def _extras(self, provider: Provider, item: Item, key: str) -> None:
        """Trailers and the like are looked for at each refresh, and nothing depends on the answer."""
        try:
            await self._caller.extras(provider, key)
        except Unanswered as error:
            self._fail(item, error)

    def _is_still(self, provider: Provider, section: Section, item: Item, before: tuple[str, str]) -> bool:
        """Whether nobody took the item, its match or its library's agent away meanwhile."""
        there = self._store.items.get(item.key) is item and (item.guid, item.agent) == before
        return there and section.agent == provider.identifier

    def broke(self, error: BaseException) -> None:
        """Note a fault of the server's own."""
        self.failures.append({"ratingKey": None, "reason": repr(error), "status": None, "at": self._store.now()})

    def _fail(self, item: Item, error: Unanswered) -> None:
        told = {"ratingKey": str(item.key), "reason": str(error), "status": error.status, "at": self._store.now()}
        self.failures.append(told)
