"""Every verb and its options. What a verb needs is imported when it runs: `--help` answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plexsync import __version__
from plexsync.cli.call import Call, Failed, call_of, hoisted
from plexsync.cli.installing import plugin
from plexsync.cli.keeping import dead, queue
from plexsync.cli.simulators import sim

if TYPE_CHECKING:
    from plexsync.cli.screen import Screen

_EVERYWHERE = "--data-dir, --config, --json may stand behind the verb too. Exit code: 0 done, 1 failed, 2 bad usage."

program = typer.Typer(
    name="plexsync",
    help="Brings what you change in Stash to Plex.",
    epilog=_EVERYWHERE,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
program.add_typer(queue, name="queue")
program.add_typer(dead, name="dead")
program.add_typer(plugin, name="plugin")
program.add_typer(sim, name="sim")

Scenes = Annotated[list[int] | None, typer.Argument(metavar="SCENE...", help="Ids of scenes in Stash.", min=1)]
Everything = Annotated[bool, typer.Option("--all", help="All scenes.")]


def main(words: list[str] | None = None) -> None:
    """Run the program and exit: 0 done, 1 something failed, 2 bad usage or configuration."""
    from plexsync.model.errors import ConfigurationError, StoreError, SyncError

    try:
        program(hoisted(sys.argv[1:] if words is None else words), prog_name="plexsync")
    except ConfigurationError as error:
        _end(2, *error.faults)
    except (Failed, StoreError, SyncError, OSError) as error:
        _end(1, str(error))


def _end(code: int, *lines: str) -> None:
    from plexsync.cli.screen import fault

    for line in lines:
        fault(f"plexsync: {line}")
    sys.exit(code)


def _screen(context: typer.Context) -> Screen:
    from plexsync.cli.screen import Screen

    return Screen(as_json=call_of(context).as_json)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"plexsync {__version__}\n")
        raise typer.Exit


@program.callback()
def _program(
    context: typer.Context,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database, secrets and settings.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file in place of DATA_DIR/plexsync.toml.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    context.obj = Call(data_dir=data_dir, config_file=config, as_json=json)


@program.command()
def run(
    context: typer.Context,
    spool_folder: Annotated[list[Path] | None, typer.Option(help="Watch this folder too; repeatable.")] = None,
) -> None:
    """Run the daemon in the foreground, until Ctrl-C, SIGTERM or `plexsync stop`."""
    from plexsync.cli import running

    running.run(call_of(context), spool_folder or [], _screen(context))


@program.command()
def stop(context: typer.Context) -> None:
    """Stop the daemon of the data folder and wait until it is gone."""
    from plexsync.cli import stopping

    stopping.stop(call_of(context), _screen(context))


@program.command()
def status(context: typer.Context) -> None:
    """Show how everything stands, and what needs you."""
    from plexsync.cli import standing

    standing.status(call_of(context), _screen(context))


@program.command()
def plan(context: typer.Context, scenes: Scenes = None, *, everything: Everything = False) -> None:
    """Show what a sync would change in Plex, field by field, and why. Writes nothing."""
    from plexsync.cli import syncing

    if bool(scenes) == everything:
        raise typer.BadParameter("name one of SCENE... or --all")
    syncing.plan(call_of(context), scenes or [], _screen(context))


@program.command()
def sync(
    context: typer.Context,
    scenes: Scenes = None,
    *,
    everything: Everything = False,
    recent: Annotated[bool, typer.Option("--recent", help="What changed in the last 24 hours.")] = False,
    library: Annotated[str | None, typer.Option(help="A library's backlog, by title or key.")] = None,
    go: Annotated[bool, typer.Option("--go", help="With --library: write it. Without, it is only counted.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until nothing waits any more.")] = False,
) -> None:
    """Bring scenes to Plex now."""
    from plexsync.cli import syncing
    from plexsync.cli.wishes import Unclear, Wish

    try:
        wish = Wish(scenes=tuple(scenes or ()), all_scenes=everything, recent=recent, library=library, go=go)
    except Unclear as error:
        raise typer.BadParameter(str(error)) from error
    syncing.sync(call_of(context), wish, _screen(context), wait=wait)


@program.command()
def why(context: typer.Context, scene: Annotated[int, typer.Argument(min=1, help="Id of a scene in Stash.")]) -> None:
    """Say where a scene stands, and why."""
    from plexsync.cli import asking

    asking.why(call_of(context), scene, _screen(context))


@program.command()
def outages(context: typer.Context) -> None:
    """Show when Stash or Plex was away, for how long, and what waited for it."""
    from plexsync.cli import standing

    standing.outages(call_of(context), _screen(context))


@program.command()
def backup(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; else DATA_DIR/backups. A folder will do.")] = None,
) -> None:
    """Write a backup of all that a walk cannot bring back: settings, ledger, history, keys."""
    from plexsync.cli import backing_up

    backing_up.backup(call_of(context), file, _screen(context))


@program.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The backup. Without it, the backups are listed.")] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Also where the store holds a ledger already.")] = False,
    noted: Annotated[bool, typer.Option("--noted", help="Take what happened to the store off `status`.")] = False,
) -> None:
    """Put a backup in the place of the store, while the daemon is stopped."""
    from plexsync.cli import backing_up

    if (noted and (file is not None or replace)) or (replace and file is None):
        raise typer.BadParameter("--noted stands alone, and --replace needs a FILE")
    if noted:
        backing_up.noted(call_of(context), _screen(context))
    elif file is None:
        backing_up.listing(call_of(context), _screen(context))
    else:
        backing_up.restore(call_of(context), file, _screen(context), replace=replace)


@program.command()
def config(context: typer.Context) -> None:
    """Show the settings in force, secrets masked."""
    from plexsync.cli import settings

    settings.show(call_of(context).config(), _screen(context))


@program.command()
def demo(
    context: typer.Context,
    scenes: Annotated[int, typer.Option(help="Scenes in the simulated Stash.", min=1)] = 40,
    daemon_command: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    patience: Annotated[float | None, typer.Option(hidden=True)] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Unattended: verify everything and end.")] = False,
) -> None:
    """Show everything at work between a simulated Stash and a simulated Plex. Needs and touches nothing of yours."""
    import os

    from plexsync import demo as show

    options = show.Options(
        check=check,
        as_json=call_of(context).as_json,
        scenes=scenes,
        daemon_command=tuple(daemon_command or ()),
        patience=patience,
    )
    raise typer.Exit(show.run(options, os.environ))
