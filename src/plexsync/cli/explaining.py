"""Why a scene is as it is in Plex, in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from plexsync.cli.asking import standing_of
from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.cli.spans import moment, shown
from plexsync.cli.stored import facts_of
from plexsync.model.errors import ConfigurationError, StoreError


def why(call: Call, scene: int, screen: Screen) -> None:
    """Where one scene stands on every server, how it was matched, and what each field comes from."""
    facts = _facts(call, scene)
    screen.facts(facts)
    if not _known(facts):
        raise Failed(f"Scene {scene} was never seen. `plexsync sync {scene}` looks for it")
    screen.say(f"Scene {scene}: {facts['title'] or '(title not known)'}", style="bold")
    for path in facts["files"]:
        screen.say(f"File in Stash: {path}")
    for server in facts["servers"]:
        for line in standing_of(server):
            screen.say(f"{server['name']}: {line}")
        _live(server, screen)
    rows = [
        (
            moment(one["at"]),
            one["server"],
            one["field"],
            shown(one["before"], one["field"]),
            shown(one["after"], one["field"]),
            one["why"],
        )
        for one in facts["history"]
    ]
    if rows:
        screen.table("Written so far", ("when", "server", "field", "before", "after", "why"), rows)


def _facts(call: Call, scene: int) -> dict[str, Any]:
    """What the daemon tells; while none runs, what is in the store and what Stash and Plex tell now."""
    from plexsync.cli import inprocess

    with facts_of(call) as source:
        facts = source.why(scene)
    if any("live" in server for server in facts["servers"]):
        return facts
    try:
        return asyncio.run(inprocess.explain(call, scene))
    except (StoreError, ConfigurationError) as error:
        live = {"trouble": f"Stash and Plex cannot be asked: {error}", "files": [], "items": []}
        return facts | {"servers": [server | {"live": live} for server in facts["servers"]]}


def _known(facts: Mapping[str, Any]) -> bool:
    tied = (server[part] for server in facts["servers"] for part in ("job", "dead", "decision", "items"))
    matched = (server["live"]["files"] for server in facts["servers"] if "live" in server)
    return facts["title"] is not None or any(tied) or any(matched)


def _live(server: Mapping[str, Any], screen: Screen) -> None:
    live = server["live"]
    if live["trouble"]:
        screen.say(f"{server['name']}: {live['trouble']}", style="yellow")
    for file in live["files"]:
        screen.say(f"{file['path']}: {file['says']}.")
    for item in live["items"]:
        title = f"Item {item['item']} in {item['library']} on {server['name']}"
        if item["waits"]:
            screen.say(f"{title}: {item['waits']}", style="yellow")
        rows = [_row(one) for one in item["fields"] if _tells(one)]
        screen.table(title, ("field", "Plex now", "should be", "why", "owner", "before PlexSync", "last write"), rows)


def _tells(one: Mapping[str, Any]) -> bool:
    """Whether there is anything to say of the field: it holds something, should, or was written."""
    return any(one[part] not in (None, "", []) for part in ("now", "wanted", "ledger"))


def _row(one: Mapping[str, Any]) -> tuple[object, ...]:
    before = shown(one["ledger"]["before"], one["field"]) if one["ledger"] is not None else ""
    last = one["last_write"]
    return (
        one["field"],
        shown(one["now"], one["field"]),
        shown(one["wanted"], one["field"]),
        one["says"],
        one["owner"],
        before,
        f"{moment(last['at'])} ({last['why']}, {last['run']})" if last is not None else "",
    )
