"""What a person does with the queue and with dead letters: asked of the daemon, or done here while none runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from plexsync.cli import inprocess
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many
from plexsync.cli.stored import changing
from plexsync.model.work import Lane
from plexsync.store import clearing, dead, preferences
from plexsync.store.database import Connection
from plexsync.sync import telling, upkeep
from plexsync.sync.recovery import Victims
from plexsync.sync.service import Service

_WALK = "The next full walk, or `plexsync sync --all`, finds what still differs."


def clear(call: Call, lane: str | None, screen: Screen) -> None:
    """Drop what waits."""
    facts = _changed(
        call,
        "queue clear",
        "/api/v1/queue/clear",
        {"lane": lane},
        lambda c: {"cleared": clearing.clear(c, None if lane is None else Lane[lane.upper()])},
    )
    screen.facts(facts)
    screen.say(f"{many(facts['cleared'], 'job')} dropped. {_WALK}" if facts["cleared"] else "Nothing waits.")


def purge(call: Call, days: float | None, screen: Screen, *, everything: bool) -> None:
    """Forget dead letters."""

    def forget(connection: Connection) -> dict[str, Any]:
        older = _purge_days(call, connection) if days is None else days
        count = dead.dead_purge(connection, None) if everything else upkeep.purge(connection, older, time.time())
        return {"purged": count}

    facts = _changed(call, "dead purge", "/api/v1/dead/purge", {"older_than_days": days, "all": everything}, forget)
    screen.facts(facts)
    said = f"{many(facts['purged'], 'dead letter')} forgotten. {_WALK}"
    screen.say(said if facts["purged"] else "There is no such dead letter.")


def hurry(call: Call, screen: Screen) -> None:
    """Let no job wait for its next attempt."""

    async def ask(service: Service) -> dict[str, Any]:
        return {"due": await service.upkeep.hurry()}

    facts = _asked(call, "/api/v1/queue/retry", {}, ask, lambda facts: facts["due"], screen)
    screen.facts(facts)
    waited = f"{many(facts['due'], 'job')} had to wait for the next attempt; now nothing does."
    screen.say(waited if facts["due"] else "No job has to wait for its next attempt.")


def retry(call: Call, scenes: Sequence[int] | None, screen: Screen) -> None:
    """Try dead letters again: those of the scenes, or (None) all."""

    async def ask(service: Service) -> dict[str, Any]:
        found = await service.upkeep.retry(scenes)
        return {"retried": found.retried, "unknown": list(found.unknown)}

    wish = {"all": True} if scenes is None else {"scenes": list(scenes)}
    facts = _asked(call, "/api/v1/dead/retry", wish, ask, lambda facts: facts["retried"], screen)
    screen.facts(facts)
    screen.say(f"{many(facts['retried'], 'dead letter')} {'tried' if 'status' in facts else 'to be tried'} again.")
    if facts["unknown"]:
        named = ", ".join(map(str, facts["unknown"]))
        raise Failed(
            f"No dead letter is there for: {named}. `plexsync dead list` shows those that are; "
            "`plexsync sync SCENE` brings a scene to Plex all the same"
        )


def recover(call: Call, victims: Victims, screen: Screen) -> None:
    """Try again what died in an outage, or what else is meant."""

    async def ask(service: Service) -> dict[str, Any]:
        return {"servers": [one.as_json() for one in await service.upkeep.recover(victims)]}

    wish = {"errors": sorted(victims.errors) or None, "all": victims.everything, "since": victims.since}
    facts = _asked(call, "/api/v1/dead/recover", wish, ask, _recovered, screen)
    screen.facts(facts)
    for one in facts["servers"]:
        screen.say(telling.recovered_line(one))
        for line in telling.left_lines(one):
            screen.say(line, style="yellow")
    if any(one["trouble"] for one in facts["servers"]):
        raise Failed("Not all could be tried. Repeat this once the servers are well; a daemon does so by itself")


def _recovered(facts: dict[str, Any]) -> int:
    return sum(one["put"] for one in facts["servers"])


def _changed(
    call: Call,
    verb: str,
    path: str,
    wish: Mapping[str, Any],
    work: Callable[[Connection], dict[str, Any]],
) -> dict[str, Any]:
    """The daemon's answer; while none runs, that of the store itself."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            answer: dict[str, Any] = remote.post(path, wish)
            return answer
    with changing(call, verb) as connection:
        return work(connection)


def _asked(
    call: Call,
    path: str,
    wish: Mapping[str, Any],
    ask: Callable[[Service], Awaitable[dict[str, Any]]],
    put: Callable[[dict[str, Any]], int],
    screen: Screen,
) -> dict[str, Any]:
    """The daemon's answer; while none runs, that of a service here, which works off what this `put`."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            answer: dict[str, Any] = remote.post(path, wish)
            return answer
    screen.say("No daemon runs; the work is done here.")
    return asyncio.run(inprocess.worked_off(call, ask, put))


def _purge_days(call: Call, connection: Connection) -> int:
    """The setting as it was last known, wherever it is kept."""
    saved = preferences.all_under(connection, "setting:")
    plain = {name.removeprefix("setting:"): value for name, value in saved.items()}
    return call.sources().load(plugin=preferences.get(connection, "plugin settings"), saved=plain).purge_days
