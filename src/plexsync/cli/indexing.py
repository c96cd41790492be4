"""The index of Plex: shown, or made anew by the daemon, or here while none runs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plexsync.cli.call import Call, call_of

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

index = typer.Typer(help="What is known of Plex's items.", no_args_is_help=True)

#: Seconds between two looks whether it is made.
_LOOK_EVERY = 0.5


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


@index.command("list")
def index_list(context: typer.Context) -> None:
    """List the libraries that are followed, with the number of their items."""
    from plexsync.cli.stored import facts_of

    with facts_of(call_of(context)) as source:
        _show(source.index(), _screen(context))


@index.command("refresh")
def index_refresh(
    context: typer.Context,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all is listed.")] = False,
) -> None:
    """List all items of all synced libraries anew. Nothing is written to Plex."""
    from plexsync.cli.remote import daemon_of

    call, screen = call_of(context), _screen(context)
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            _show(_made_here(call, screen), screen)
            return
        remote.post("/api/v1/index/refresh")
        while wait and remote.get("/api/v1/index")["asked"]:
            time.sleep(_LOOK_EVERY)
        _show(remote.get("/api/v1/index"), screen)


def _made_here(call: Call, screen: Screen) -> dict[str, Any]:
    from plexsync.cli import inprocess

    screen.say("No daemon runs; Plex is listed here.")
    return asyncio.run(inprocess.refresh_index(call))


def _show(facts: dict[str, Any], screen: Screen) -> None:
    from plexsync.sync.rebuilding import index_lines

    screen.facts(facts)
    for line in index_lines(facts):
        screen.say(line)
