"""Whether Stash is the one that is known, asked for what Plex asks: soon answered, also while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.provider.reading import Reading
from plexsync.sync.gates.identities import StashIdentity

_log = logger("plexsync.provider")

#: Seconds after which it is looked whether it is the store that does not answer.
_STORE_SECONDS = 3.0


def sure_of(identity: StashIdentity, reading: Reading) -> Callable[[], Awaitable[None]]:
    """What raises a SyncError while Stash is not the one that is known."""

    async def sure() -> None:
        try:
            await _insisted(identity, reading)
        except StoreError:
            # Without the store nobody can tell anew; what Plex asked for is answered by the Stash that there is.
            _log.debug("whether it is the Stash that is known cannot be told now")
            identity.insist_as_last_known()

    return sure


async def _insisted(identity: StashIdentity, reading: Reading) -> None:
    """StoreError, soon, also where the store takes the question and is silent."""
    insisting = asyncio.create_task(identity.insist())
    try:
        while not (await asyncio.wait({insisting}, timeout=_STORE_SECONDS))[0]:
            # It may as well be Stash that takes its time.
            await reading.run(lambda _: None)
        insisting.result()
    finally:
        insisting.cancel()
        await asyncio.wait({insisting})
