"""Every error on purpose. The class says what the queue does; the client that saw the failure translates it once.

SyncError
├── ServerDown          PlexServerDown · StashServerDown          keep, wait for the peer's gate
├── TemporaryError      PlexTemporaryError · StashTemporaryError  retry, standard back-off
│                       PlexNotFound                              retry, long back-off
├── NeedsSignIn                                                   hold the peer
├── Incompatible                                                  hold the peer
├── PlexPermanentError                                            dead letter
└── OwnDiskError                                                  keep, try again in a while
"""

from __future__ import annotations

from typing import ClassVar

from plexsync.model.work import Peer, Verdict


class SyncError(Exception):
    """Root of what is raised on purpose.

    `place` is the request that failed, without secrets; `excerpt` the start of the answer, masked.
    `retry_after` is what the server asked for, in seconds.
    """

    verdict: ClassVar[Verdict] = Verdict.RETRY
    counts: ClassVar[bool] = False
    moves_gate: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        peer: Peer | None = None,
        status: int | None = None,
        place: str | None = None,
        excerpt: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.peer = peer if peer is not None else self.usual_peer
        self.status = status
        self.place = place
        self.excerpt = excerpt
        self.retry_after = retry_after
        #: The request was sent and may have been carried out: read again before deciding anything.
        self.outcome_unknown = outcome_unknown

    usual_peer: ClassVar[Peer | None] = None


class ServerDown(SyncError):
    """No usable answer: refused, timed out, 502, 503, 504, maintenance. Says nothing about the job."""

    verdict = Verdict.WAIT
    moves_gate = True


class PlexServerDown(ServerDown):
    """Plex gives no usable answer."""

    usual_peer = Peer.PLEX


class StashServerDown(ServerDown):
    """Stash gives no usable answer."""

    usual_peer = Peer.STASH


class TemporaryError(SyncError):
    """The server answered with a failure that may pass: other 5xx, 408, 429, a locked database, the unknown."""

    verdict = Verdict.RETRY
    counts = True
    moves_gate = True


class PlexTemporaryError(TemporaryError):
    """Plex failed in a way that may pass."""

    usual_peer = Peer.PLEX


class StashTemporaryError(TemporaryError):
    """Stash failed in a way that may pass."""

    usual_peer = Peer.STASH


class PlexNotFound(PlexTemporaryError):
    """The file lies in a mapped library but Plex lists no item for it yet."""

    verdict = Verdict.RETRY_LONG
    moves_gate = False


class NeedsSignIn(SyncError):
    """401 or 403: only a person can mend it. The peer is held and probed each 60 s."""

    verdict = Verdict.HOLD


class Incompatible(SyncError):
    """The peer cannot be worked with as it is: other identity, needs setup or migration, unknown schema."""

    verdict = Verdict.HOLD


class PlexPermanentError(SyncError):
    """This request can never work on a server that answers others."""

    verdict = Verdict.DEAD
    usual_peer = Peer.PLEX


class OwnDiskError(SyncError):
    """The disk of PlexSync itself takes no file, as a rule because it is full. Says nothing about the job or a peer."""

    verdict = Verdict.WAIT


class ConfigurationError(Exception):
    """Settings that cannot be used. `faults` holds one line each: name, value, what is allowed."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(Exception):
    """The store cannot be used as it is; the message names the folder or file and the remedy."""


class StoreDamagedError(StoreError):
    """The database file is there, but it is no whole database any more."""


class NotOwnerError(StoreError):
    """Another daemon took over what this one works on: nothing more may be written for it."""
