"""The plugin's way into Stash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plexsync.cli.call import call_of

plugin = typer.Typer(help="The Stash plugin.", no_args_is_help=True)


@plugin.command()
def install(
    context: typer.Context,
    plugins_folder: Annotated[Path, typer.Option(help="Stash's plugins folder, as this computer sees it.")],
    *,
    start: Annotated[
        bool, typer.Option(help="Let the hook start the daemon when none runs (Stash on this computer only).")
    ] = True,
    hooks: Annotated[
        bool,
        typer.Option(help="Let Stash tell of each change as it is saved; without, changes arrive with the next look."),
    ] = True,
) -> None:
    """Copy the plugin into Stash's plugins folder and have the daemon watch its spool folder."""
    from plexsync.cli import plugin_install
    from plexsync.cli.screen import Screen

    call = call_of(context)
    plugin_install.install(call, plugins_folder.absolute(), Screen(as_json=call.as_json), start=start, hooks=hooks)


@plugin.command()
def connect(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="How Stash reaches the daemon; else url_from_stash.")] = None,
) -> None:
    """Tell the plugin in Stash where this daemon is, for a Stash that shares no folder with it."""
    from plexsync.cli import plugin_connect
    from plexsync.cli.screen import Screen

    call = call_of(context)
    plugin_connect.connect(call, url, Screen(as_json=call.as_json))
