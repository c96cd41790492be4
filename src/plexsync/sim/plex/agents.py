"""The metadata providers that the server knows, and the groups of them, called agents, that libraries are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from plexsync.sim.plex.options import MODERN_AGENT
from plexsync.sim.plex.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOVIE = 1
_EVERYTHING = (1, 2, 3, 4, 8, 9, 10, 13, 14, 20, 21, 22)
_OWN_ADDRESS = "provider://tv.plex.provider.metadata"


class Provider(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who tells of items. `keys` are the paths of its features below `root`, where it is called."""

    id: int
    identifier: str
    title: str
    uri: str = ""
    root: str = ""
    types: tuple[int, ...] = (MOVIE,)
    keys: dict[str, str] = {}
    contributor: bool = False  #: adds to what another one tells, and is never the first of a group
    built_in: bool = False
    online: bool = True


class Group(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent: a first provider that gives the items their guids, and others in the order of their right to speak."""

    id: int
    title: str
    primary: str  #: identifier
    items: list[int]  #: providers, the primary first
    built_in: bool = False


class Agents:
    """All providers and groups by their numbers; `keep` writes a changed row through, None one that is gone."""

    def __init__(self, keep: Callable[[str, int, object], None]) -> None:
        self._keep = keep
        own = (
            Provider(id=1, identifier=MODERN_AGENT, title="Plex Movie", uri=_OWN_ADDRESS),
            Provider(id=2, identifier="tv.plex.agents.series", title="Plex Series", uri=_OWN_ADDRESS, types=(2, 3, 4)),
            Provider(id=3, identifier="tv.plex.agents.music", title="Plex Music", uri=_OWN_ADDRESS, types=(8, 9, 10)),
            Provider(id=5, identifier="tv.plex.agents.none", title="Plex Personal Media", types=_EVERYTHING),
            Provider(
                id=6,
                identifier="tv.plex.agents.localmedia",
                title="Plex Local Media",
                types=_EVERYTHING,
                contributor=True,
                online=False,
            ),
        )
        self.providers = {one.id: msgspec.structs.replace(one, built_in=True) for one in own}
        firsts = [one for one in own if not one.contributor]
        self.groups = {
            number: Group(id=number, title=one.title, primary=one.identifier, items=[one.id], built_in=True)
            for number, one in enumerate(firsts, 1)
        }
        self._next_provider = max(self.providers) + 1
        self._next_group = max(self.groups) + 1

    # What is there

    def provider(self, number: int) -> Provider:
        """One provider. Refused when there is none."""
        if number not in self.providers:
            raise Refused(404, "no such provider")
        return self.providers[number]

    def group(self, number: int) -> Group:
        """One group. Refused when there is none."""
        if number not in self.groups:
            raise Refused(404, "no such group")
        return self.groups[number]

    def named(self, identifier: str) -> Provider | None:
        """The provider with this identifier."""
        return next((one for one in self.providers.values() if one.identifier == identifier), None)

    @property
    def custom(self) -> list[Provider]:
        """Those that lie outside of the server."""
        return [one for one in self.providers.values() if not one.built_in]

    # What changes

    def register(self, uri: str, root: str, told: Mapping[str, Any]) -> Provider:
        """Take a provider in, or Refused where its identifier is known already."""
        if self.named(told["identifier"]) is not None:
            raise Refused(409, "a provider with this identifier is registered")
        made = Provider(id=self._next_provider, uri=uri, root=root, **told)
        self.take(made)
        self._keep("provider", made.id, made)
        return made

    def keep(self, provider: Provider) -> None:
        """Write a changed provider through."""
        self._keep("provider", provider.id, provider)

    def remove(self, provider: Provider) -> None:
        """Forget a provider, unless a group has it."""
        if provider.built_in or any(provider.id in group.items for group in self.groups.values()):
            raise Refused(403, "the provider is in use")
        self.forget("provider", provider.id)
        self._keep("provider", provider.id, None)

    def add_group(self, title: str, identifier: str) -> Group:
        """A group that begins with this provider."""
        first = self.named(identifier)
        if not title or first is None or first.contributor:
            raise Refused(400, "a group has a title and a first provider")
        made = Group(id=self._next_group, title=title, primary=identifier, items=[first.id])
        self.take(made)
        self._keep("group", made.id, made)
        return made

    def rename(self, group: Group, title: str) -> None:
        """Give a group another title."""
        if group.built_in:
            raise Refused(403, "the group is the server's own")
        if not title:
            raise Refused(400, "a group has a title")
        group.title = title
        self._keep("group", group.id, group)

    def remove_group(self, group: Group) -> None:
        """Forget a group."""
        if group.built_in:
            raise Refused(403, "the group is the server's own")
        self.forget("group", group.id)
        self._keep("group", group.id, None)

    def place(self, group: Group, provider: Provider, after: int | None) -> None:
        """Put a provider behind another one of the group, or behind all; one that is there already moves."""
        if provider.identifier == group.primary:
            raise Refused(403, "the first provider of a group stays first")
        first = self.provider(group.items[0])
        if not set(first.types) <= set(provider.types):
            raise Refused(400, "its metadata is not compatible with the first provider's")
        others = [number for number in group.items if number != provider.id]
        if after is not None and after not in others:
            raise Refused(400, "the group has no provider to put it after")
        at = len(others) if after is None else others.index(after) + 1
        group.items = [*others[:at], provider.id, *others[at:]]
        self._keep("group", group.id, group)

    def displace(self, group: Group, provider: Provider) -> None:
        """Take a provider out of a group, unless it is the first."""
        if provider.id not in group.items:
            raise Refused(404, "the group has no such provider")
        if provider.identifier == group.primary:
            raise Refused(403, "the first provider of a group stays")
        group.items = [number for number in group.items if number != provider.id]
        self._keep("group", group.id, group)

    # What was kept

    def take(self, row: Provider | Group) -> None:
        """A row that was written through."""
        if isinstance(row, Provider):
            self.providers[row.id] = row
            self._next_provider = max(self._next_provider, row.id + 1)
        else:
            self.groups[row.id] = row
            self._next_group = max(self._next_group, row.id + 1)

    def forget(self, kind: str, number: int) -> None:
        """A row that is gone; its number is not given again."""
        if kind == "provider":
            self.providers.pop(number, None)
            self._next_provider = max(self._next_provider, number + 1)
        else:
            self.groups.pop(number, None)
            self._next_group = max(self._next_group, number + 1)
