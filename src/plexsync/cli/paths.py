"""The path rules: which ones fit, and what they make of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plexsync.cli.call import call_of

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

paths = typer.Typer(help="Rules that lead from Plex's paths to Stash's.", no_args_is_help=True)


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


@paths.command("suggest")
def suggest(context: typer.Context) -> None:
    """Propose path rules from the files that both sides list, with what they cover. Writes nothing."""
    from plexsync.cli import advising

    advising.suggest(call_of(context), _screen(context))


@paths.command("test")
def test(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Path of a file as Stash or as Plex sees it.")],
) -> None:
    """Show step by step what the rules of the settings make of one path, and what lies there."""
    from plexsync.cli import advising

    advising.trace(call_of(context), file, _screen(context))
