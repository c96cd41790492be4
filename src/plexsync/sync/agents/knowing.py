"""Making our provider known to Plex, at the right address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from plexsync.model.errors import SyncError
from plexsync.model.provider import FOLDER
from plexsync.plex.agents import AgentProvider, Agents
from plexsync.sync.agents.address import ProviderAddress, masked
from plexsync.sync.agents.standing import Standing, standing_of
from plexsync.sync.agents.steps import NotRegistered, State, Step
from plexsync.sync.agents.unreachable import Listening, Look, refusal

#: The provider of that identifier is there already, or it is no provider to Plex.
_REFUSED = (400, 409, 422)
#: Whether a provider of our name answers at an address; None where nobody can be reached there from here.
Provides = Callable[[str], Awaitable[bool | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """`look` says what answers at an address, asked from this computer; without `rival` one that has another secret
    loses its place.
    """

    server: str
    agents: Agents
    address: ProviderAddress
    listening: Listening
    look: Look
    rival: Provides | None
    dry_run: bool

    async def steps(self, standing: Standing) -> AsyncIterator[Step]:
        """Register the provider where Plex does not know it, and mend its address where it is another one."""
        known = standing.ours
        if known is not None and self.address.is_at(known.uri):
            yield _step(State.THERE, f"Plex knows the provider PlexSync at {self.address.shown} already.")
            return
        if self.dry_run:
            alive = self.address.alive
            says = f"Asked from this computer, {alive} {await self.look(alive)}; Plex has to reach it too."
            yield Step(name="reach", state=State.LOOKED, says=says)
        if known is None:
            said = f"the provider PlexSync at {self.address.shown}: Plex asks there who it is, and keeps the address."
            if self.dry_run:
                yield _step(State.WOULD, f"Would register {said}")
                return
            known = await self._registered()
            if self.address.is_at(known.uri):
                yield _step(State.DONE, f"Registered {said}")
                return
        yield await self._moved(known)

    async def _registered(self) -> AgentProvider:
        return await self._told(lambda: self.agents.register(self.address.whole), lambda _: True)

    async def _moved(self, known: AgentProvider) -> Step:
        if self.rival is not None and not self.address.is_ours(known.uri):
            await self._require_no_rival(known, self.rival)
        said = (
            f"the address at which Plex asks PlexSync from {masked(known.uri)} to {self.address.shown}. Where Plex "
            "goes on asking at the old one, restart Plex."
        )
        if self.dry_run:
            return _step(State.WOULD, f"Would change {said}")
        await self._told(
            lambda: self.agents.move(known.id, self.address.whole), lambda told: self.address.is_at(told.uri)
        )
        return _step(State.DONE, f"Changed {said}")

    async def _require_no_rival(self, known: AgentProvider, provides: Provides) -> None:
        answers = await provides(known.uri)
        elsewhere = not known.uri.startswith(f"{self.address.base}{FOLDER}")
        if answers or (answers is None and known.online and elsewhere):
            raise NotRegistered(
                f"Plex ({self.server}) asks another PlexSync, at {masked(known.uri)}, and that one answers. Nothing "
                "was changed. Plex keeps of an item which number its scene has in Stash: if the two work for two "
                "Stashes, items would get the titles and pictures of other scenes. If they work for the same Stash, or "
                "the other one is to go, run this again with --take-over"
            )

    async def _told(self, write: Callable[[], Awaitable[None]], done: Callable[[AgentProvider], bool]) -> AgentProvider:
        """Our provider as Plex lists it after the write; NotRegistered with the usual causes where it did not take it.

        Somebody else may do the same at the same time, and an answer may be lost: what Plex lists then is what counts.
        """
        failure: SyncError | None = None
        try:
            await write()
        except SyncError as error:
            if error.status not in _REFUSED and not error.outcome_unknown:
                raise
            failure = error
        known = (await standing_of(self.agents)).ours
        if known is not None and done(known):
            return known
        if failure is None:
            raise NotRegistered(
                f"Plex ({self.server}) said that it took {self.address.shown}, and does not list it. Restart Plex, and "
                "run this again"
            )
        said = await refusal(
            failure, address=self.address, server=self.server, listening=self.listening, look=self.look
        )
        raise NotRegistered(said) from failure


def _step(state: State, says: str) -> Step:
    return Step(name="provider", state=state, says=says)
