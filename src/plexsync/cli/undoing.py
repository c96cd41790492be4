"""Pins, undos, and what they are judged by: asked of the daemon, or done here while none runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from plexsync.cli import inprocess
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import Remote, daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many, moment, shown
from plexsync.cli.stored import changing, facts_of
from plexsync.cli.syncing import wait_until_done
from plexsync.store.database import Connection
from plexsync.sync import reports, undoing
from plexsync.sync.service import Service, UnknownLibraryError
from plexsync.sync.undoing import NothingToUndoError, fields_named

WHAT_UNINSTALL_DOES = (
    "say --restore: every field that PlexSync wrote is put back as it was before, with its lock and the picture that "
    "was shown; labels, collections and ratings of others stay; then nothing is written to the library any more. Add "
    "--library NAME for one library alone"
)
_TAKE_OUT = (
    "Take {library!r} out of the setting `libraries` for good; to begin anew, say "
    "`plexsync sync --library {library!r} --go`."
)
_STILL_ASKS = (
    "Plex still asks PlexSync about it, and takes what Stash says at each refresh: choose the agent that it had, under "
    "Edit Library > Advanced in Plex."
)


def pin(call: Call, scene: int, fields: list[str], screen: Screen) -> None:
    """Leave fields as they are."""
    facts = _pinned(call, scene, fields)
    screen.facts(facts)
    for item in facts["items"]:
        screen.say(f"Item {item['item']} on {item['server']}: left as they are: {', '.join(item['pinned'])}.")


def _pinned(call: Call, scene: int, fields: list[str]) -> dict[str, Any]:
    wish = {"scene": scene, "fields": fields or None, "pinned": True}
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            answer: dict[str, Any] = remote.post("/api/v1/pins", wish)
            return answer
    with changing(call, "pin") as connection:
        try:
            return undoing.pin(connection, _servers(call, connection), scene, fields_named(fields), time.time())
        except NothingToUndoError as error:
            raise Failed(str(error)) from error


def unpin(call: Call, scene: int, fields: list[str], screen: Screen) -> None:
    """Let fields be written again."""
    wish = {"scene": scene, "fields": fields or None, "pinned": False}

    async def ask(service: Service) -> list[dict[str, Any]]:
        return [await service.undoing.unpin(scene, fields_named(fields))]

    (facts,) = _asked(call, "/api/v1/pins", wish, ask, lambda told: bool(told["queued"]), screen, wait=False)
    screen.facts(facts)
    for item in facts["items"]:
        gone = ", ".join(item["unpinned"]) or "none of them was pinned"
        screen.say(f"Item {item['item']} on {item['server']}: written again: {gone}.")


def undo(call: Call, wish: Mapping[str, Any], screen: Screen, *, wait: bool) -> None:
    """Put back what was there before, and pin it."""

    async def ask(service: Service) -> list[dict[str, Any]]:
        if wish["scene"] is not None:
            return [await service.undoing.undo_scene(wish["scene"])]
        if wish["run"] is not None:
            return [await service.undoing.undo_run(wish["run"])]
        return await service.undo_library(wish["library"])

    found = _asked(call, "/api/v1/undo", dict(wish), ask, lambda told: bool(told["scenes"]), screen, wait=wait)
    screen.facts(found)
    for facts in found:
        _tell(facts, screen, waited=wait)
        screen.say("What is put back is pinned: `plexsync unpin SCENE` lets it be written again.")


def uninstall(call: Call, library: str | None, screen: Screen) -> None:
    """Put libraries back, and write there no more."""

    async def ask(service: Service) -> list[dict[str, Any]]:
        return await service.uninstall(library)

    found = _asked(
        call, "/api/v1/uninstall", {"library": library}, ask, lambda told: bool(told["scenes"]), screen, wait=True
    )
    screen.facts(found)
    if not found:
        screen.say("No library is chosen, so there is nothing to put back.")
    for facts in found:
        screen.say(f"Library {facts['library']!r}:", style="bold")
        _tell(facts, screen, waited=True)
        screen.say(_TAKE_OUT.format(library=facts["library"]))
        if facts["asks_provider"]:
            screen.say(_STILL_ASKS)


def runs(call: Call, limit: int, screen: Screen) -> None:
    """The latest runs."""
    with facts_of(call) as source:
        rows = source.runs(limit)
    screen.facts(rows)
    if not rows:
        screen.say("Nothing was written yet.")
        return
    screen.table(
        f"Runs (at most {limit})",
        ("run", "fields", "items", "from", "to"),
        [(one["run"], one["fields"], one["items"], moment(one["began"]), moment(one["ended"])) for one in rows],
    )


def conflicts(call: Call, limit: int, scene: int | None, screen: Screen) -> None:
    """What was changed in Plex, and what became of it."""
    with facts_of(call) as source:
        rows = source.conflicts(limit, scene)
    screen.facts(rows)
    if not rows:
        screen.say("Nothing that PlexSync wrote was changed in Plex.", style="green")
        return
    screen.table(
        f"Changed in Plex (at most {limit})",
        ("met", "server", "scene", "field", "PlexSync wrote", "Plex had", "by", "now"),
        [
            (
                moment(one["at"]),
                one["server"],
                one["scene"],
                one["field"],
                shown(one["ours"], one["field"]),
                shown(one["plex"], one["field"]),
                one["by"],
                one["done"],
            )
            for one in rows
        ],
    )
    screen.say("`owner_FIELD`, `keep_edits` and `plexsync pin SCENE FIELD` decide what becomes of such edits.")


def _tell(facts: Mapping[str, Any], screen: Screen, *, waited: bool) -> None:
    done = "put back" if waited or "status" in facts else "to be put back"
    counts = f"{many(facts['fields'], 'field')} of {many(facts['items'], 'item')}"
    screen.say(f"{counts} {done}, as run {facts['run']}.")
    for one in facts["unknown"]:
        screen.say(
            f"Left alone at {one['path']}: {', '.join(one['fields'])}. What Plex held there before PlexSync is not "
            "known, because a database was lost",
            style="yellow",
        )
    if facts["unknown_items"] > len(facts["unknown"]):
        screen.say(f"... and {facts['unknown_items'] - len(facts['unknown'])} more items.", style="yellow")


def _asked(  # the wish, both ways
    call: Call,
    path: str,
    wish: Mapping[str, Any],
    ask: Callable[[Service], Awaitable[list[dict[str, Any]]]],
    works: Callable[[dict[str, Any]], bool],
    screen: Screen,
    *,
    wait: bool,
) -> list[dict[str, Any]]:
    """The daemon's answer; while none runs, that of a service here, which carries out what was asked for."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            return _posted(remote, path, wish, screen, wait=wait)
    screen.say("No daemon runs; the work is done here.")

    async def asked(service: Service) -> dict[str, Any]:
        try:
            return {"found": await ask(service)}
        except (NothingToUndoError, UnknownLibraryError) as error:
            raise Failed(str(error)) from error

    answer = asyncio.run(inprocess.worked_off(call, asked, lambda told: sum(map(works, told["found"]))))
    return [one | {"status": answer["status"]} for one in answer["found"]]


def _posted(remote: Remote, path: str, wish: Mapping[str, Any], screen: Screen, *, wait: bool) -> list[dict[str, Any]]:
    answer = remote.post(path, {name: value for name, value in wish.items() if value is not None})
    if wait:
        wait_until_done(remote, screen)
    return list(answer) if isinstance(answer, list) else [answer]


def _servers(call: Call, connection: Connection) -> list[str]:
    return [server.name for server in call.config().servers] or reports.known_servers(connection)
