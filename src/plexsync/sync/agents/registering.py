"""Having Plex ask our provider: known to Plex, first in an agent, and that agent in charge of libraries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from plexsync.plex.client import PlexClient
from plexsync.sync.agents.address import ProviderAddress
from plexsync.sync.agents.knowing import Knowing, Provides
from plexsync.sync.agents.making import Making
from plexsync.sync.agents.naming import Naming, unasked
from plexsync.sync.agents.standing import TITLE, WHERE, Standing, asks_providers, standing_of
from plexsync.sync.agents.steps import NotRegistered, State, Step, WayBack
from plexsync.sync.agents.unreachable import Listening, Look
from plexsync.sync.agents.wanted import wanted_of

_UNDOING = WayBack(
    says=f'All of it: when no library has the agent "{TITLE}" any more, delete that agent and then the provider '
    f"PlexSync under {WHERE} in Plex. What is matched keeps what it has until it is refreshed."
)


@dataclass(slots=True, kw_only=True)
class Registering:
    """What is missing is done and told through `tell`, what is there is left as it is; it may be repeated at any time.

    With `dry_run` nothing is written, and without `rival` the place of another PlexSync is taken. `synced` are the
    titles or keys of the libraries that PlexSync writes. Where it ends with an error, `ways_back` lead back from what
    was done until then.
    """

    server: str
    plex: PlexClient
    address: ProviderAddress
    listening: Listening
    synced: Sequence[str]
    look: Look
    rival: Provides | None
    tell: Callable[[Step], None]
    dry_run: bool = False
    steps: list[Step] = field(default_factory=list)
    ways_back: list[WayBack] = field(default_factory=list)

    async def run(self, names: Sequence[str]) -> None:
        """All steps. NotRegistered says what is in the way; of settings and libraries before anything is written."""
        self._say(await self._well())
        agents = self.plex.agents
        before = await standing_of(agents)
        wanted = wanted_of(before.libraries, names, self.server)
        await self._all(self._knowing.steps(before))
        making = Making(server=self.server, agents=agents, dry_run=self.dry_run)
        await self._all(making.steps(await self._now(before)))
        naming = Naming(
            server=self.server,
            agents=agents,
            synced=self.synced,
            standing=before,
            agent=making.agent,
            dry_run=self.dry_run,
            ways_back=self.ways_back,
        )
        for library in wanted:
            await self._all(naming.steps(library))
        if not wanted:
            self._say(unasked(before))
        self.ways_back.append(_UNDOING)

    @property
    def changed(self) -> bool:
        """Whether anything was written, or would be."""
        return any(step.state in (State.DONE, State.WOULD) for step in self.steps)

    @property
    def _knowing(self) -> Knowing:
        return Knowing(
            server=self.server,
            agents=self.plex.agents,
            address=self.address,
            listening=self.listening,
            look=self.look,
            rival=self.rival,
            dry_run=self.dry_run,
        )

    async def _well(self) -> Step:
        identity = await self.plex.check()
        if not asks_providers(identity.version):
            raise NotRegistered(
                f"Plex ({self.server}) is {identity.version or 'of unknown version'}, and asks metadata providers from "
                "1.43 on. Update Plex and run this again; until then PlexSync writes everything without being asked"
            )
        if not await self.plex.owned():
            raise NotRegistered(
                f"The token may read Plex ({self.server}), but is not its owner's, and only the owner may change its "
                "agents. Set plex_token to the token of the account that owns the server (`plexsync setup`)"
            )
        says = f"Plex ({self.server}) {identity.version} answers, and the token is its owner's."
        return Step(name="look", state=State.LOOKED, says=says)

    async def _now(self, before: Standing) -> Standing:
        """What Plex lists after what was written; nothing is, in a dry run."""
        return before if self.dry_run else await standing_of(self.plex.agents)

    async def _all(self, steps: AsyncIterator[Step]) -> None:
        async for step in steps:
            self._say(step)

    def _say(self, step: Step) -> None:
        self.steps.append(step)
        self.tell(step)
