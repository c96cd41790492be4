"""How one Plex stands to our provider now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from plexsync.model.provider import IDENTIFIER
from plexsync.plex.agents import Agent, AgentLibrary, AgentProvider, Agents

#: What our agent is called, unless somebody made one by hand.
TITLE = "PlexSync"
#: Where people find agents and providers in Plex.
WHERE = "Settings > Metadata Agents"
#: Plex's own provider of what lies beside a file.
_LOCAL = ("tv.plex.agents.localmedia", "Plex Local Media")
#: From here on Plex asks metadata providers, and from here on it takes no pictures from private addresses.
_ASKS, _PUBLIC_PICTURES = (1, 43), (1, 43, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What Plex lists. A library that is named by us is one whose agent begins with our provider."""

    providers: tuple[AgentProvider, ...]
    agents: tuple[Agent, ...]
    libraries: tuple[AgentLibrary, ...]

    @property
    def ours(self) -> AgentProvider | None:
        """Our provider; None where Plex does not know it."""
        return next((one for one in self.providers if one.identifier == IDENTIFIER), None)

    @property
    def local(self) -> AgentProvider | None:
        """Plex Local Media; None where Plex does not list it."""
        by_name = [one for one in self.providers if one.contributor and one.title == _LOCAL[1]]
        return next((one for one in self.providers if one.identifier == _LOCAL[0]), next(iter(by_name), None))

    @property
    def beginning_with_us(self) -> list[Agent]:
        """The agents that ask us first, the one of our title before those that were made by hand."""
        found = [one for one in self.agents if one.primary == IDENTIFIER]
        return sorted(found, key=lambda one: (one.title != TITLE, one.id))

    @property
    def with_us_behind(self) -> list[Agent]:
        """The agents that ask another provider first, and then us."""
        mine = None if self.ours is None else self.ours.id
        return [one for one in self.agents if one.primary != IDENTIFIER and mine in one.asks]

    @property
    def named_by_us(self) -> list[AgentLibrary]:
        """The libraries whose agent asks us first."""
        return [one for one in self.libraries if one.identifier == IDENTIFIER]

    def agent_of(self, library: AgentLibrary) -> Agent | None:
        """The agent that names a library; None where Plex does not tell, as of agents of an older kind."""
        by_number = next((one for one in self.agents if one.id == library.agent), None)
        return by_number or next((one for one in self.agents if one.primary == library.identifier), None)

    def asked_by(self, agent: Agent) -> list[AgentProvider]:
        """The providers that an agent asks, in their order."""
        known = {one.id: one for one in self.providers}
        return [known[number] for number in agent.asks if number in known]

    def strangers_behind_us(self, agent: Agent) -> list[AgentProvider]:
        """Those that it asks after us and that look titles up, or may."""
        return [one for one in self.asked_by(agent) if one not in (self.ours, self.local)]


async def standing_of(agents: Agents) -> Standing:
    """What Plex lists now; SyncError when it does not tell."""
    providers, groups, libraries = await asyncio.gather(agents.providers(), agents.agents(), agents.libraries())
    return Standing(providers=tuple(providers), agents=tuple(groups), libraries=tuple(libraries))


def asks_providers(version: str) -> bool:
    """Whether a Plex of that version asks metadata providers."""
    return _numbers(version)[:2] >= _ASKS


def refuses_private_pictures(version: str) -> bool:
    """Whether a Plex of that version is told to take no picture from a private address."""
    return _numbers(version) >= _PUBLIC_PICTURES


def providers_line(providers: Sequence[AgentProvider]) -> str:
    """The names of providers as people read them."""
    return ", then ".join(f'"{one.title}"' for one in providers)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")[:3]) if found else ()
