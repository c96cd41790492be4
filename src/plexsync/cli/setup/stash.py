"""Stash: where it answers and what opens it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from plexsync.cli.call import Failed
from plexsync.cli.setup.address import asked_address, first_well, trusted_now
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, Missing, words_of
from plexsync.cli.setup.known import Known
from plexsync.config import checked
from plexsync.model.errors import NeedsSignIn, SyncError
from plexsync.stash.installation import Places, places

_WELL = "OK"
_FORBIDDEN = 403
_WHERE_KEY = "Stash shows it under Settings > Security"


@dataclass(frozen=True, slots=True, kw_only=True)
class StashFound:
    """A Stash that can be worked with."""

    url: str
    api_key: str | None = field(repr=False)
    version: str
    places: Places


def ask_stash(talk: Dialogue, known: Known, clients: Clients) -> StashFound:
    """Ask until a Stash answers that can be worked with. Missing or Failed where nobody can be asked."""
    talk.heading("Stash")
    given = known.given("stash_url")
    url = given[0] if given else known.usual("stash_url") or _looked_for(talk, known, clients)
    if not url and not talk.asks:
        told = ", ".join(known.options.usual_stash)
        raise Missing(f"--stash-url is missing: no Stash answers at {told}")
    while True:
        if talk.asks and given is None:
            url = asked_address(talk, "stash_url", "Address of Stash", url)
        found = _opened(talk, known, clients, url)
        if found is not None:
            talk.well(f"Stash {found.version} answers at {url}")
            return found
        if given is not None:
            raise Failed(f"Mend that, or change {given[1]}, and run `plexsync setup` again")


def _looked_for(talk: Dialogue, known: Known, clients: Clients) -> str:
    """The first usual address at which a Stash answers; "" without one."""

    async def look(url: str) -> bool:
        stash = clients.stash(url, None)
        try:
            await stash.status()
        except NeedsSignIn:
            return True
        finally:
            await stash.close()
        return True

    options = known.options
    found = next(iter(asyncio.run(first_well(options.usual_stash, look, options.patience))), "")
    if talk.asks:
        told = ", ".join(options.usual_stash)
        talk.say(f"Stash seems to answer at {found}" if found else f"No Stash answers at {told}")
    return found


def _opened(talk: Dialogue, known: Known, clients: Clients, url: str) -> StashFound | None:
    """The Stash there; None when the person wants another address."""
    given = known.given("stash_api_key")
    key = given[0] if given else known.usual("stash_api_key")
    while True:
        try:
            return asyncio.run(look_at(clients, url, key))
        except NeedsSignIn as error:
            if key and (free := _without_key(clients, url)) is not None:
                talk.say("This Stash asks for no API key, so none is kept")
                return free
            if not talk.asks or given is not None:
                raise _no_entrance(error, key) from error
            talk.refuse(_why_refused(error, key))
            key = _asked_key(talk)
            if not key:
                return None
        except SyncError as error:
            if trusted_now(talk, clients, error):
                continue
            if not talk.asks:
                raise Failed(f"{url}: {error.message}") from error
            talk.refuse(error.message)
            return None


def _why_refused(error: NeedsSignIn, key: str | None) -> str:
    if error.status == _FORBIDDEN:
        return error.message
    return f"Stash does not accept this key. {_WHERE_KEY}" if key else f"This Stash asks for its API key. {_WHERE_KEY}"


def _no_entrance(error: NeedsSignIn, key: str | None) -> Exception:
    return Failed(error.message) if key else Missing(f"--stash-api-key is missing: Stash asks for it. {_WHERE_KEY}")


def _without_key(clients: Clients, url: str) -> StashFound | None:
    try:
        return asyncio.run(look_at(clients, url, None))
    except SyncError:
        return None


def _asked_key(talk: Dialogue) -> str:
    while True:
        answer = talk.secret("API key of Stash, or Enter alone for another address")
        value, fault = checked("stash_api_key", answer, "your answer") if answer else (None, None)
        if fault is None:
            return value.get_secret_value() if value is not None else ""
        talk.refuse(words_of(fault))


async def look_at(clients: Clients, url: str, key: str | None) -> StashFound:
    """The Stash at an address; SyncError says why it cannot be worked with."""
    stash = clients.stash(url, key)
    try:
        status = await stash.status()
        if status.status != _WELL:
            # It says what keeps it from work.
            await stash.healthy()
        return StashFound(url=url, api_key=key, version=status.version, places=await places(stash))
    finally:
        await stash.close()
