"""Having Plex ask our provider, and how that stands."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from plexsync.app.registration import Candidate, Registration, registration
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import ago
from plexsync.model.errors import ConfigurationError, SyncError
from plexsync.store.lock import holder
from plexsync.store.turns import turn
from plexsync.sync.agents.address import ProviderAddress
from plexsync.sync.agents.registering import Registering
from plexsync.sync.agents.showing import known_lines, matched_line, picture_line, provider_facts
from plexsync.sync.agents.steps import NotRegistered, State, Step
from plexsync.sync.agents.unreachable import unusable

#: Seconds that another run is waited for: Plex itself waits 90 for a provider.
_PATIENCE = 100.0
_WAITS = "Another run is at it: this one waits for its end."
_STYLES = {State.DONE: "green", State.NOTE: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for; without `server` the only one is meant."""

    libraries: tuple[str, ...] = ()
    server: str | None = None
    dry_run: bool = False
    take_over: bool = False


def register(call: Call, wish: Wish, screen: Screen) -> None:
    """Each step as it is done, and the way back."""
    asyncio.run(_register(call, wish, screen))


def _tell_end(work: Registering, screen: Screen) -> None:
    if not work.changed:
        screen.say("Nothing had to be changed.", style="bold")
    elif work.dry_run:
        screen.say("Nothing was changed: this was a dry run.", style="bold")


def _tell_back(work: Registering, screen: Screen) -> None:
    screen.facts(
        {
            "server": work.server,
            "dry_run": work.dry_run,
            "changed": work.changed,
            "address": work.address.shown,
            "steps": [step.as_json() for step in work.steps],
            "way_back": [one.as_json() for one in work.ways_back],
        }
    )
    if work.ways_back:
        screen.say("The way back:")
    for one in work.ways_back:
        screen.say(f"- {one.says}")


async def _register(call: Call, wish: Wish, screen: Screen) -> None:
    async with registration(call.sources()) as found:
        candidate = _one_of(found, wish.server)
        url = candidate.setting.url or ""
        if reason := unusable(found.address, url, candidate.name):
            raise ConfigurationError([reason])
        work = Registering(
            server=candidate.name,
            plex=candidate.plex,
            address=found.address,
            listening=found.listening,
            synced=candidate.setting.libraries,
            look=found.look,
            rival=None if wish.take_over else found.provides,
            tell=lambda step: _tell(step, screen),
            dry_run=wish.dry_run,
        )
        # Two at once would make two agents. One that writes nothing needs no turn.
        alone = (
            nullcontext()
            if wish.dry_run
            else turn(found.config.data_dir, "provider", _PATIENCE, lambda: screen.say(_WAITS))
        )
        try:
            async with alone:
                await work.run(wish.libraries)
            _tell_end(work, screen)
        except NotRegistered as error:
            raise Failed(str(error)) from error
        finally:
            # Also where somebody breaks it off: nobody else knows which agents there were.
            _tell_back(work, screen)


def _one_of(found: Registration, server: str | None) -> Candidate:
    candidates = found.named(server)
    if len(candidates) > 1:
        names = ", ".join(one.name for one in candidates)
        raise ConfigurationError([f"there are several servers in the settings: name one with --server ({names})"])
    return candidates[0]


def _tell(step: Step, screen: Screen) -> None:
    screen.say(step.says, style=_STYLES.get(step.state, ""))


def show(call: Call, server: str | None, screen: Screen) -> None:
    """The address whole, and what each Plex tells. Failed when one cannot be asked."""
    # Plex may ask us while it is asked: that would be the last time.
    asked = _last_asked(call)
    facts = asyncio.run(_shown(call, server, screen)) | {"asked": asked}
    screen.facts(facts)
    for one in facts["servers"]:
        _show_server(one, screen, several=len(facts["servers"]) > 1)
    screen.say(_asked_line(asked))
    if away := [one for one in facts["servers"] if "trouble" in one]:
        raise Failed("; ".join(f"Plex ({one['server']}) cannot be asked: {one['trouble']}" for one in away))


async def _shown(call: Call, server: str | None, screen: Screen) -> dict[str, Any]:
    async with registration(call.sources()) as found:
        candidates = found.named(server)
        # To count all items may take a while.
        _show_address(found.address, screen)
        servers = [await _server_facts(found, one) for one in candidates]
        address = found.address.whole if found.address.base else None
        return {"address": address, "path": found.address.path, "servers": servers}


async def _server_facts(found: Registration, one: Candidate) -> dict[str, Any]:
    try:
        return await provider_facts(one.name, one.plex, found.address, one.setting.libraries)
    except SyncError as error:
        return {"server": one.name, "trouble": error.message}


def _show_address(address: ProviderAddress, screen: Screen) -> None:
    if not address.base:
        screen.say(
            "url_from_plex is not set, so how Plex reaches PlexSync is not known: set it, for example to "
            '"http://192.168.1.5:9797". The address ends with',
            style="yellow",
        )
    else:
        screen.say("The address for Plex's settings (Metadata Agents > Metadata Providers > Add Provider):")
    screen.block(f"    {address.whole if address.base else address.path}")
    screen.say("Its last part is a secret, shown here alone: whoever knows it and reaches PlexSync may ask it.")


def _show_server(facts: dict[str, Any], screen: Screen, *, several: bool) -> None:
    if "trouble" in facts:
        return
    if several:
        screen.say(f"Plex ({facts['server']})", style="bold")
    for line in known_lines(facts):
        screen.say(line)
    libraries = facts.get("libraries") or []
    if libraries:
        columns = ("library", "agent", "items", "matched by PlexSync", "by others", "by nobody")
        rows = [
            [one[name] for name in ("library", "agent", "items", "plexsync", "others", "nobody")] for one in libraries
        ]
        screen.table("Named by PlexSync", columns, rows)
    for one in libraries:
        if line := matched_line(one):
            screen.say(line)
    if facts.get("known") is not None:
        screen.say(picture_line(facts))


def _last_asked(call: Call) -> dict[str, Any]:
    data_dir = call.config().data_dir
    with daemon_of(data_dir) as remote:
        if remote is None:
            alone = bool((holder(data_dir) or {}).get("provider_url"))
            return {"running": alone, "alone": alone, "at": None}
        return {"running": True, "alone": False, "at": remote.get("/api/v1/status")["provider_asked_at"]}


def _asked_line(asked: dict[str, Any]) -> str:
    if not asked["running"]:
        return "When Plex last asked is not known: no daemon answers for this data folder."
    if asked["alone"]:
        return "When Plex last asked is not known: a provider that runs alone does not tell."
    if asked["at"] is None:
        return "Plex has not asked since the daemon started."
    return f"Plex last asked {ago(asked['at'], time.time())}."
