"""The queue and the dead letters: what waits, what was given up, and what to do about it."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from plexsync.cli.call import call_of

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

queue = typer.Typer(help="Jobs that wait or are worked on.", no_args_is_help=True)
dead = typer.Typer(help="Jobs that were given up.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(help="How many are shown.", min=1, max=10_000)]
Everything = Annotated[bool, typer.Option("--all", help="Every dead letter.")]


class LaneName(StrEnum):
    """The lanes of the queue."""

    USER = "user"
    CHANGE = "change"
    BULK = "bulk"


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


@queue.command("list")
def queue_list(context: typer.Context, limit: Limit = 50) -> None:
    """List the jobs that wait or are worked on."""
    from plexsync.cli import asking

    asking.queue(call_of(context), limit, _screen(context))


@queue.command("clear")
def queue_clear(
    context: typer.Context,
    lane: Annotated[LaneName | None, typer.Option(help="Only what waits in this lane.")] = None,
) -> None:
    """Drop the jobs that wait. Only the work is dropped: a walk finds what still differs."""
    from plexsync.cli import upkeep

    upkeep.clear(call_of(context), None if lane is None else lane.value, _screen(context))


@queue.command("retry")
def queue_retry(context: typer.Context) -> None:
    """Let no job wait for its next attempt any longer."""
    from plexsync.cli import upkeep

    upkeep.hurry(call_of(context), _screen(context))


@dead.command("list")
def dead_list(context: typer.Context, limit: Limit = 50) -> None:
    """List the jobs that were given up."""
    from plexsync.cli import asking

    asking.dead(call_of(context), limit, _screen(context))


@dead.command("show")
def dead_show(
    context: typer.Context, scene: Annotated[int, typer.Argument(min=1, help="Id of a scene in Stash.")]
) -> None:
    """Show all that is known of a job that was given up."""
    from plexsync.cli import asking

    asking.dead_letter(call_of(context), scene, _screen(context))


@dead.command("retry")
def dead_retry(
    context: typer.Context,
    scenes: Annotated[
        list[int] | None, typer.Argument(metavar="SCENE...", help="Ids of scenes in Stash.", min=1)
    ] = None,
    *,
    everything: Everything = False,
) -> None:
    """Try again what was given up, in front of everything else."""
    from plexsync.cli import upkeep

    if bool(scenes) == everything:
        raise typer.BadParameter("name one of SCENE... or --all")
    upkeep.retry(call_of(context), scenes, _screen(context))


@dead.command("purge")
def dead_purge(
    context: typer.Context,
    older_than: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Only those given up longer ago; else purge_days.")
    ] = None,
    *,
    everything: Everything = False,
) -> None:
    """Forget what was given up long ago. A walk tries what still differs."""
    from plexsync.cli import upkeep

    if older_than is not None and everything:
        raise typer.BadParameter("name one of --older-than DAYS or --all")
    if older_than is not None and not 0 <= older_than < float("inf"):
        raise typer.BadParameter(f"--older-than is {older_than:g}: give 0 for every dead letter, or more days")
    upkeep.purge(call_of(context), older_than, _screen(context), everything=everything)


@dead.command("recover")
def dead_recover(
    context: typer.Context,
    errors: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="Those of this class of errors, whenever they began; repeatable."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what began to fail since then: a date, or 12h, 2d ago.")
    ] = None,
    *,
    everything: Everything = False,
) -> None:
    """Try again what was given up because Plex or Stash was away, once both are well."""
    from plexsync.cli import spans, upkeep
    from plexsync.sync.recovery import victims_of

    if errors and everything:
        raise typer.BadParameter("name one of --errors CLASS or --all")
    try:
        start = None if since is None else spans.since(since, time.time())
        classes = [name.strip() for text in errors or () for name in text.split(",")]
        victims = victims_of(classes, everything=everything, since=start)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    upkeep.recover(call_of(context), victims, _screen(context))
