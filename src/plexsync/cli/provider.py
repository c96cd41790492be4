"""The metadata provider: how Plex comes to ask it, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plexsync.cli.call import call_of

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

provider = typer.Typer(help="Have Plex ask PlexSync while it scans.", no_args_is_help=True)


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


@provider.command()
def register(
    context: typer.Context,
    library: Annotated[
        list[str] | None, typer.Option(help="A library to be named by PlexSync, by title or key; repeatable.")
    ] = None,
    server: Annotated[str | None, typer.Option(help="Which Plex, of several in the settings.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Also where another PlexSync answers at the address that Plex knows.")
    ] = False,
) -> None:
    """Make PlexSync known to Plex as a metadata provider, and make the agent that libraries can choose.

    Repeat it at will: what is there is left as it is. The way back is told at the end.
    """
    from plexsync.cli import registering

    wish = registering.Wish(libraries=tuple(library or ()), server=server, dry_run=dry_run, take_over=take_over)
    registering.register(call_of(context), wish, _screen(context))


@provider.command()
def show(
    context: typer.Context,
    server: Annotated[str | None, typer.Option(help="Which Plex, of several in the settings.")] = None,
) -> None:
    """Show the address for Plex's settings with its secret, and how Plex uses it."""
    from plexsync.cli import registering

    registering.show(call_of(context), server, _screen(context))
