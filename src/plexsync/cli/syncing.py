"""Bringing scenes to Plex."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from plexsync.cli.asking import standing_of
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import Remote, daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many
from plexsync.cli.wishes import Wish

_LOOK_EVERY = 0.2
_SHOWN = 20


def sync(call: Call, wish: Wish, screen: Screen, *, wait: bool) -> None:
    """Ask the daemon; without one, do it here and stay until it is done."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            _sync_here(call, wish, screen)
            return
        answer = _given(remote.post("/api/v1/sync", wish.as_json()))
        _say(answer, screen, here=False)
        if wait:
            wait_until_done(remote, screen)
            answer |= {"quiet": True, "scenes": [remote.get(f"/api/v1/scenes/{scene}/why") for scene in wish.scenes]}
    _told(answer, screen)


def _sync_here(call: Call, wish: Wish, screen: Screen) -> None:
    from plexsync.cli import inprocess

    screen.say("No daemon runs; the work is done here.")
    answer = asyncio.run(inprocess.sync(call, wish))
    _say(answer, screen, here=True)
    _told(answer, screen)
    left = sum(sum(server["queue"][lane] for lane in ("user", "change", "bulk")) for server in _servers(answer))
    if left and "waiting" not in answer:
        raise Failed(f"{left} scenes could not be brought over yet and are tried again by the next sync or the daemon")


def _told(answer: dict[str, Any], screen: Screen) -> None:
    """Show how each scene ended. Failed when one of them did not get through."""
    screen.facts(answer)
    stories = answer.get("scenes", ())
    for story in stories[:_SHOWN]:
        for server in story["servers"]:
            for line in standing_of(server):
                screen.say(f"Scene {story['scene']} on {server['name']}: {line}")
    failed = [story["scene"] for story in stories if any(server["dead"] for server in story["servers"])]
    if failed:
        raise Failed(f"given up: {', '.join(map(str, failed[:_SHOWN]))}. See `plexsync dead list`")


def _servers(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["status"]["servers"]
    return found


def _given(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if value is not None}


def _say(answer: dict[str, Any], screen: Screen, *, here: bool) -> None:
    if "waiting" in answer:
        screen.say(
            f"{many(answer['waiting'], 'scene')} waiting. Look with `plexsync plan --library NAME`; --go lets them be "
            "written."
        )
    elif "queued" in answer:
        screen.say(f"{many(answer['queued'], 'scene')} {'worked off' if here else 'queued'}.")
    else:
        screen.say(f"{'Compared' if here else 'Asked for'}: {answer.get('asked')} scenes.")


def wait_until_done(remote: Remote, screen: Screen) -> None:
    """Return once the daemon has nothing left to do."""
    screen.say("Waiting until all is done ...")
    while not remote.get("/api/v1/quiet")["quiet"]:
        time.sleep(_LOOK_EVERY)
    screen.say("Done: nothing waits any more.", style="green")
