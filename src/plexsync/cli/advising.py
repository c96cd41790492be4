"""What is said about path rules: proposals for all files, and the steps of one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from plexsync.app.inspection import inspecting, last_known, reading
from plexsync.app.rules import paths_of
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.model.pathrules import PathRules
from plexsync.model.pathtrace import Trace, View
from plexsync.model.pathtrace import trace as traced
from plexsync.store.database import Connection
from plexsync.sync.paths.advice import coverage_lines, unmapped_lines
from plexsync.sync.paths.lookup import found_at

#: Folders listed of each side.
_LISTED = 10


def suggest(call: Call, screen: Screen) -> None:
    """Rules as they can be pasted into the settings, and what they cover."""
    facts = _suggestions(call)
    screen.facts(facts)
    for one in facts:
        _show(one, screen, several=len(facts) > 1)
    if not any(one["rules"] for one in facts):
        raise Failed(
            "No rule can be told from what both sides list. Write it by hand, then look at one file with "
            "`plexsync paths test FILE`"
        )


def _suggestions(call: Call) -> list[dict[str, Any]]:
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            answer: list[dict[str, Any]] = remote.get("/api/v1/paths/suggestions")
            return answer
    return asyncio.run(_read(call))


async def _read(call: Call) -> list[dict[str, Any]]:
    async with inspecting(call.sources()) as inspection:
        return await inspection.advice.suggestions()


def _show(facts: dict[str, Any], screen: Screen, *, several: bool) -> None:
    if several:
        screen.say(f"Plex ({facts['server']})", style="bold")
    if facts["rules"]:
        screen.say("For plexsync.toml:")
        screen.block(facts["toml"])
    rows = [(rule["plex"], rule["stash"], rule["proofs"], rule["others"]) for rule in facts["rules"]]
    if rows:
        screen.table("What shows it", ("in Plex", "in Stash", "same files", "other files"), rows)
    for line in coverage_lines(facts):
        screen.say(line)
    for side, name in (("plex", "Plex"), ("stash", "Stash")):
        lines = unmapped_lines(facts[side], name)
        for line in lines[:_LISTED]:
            screen.say(line, style="yellow")
        if len(lines) > _LISTED:
            screen.say(f"{len(lines) - _LISTED} more folders of {name}: `--json` names them.", style="yellow")


def trace(call: Call, path: str, screen: Screen) -> None:
    """One path as that of either side: each rule, where it leads, what lies there, and back again."""
    config = last_known(call.sources())
    rules = paths_of(config)
    servers = [server.name for server in config.servers]
    with _store(call) as connection:
        facts = [_traced(rules, path, view, servers, connection) for view in (View.STASH, View.PLEX)]
    screen.facts(facts)
    meant = [one for one in facts if one["ways"] or one["lies"]] or facts
    for one in meant:
        _tell(one, screen)
    if not rules.rules:
        raise Failed("There are no path rules. `plexsync paths suggest` proposes some")
    if not any(one["ways"] for one in facts):
        raise Failed(f"No rule leads anywhere from {path}")


def _traced(
    rules: PathRules, path: str, view: View, servers: list[str], connection: Connection | None
) -> dict[str, Any]:
    found = traced(rules, path, view)
    return _document(found) | {
        "lies": found_at(connection, servers, view, path),
        "ways": [
            {
                "path": way.path,
                "lies": found_at(connection, servers, view.other, way.path),
                "back": list(way.back),
                "returns": way.returns,
            }
            for way in found.ways
        ],
        "looked_up": connection is not None,
    }


def _document(found: Trace) -> dict[str, Any]:
    steps = [{"rule": step.rule, "says": step.says, "leads": step.leads or None} for step in found.steps]
    return {"view": found.view.value, "path": found.path, "normal": found.normal, "steps": steps}


def _tell(facts: dict[str, Any], screen: Screen) -> None:
    view = View(facts["view"])
    screen.say(f"{facts['path']} as a path of {view}", style="bold")
    if facts["normal"] != facts["path"]:
        screen.say(f"It is compared as {facts['normal']}")
    for line in facts["lies"]:
        screen.say(f"There {view} has {line}")
    screen.table("Rules", ("rule", "what it makes of the path"), [(one["rule"], one["says"]) for one in facts["steps"]])
    for way in facts["ways"]:
        lies = " and ".join(way["lies"])
        if facts["looked_up"]:
            screen.say(f"{way['path']}: there {view.other} has {lies or 'no file that PlexSync has met'}")
        else:
            screen.say(f"{way['path']}: what lies there is known after the first start of the daemon")
        back = " or ".join(way["back"])
        if way["returns"]:
            screen.say(f"From there the rules lead back to {back}")
        else:
            screen.say(f"From there the rules lead {'to ' + back if back else 'nowhere'}, not back", style="yellow")


@contextmanager
def _store(call: Call) -> Iterator[Connection | None]:
    """The store to look files up in; None while there is none."""
    with reading(call.config()) as database:
        if database is None:
            yield None
            return
        with database.transaction() as connection:
            yield connection
