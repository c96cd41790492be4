"""Whether all that PlexSync needs is there and fits together."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from plexsync.app.inspection import inspecting, reading
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.model.spans import many, span
from plexsync.sync.checks import Finding, Grade

_SHOWN = {Grade.WELL: ("well", "green"), Grade.NOTE: ("note", ""), Grade.WARNING: ("look", "yellow")}
_WRONG = ("WRONG", "bold red")


def doctor(call: Call, screen: Screen) -> None:
    """Every check with what it found, since when, and what to do. Failed when scenes cannot reach Plex."""
    facts = _findings(call)
    screen.facts(facts)
    now = time.time()
    for one in facts:
        _show(one, screen, now)
    failures = [one for one in facts if one["grade"] == Grade.FAILURE]
    if failures:
        raise Failed(f"{many(len(failures), 'thing')} {'keeps' if len(failures) == 1 else 'keep'} scenes from Plex")
    warnings = [one for one in facts if one["grade"] == Grade.WARNING]
    screen.say(f"{many(len(warnings), 'thing')} should be looked at." if warnings else "All is well.", style="bold")


def _findings(call: Call) -> list[dict[str, Any]]:
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            found: list[dict[str, Any]] = remote.get("/api/v1/doctor")
            running = Finding(check="daemon", grade=Grade.WELL, what=f"The daemon works (process {remote.pid})")
            return [running.as_json(), *found]
    still = Finding(
        check="daemon",
        grade=Grade.WARNING,
        what="No daemon runs, so nothing is brought to Plex by itself",
        remedy="Start it with `plexsync run`",
    )
    return [still.as_json(), *asyncio.run(_looked(call))]


async def _looked(call: Call) -> list[dict[str, Any]]:
    with reading(call.config()) as database:
        async with inspecting(call.sources()) as inspection:
            return [one.as_json() for one in await inspection.doctor(database).findings()]


def _show(one: dict[str, Any], screen: Screen, now: float) -> None:
    word, style = _SHOWN.get(Grade(one["grade"]), _WRONG)
    since = f" (for {span(now - one['since'])} at least)" if one["since"] is not None and one["since"] < now else ""
    screen.say(f"{word:<6} {one['what']}{since}", style=style)
    if one["remedy"]:
        screen.say(f"       -> {one['remedy']}")
