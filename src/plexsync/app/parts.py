"""What every room of the graph is made from."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from plexsync.config import Config
from plexsync.model.pathrules import PathRules
from plexsync.model.rules import RuleBook
from plexsync.plex.client import PlexClient
from plexsync.stash.client import StashClient
from plexsync.store.database import Database
from plexsync.store.identity import Identity
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.reconciling import Reconciling
from plexsync.sync.gates.drains import Drains
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.story.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Made once for a process. `wake` tells every worker of new jobs, `look` every timetable of new wishes.

    `gates` and `plexes` are those of the Plex servers, filled while the graph is built; `known` tells what is known of
    each server.
    """

    config: Config
    database: Database
    me: Identity
    clock: Clock
    chance: random.Random
    stash: StashClient
    stash_identity: StashIdentity
    rules: RuleBook
    paths: PathRules
    drains: Drains
    wake: Callable[[], None]
    look: Callable[[], None]
    gates: dict[str, Gatekeeper]
    plexes: dict[str, PlexClient]
    reconciling: Reconciling
    known: Callable[[], Awaitable[Sequence[Tools]]]

    @property
    def names(self) -> tuple[str, ...]:
        """The Plex servers."""
        return tuple(server.name for server in self.config.servers)

    @property
    def poll(self) -> float | None:
        """Seconds between two looks for what other daemons left in the store; None where there are no others."""
        return self.config.poll_interval if self.database.shared else None
