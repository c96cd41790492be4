"""Making the agent that libraries can choose: our provider first, and nothing behind it that looks titles up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from plexsync.model.errors import PlexPermanentError
from plexsync.model.provider import IDENTIFIER
from plexsync.plex.agents import Agent, AgentProvider, Agents
from plexsync.sync.agents.standing import TITLE, WHERE, Standing, providers_line, standing_of
from plexsync.sync.agents.steps import NotRegistered, State, Step

_LOCAL_STEP = "local media"
_LOCAL = "it adds what lies beside a file, as poster.jpg and subtitles, and looks nothing up"
_WITHOUT = f"so Plex passes over what lies beside a file. You may add it under {WHERE} in Plex."


@dataclass(slots=True, kw_only=True)
class Making:
    """`agent` is the one that asks us first, as soon as there is one; none is made in a dry run."""

    server: str
    agents: Agents
    dry_run: bool
    agent: Agent | None = None

    async def steps(self, standing: Standing) -> AsyncIterator[Step]:
        """Make the agent where there is none. One that was made by hand is used as it is."""
        found = standing.beginning_with_us
        if found:
            self.agent = found[0]
            yield _there(self.agent)
        else:
            said = f'the agent "{TITLE}", which libraries can choose: it asks the provider PlexSync first.'
            if self.dry_run:
                yield _step(State.WOULD, f"Would make {said}")
                yield _local_step(State.WOULD, TITLE) if standing.local is not None else _no_local()
                return
            standing = await self._made()
            self.agent = standing.beginning_with_us[0]
            yield _step(State.DONE, f"Made {said}")
        if len(found) > 1:
            others = ", ".join(f'"{one.title}"' for one in found[1:])
            yield _step(State.NOTE, f"More agents ask PlexSync first, and stay as they are: {others}.")
        yield await self._local(standing, self.agent)
        if strangers := standing.strangers_behind_us(self.agent):
            yield Step(name="others", state=State.NOTE, says=strangers_line(self.agent, strangers))

    async def _made(self) -> Standing:
        """What Plex lists with the agent."""
        try:
            await self.agents.create(TITLE, IDENTIFIER)
        except PlexPermanentError as error:
            raise NotRegistered(
                f'Plex ({self.server}) does not make the agent "{TITLE}": {error.message}. Make it by hand under '
                f'{WHERE} in Plex (Add Agent: any title, "PlexSync (Stash)" as its primary provider, "Plex Local '
                'Media" as the only additional one), and run this again'
            ) from error
        now = await standing_of(self.agents)
        if not now.beginning_with_us:
            raise NotRegistered(
                f'Plex ({self.server}) said that it made the agent "{TITLE}", and does not list it. Restart Plex, and '
                "run this again"
            )
        return now

    async def _local(self, standing: Standing, agent: Agent) -> Step:
        """Plex Local Media stands behind us in the agent of our title."""
        local = standing.local
        if local is None:
            return _no_local()
        if local.id in agent.asks:
            return _local_step(State.THERE, agent.title)
        if agent.title != TITLE:
            return _local_step(State.NOTE, agent.title)
        if self.dry_run:
            return _local_step(State.WOULD, agent.title)
        try:
            await self.agents.add(agent.id, local.id)
        except PlexPermanentError as error:
            says = f'Plex does not put "Plex Local Media" behind PlexSync ({error.message}), {_WITHOUT}'
            return Step(name=_LOCAL_STEP, state=State.NOTE, says=says)
        return _local_step(State.DONE, agent.title)


def strangers_line(agent: Agent, strangers: Sequence[AgentProvider]) -> str:
    """That others are asked after us."""
    return (
        f'The agent "{agent.title}" asks {providers_line(strangers)} after PlexSync: by a title and a year that may '
        f"attach a mainstream film to a scene. Take it out of the agent under {WHERE} in Plex."
    )


def _there(agent: Agent) -> Step:
    if agent.title == TITLE:
        return _step(State.THERE, f'The agent "{TITLE}" is there already, and asks PlexSync first.')
    return _step(State.THERE, f'The agent "{agent.title}", made by hand, asks PlexSync first: it is used as it is.')


def _local_step(state: State, title: str) -> Step:
    alone = "Anything else there might match scenes with films."
    said = {
        State.THERE: f'"Plex Local Media" is behind PlexSync in it already: {_LOCAL}.',
        State.DONE: f'Put "Plex Local Media" behind PlexSync in it: {_LOCAL}. {alone}',
        State.WOULD: f'Would put "Plex Local Media" behind PlexSync in it: {_LOCAL}. {alone}',
        State.NOTE: f'"Plex Local Media" is not behind PlexSync in "{title}", {_WITHOUT}',
    }
    return Step(name=_LOCAL_STEP, state=state, says=said[state])


def _no_local() -> Step:
    says = 'Plex lists no provider "Plex Local Media" that could stand behind it.'
    return Step(name=_LOCAL_STEP, state=State.NOTE, says=says)


def _step(state: State, says: str) -> Step:
    return Step(name="agent", state=state, says=says)
