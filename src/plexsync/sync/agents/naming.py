"""Putting our agent in charge of a library that is there, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from plexsync.model.compare import text_key
from plexsync.model.errors import PlexPermanentError
from plexsync.model.provider import IDENTIFIER
from plexsync.plex.agents import Agent, AgentLibrary, Agents
from plexsync.sync.agents.standing import TITLE, Standing
from plexsync.sync.agents.steps import NotRegistered, State, Step, WayBack
from plexsync.sync.agents.wanted import unfit

#: Agents that newer versions of Plex no longer offer.
_OLD_AGENTS = "com.plexapp.agents."
_STEP = "library"
_BY_HAND = "Choose the agent in Plex, under Edit Library > Advanced"


@dataclass(slots=True, kw_only=True)
class Naming:
    """`standing` is how Plex was before, `agent` the one that names the libraries from now on (None in a dry run where
    there is none yet), `synced` the titles or keys of those that PlexSync writes.
    """

    server: str
    agents: Agents
    synced: Sequence[str]
    standing: Standing
    agent: Agent | None
    dry_run: bool
    ways_back: list[WayBack]  #: grows with each library

    async def steps(self, library: AgentLibrary) -> AsyncIterator[Step]:
        """Give the library our agent, unless it has one that begins with us; what was done, and what else is to be."""
        if library.identifier == IDENTIFIER:
            has = self.standing.agent_of(library)
            title = has.title if has is not None else TITLE
            yield _step(State.THERE, f'The library {library.title!r} has the agent "{title}" already.')
        else:
            yield await self._given(library)
        if not synced_by(library, self.synced):
            yield _step(State.NOTE, not_synced(library))

    async def _given(self, library: AgentLibrary) -> Step:
        before = self.standing.agent_of(library)
        title = self.agent.title if self.agent is not None else TITLE
        said = (
            f'the library {library.title!r} the agent "{title}" in place of {_named(library, before)}. Play states, '
            "ratings, collections and locked fields stay. New files are asked of PlexSync as they are scanned; what is "
            "there stays as it is until you choose Refresh All Metadata in Plex, which matches it anew."
        )
        # Before the write: one whose answer is lost may have been done.
        self.ways_back.append(_back(library, before))
        if not self.dry_run and self.agent is not None:
            try:
                await self._give(library, self.agent)
            except PlexPermanentError as error:
                self.ways_back.pop()
                raise NotRegistered(
                    f'Plex ({self.server}) does not give {library.title!r} the agent "{title}": {error.message}. '
                    f"{_BY_HAND}"
                ) from error
        return _step(State.WOULD, f"Would give {said}") if self.dry_run else _step(State.DONE, f"Gave {said}")

    async def _give(self, library: AgentLibrary, agent: Agent) -> None:
        await self.agents.assign(library.key, agent)
        now = next((one for one in await self.agents.libraries() if one.key == library.key), None)
        if now is None or now.identifier != agent.primary:
            lists = f'"{now.identifier}"' if now is not None else "no such library"
            raise NotRegistered(
                f'Plex ({self.server}) said that it gave {library.title!r} the agent "{agent.title}", and lists '
                f"{lists}. {_BY_HAND}"
            )


def unasked(standing: Standing) -> Step:
    """Which libraries are named by us, where none was to be."""
    if mine := standing.named_by_us:
        return _step(State.THERE, f"Named by PlexSync already: {', '.join(repr(one.title) for one in mine)}.")
    fit = [repr(one.title) for one in standing.libraries if not unfit(one)]
    give = (
        f"give it to one that is there with --library NAME (it can be {' or '.join(fit)})."
        if fit
        else "leave those that are there as they are: PlexSync writes them without being asked."
    )
    return _step(State.NOTE, f"No library is named by PlexSync yet. Choose the agent for a new library, or {give}")


def synced_by(library: AgentLibrary, chosen: Sequence[str]) -> bool:
    """Whether the library is among those titles or keys."""
    return any(text_key(name) == text_key(library.title) or name == str(library.key) for name in chosen)


def not_synced(library: AgentLibrary) -> str:
    """What is missing in a library that is named by us and not written by us."""
    return (
        f"{library.title!r} is not among `libraries`, so posters, ratings and labels are not written there. Add it to "
        "`libraries`, and start the daemon anew."
    )


def _back(library: AgentLibrary, before: Agent | None) -> WayBack:
    number = before.id if before is not None else library.agent
    title = f'"{before.title}"' if before is not None else f'"{library.identifier}"'
    group = f"&metadataAgentProviderGroupId={number}" if number is not None else ""
    old = (
        " Newer versions of Plex may not offer that agent any more: then only the request leads back."
        if library.identifier.startswith(_OLD_AGENTS)
        else ""
    )
    return WayBack(
        says=f"{library.title!r}: Edit Library > Advanced > Agent {title} in Plex, then Refresh All Metadata.{old} The "
        f"same as a request: PUT /library/sections/{library.key}?agent={library.identifier}{group}",
        library=library.key,
        identifier=library.identifier,
        agent=number,
    )


def _named(library: AgentLibrary, before: Agent | None) -> str:
    return f'"{before.title}" ({library.identifier})' if before is not None else f'"{library.identifier}"'


def _step(state: State, says: str) -> Step:
    return Step(name=_STEP, state=state, says=says)
