"""The brake: what it holds, and the answers of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plexsync.cli.call import call_of

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

brake = typer.Typer(help="Changes to many scenes at once, held until you say so.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the question, from `plexsync brake list`.")]


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


@brake.command("list")
def brake_list(context: typer.Context) -> None:
    """Show what is held, with numbers and examples, and what was answered before."""
    from plexsync.cli import answering

    answering.listing(call_of(context), _screen(context))


@brake.command("release")
def brake_release(
    context: typer.Context,
    number: Number,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="Of another Stash or Plex: it is not the one known so far.")
    ] = False,
) -> None:
    """Let it be written; of another Stash or Plex: say that it is the same one."""
    from plexsync.cli import answering

    answering.release(call_of(context), number, _screen(context), new=new)


@brake.command("reject")
def brake_reject(context: typer.Context, number: Number) -> None:
    """Leave Plex as it is, until those scenes or the rules change again."""
    from plexsync.cli import answering

    answering.reject(call_of(context), number, _screen(context))
