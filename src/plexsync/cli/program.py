"""Every verb and its options. What a verb needs is imported when it runs: `--help` answers at once."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plexsync import __version__
from plexsync.cli.beginning import setup
from plexsync.cli.braking import brake
from plexsync.cli.call import Call, Failed, call_of, hoisted
from plexsync.cli.indexing import index
from plexsync.cli.installing import plugin
from plexsync.cli.keeping import dead, queue
from plexsync.cli.paths import paths
from plexsync.cli.provider import provider
from plexsync.cli.simulators import sim
from plexsync.model.gaps import Scope

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
program.add_typer(brake, name="brake")
program.add_typer(index, name="index")
program.add_typer(paths, name="paths")
program.add_typer(plugin, name="plugin")
program.add_typer(provider, name="provider")
program.add_typer(sim, name="sim")

Scenes = Annotated[list[int] | None, typer.Argument(metavar="SCENE...", help="Ids of scenes in Stash.", min=1)]
SceneId = Annotated[int, typer.Argument(min=1, metavar="SCENE", help="Id of a scene in Stash.")]
FieldNames = Annotated[list[str] | None, typer.Argument(metavar="FIELD...", help="Names of fields, as `plan` shows.")]
Everything = Annotated[bool, typer.Option("--all", help="All scenes.")]


class Part(StrEnum):
    """What can be run without the rest."""

    PROVIDER = "provider"


def main(words: list[str] | None = None) -> None:
    """Run the program and exit: 0 done, 1 something failed, 2 bad usage or configuration."""
    from plexsync.model.errors import ConfigurationError, StoreError, SyncError

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A title that a terminal has no letters for is no reason to break off in the middle.
        sys.stdout.reconfigure(errors="backslashreplace")
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


program.command()(setup)


@program.command()
def run(
    context: typer.Context,
    spool_folder: Annotated[list[Path] | None, typer.Option(help="Watch this folder too; repeatable.")] = None,
    only: Annotated[Part | None, typer.Option(help="Run this part alone: it answers Plex and writes nothing.")] = None,
) -> None:
    """Run the daemon in the foreground, until Ctrl-C, SIGTERM or `plexsync stop`."""
    import signal

    # The first process of a container hears no signal that it does not ask for, and what follows takes a while.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from plexsync.cli import running

    if only is Part.PROVIDER:
        running.run_provider(call_of(context), _screen(context))
    else:
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
def plan(
    context: typer.Context,
    scenes: Scenes = None,
    *,
    everything: Everything = False,
    library: Annotated[str | None, typer.Option(help="What belongs to a library, by title or key.")] = None,
) -> None:
    """Show what a sync would change in Plex, field by field, and why. Writes nothing."""
    from plexsync.cli import previewing

    if [bool(scenes), everything, library is not None].count(True) != 1:
        raise typer.BadParameter("name one of SCENE..., --all or --library NAME")
    previewing.plan(call_of(context), scenes or [], library, _screen(context))


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
def reconcile(
    context: typer.Context,
    scope: Annotated[
        Scope, typer.Option(help="Everything; what was added or changed lately; or only what is empty in Plex.")
    ] = Scope.ALL,
    number: Annotated[int | None, typer.Option("--run", metavar="ID", help="Show an earlier run.", min=1)] = None,
    limit: Annotated[int, typer.Option(help="With --history: how many.", min=1, max=1000)] = 20,
    *,
    report_only: Annotated[bool, typer.Option("--report-only", help="Only say what differs; write nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the gaps are closed.")] = False,
    past: Annotated[bool, typer.Option("--history", help="List the latest runs.")] = False,
) -> None:
    """Search for gaps between Stash and Plex, in both directions, and close them."""
    from plexsync.cli import reconciling

    asks = scope is not Scope.ALL or report_only or wait
    if [past, number is not None, asks].count(True) > 1:
        raise typer.BadParameter("--history and --run ID stand alone: they only show what earlier runs found")
    if past:
        reconciling.history(call_of(context), limit, _screen(context))
    elif number is not None:
        reconciling.show(call_of(context), number, _screen(context))
    else:
        reconciling.reconcile(call_of(context), scope.value, _screen(context), report_only=report_only, wait=wait)


@program.command()
def why(context: typer.Context, scene: Annotated[int, typer.Argument(min=1, help="Id of a scene in Stash.")]) -> None:
    """Say how a scene was matched, where it stands, and why each field is as it is."""
    from plexsync.cli import explaining

    explaining.why(call_of(context), scene, _screen(context))


@program.command()
def pin(context: typer.Context, scene: SceneId, fields: FieldNames = None) -> None:
    """Leave fields of a scene as they are in Plex (none named: all), whatever changes in Stash."""
    from plexsync.cli import undoing

    undoing.pin(call_of(context), scene, _fields(fields), _screen(context))


@program.command()
def unpin(context: typer.Context, scene: SceneId, fields: FieldNames = None) -> None:
    """Let fields of a scene be written again (none named: all); what differs is written at once."""
    from plexsync.cli import undoing

    undoing.unpin(call_of(context), scene, _fields(fields), _screen(context))


@program.command()
def undo(
    context: typer.Context,
    scene: Annotated[int | None, typer.Argument(min=1, metavar="SCENE", help="Id of a scene in Stash.")] = None,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Only what this run wrote; see `runs`.")] = None,
    library: Annotated[str | None, typer.Option(help="All of a library, by title or key.")] = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until nothing waits any more.")] = False,
) -> None:
    """Put back in Plex what was there before PlexSync wrote, and pin it."""
    from plexsync.cli import undoing

    wish = {"scene": scene, "run": run, "library": library}
    if sum(value is not None for value in wish.values()) != 1:
        raise typer.BadParameter("name one of SCENE, --run ID or --library NAME")
    undoing.undo(call_of(context), wish, _screen(context), wait=wait)


@program.command()
def uninstall(
    context: typer.Context,
    library: Annotated[str | None, typer.Option(help="Only this library, by title or key.")] = None,
    *,
    restore: Annotated[bool, typer.Option("--restore", help="Put everything back as it was before PlexSync.")] = False,
) -> None:
    """Put whole libraries back as they were before PlexSync, and write there no more."""
    from plexsync.cli import undoing

    if not restore:
        raise typer.BadParameter(undoing.WHAT_UNINSTALL_DOES)
    undoing.uninstall(call_of(context), library, _screen(context))


@program.command()
def runs(context: typer.Context, limit: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 20) -> None:
    """List the latest runs and what each wrote, for `undo --run ID`."""
    from plexsync.cli import undoing

    undoing.runs(call_of(context), limit, _screen(context))


@program.command()
def conflicts(
    context: typer.Context,
    scene: Annotated[int | None, typer.Argument(min=1, metavar="SCENE", help="Only of this scene.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 50,
) -> None:
    """List what was changed in Plex against what PlexSync wrote, with both values, and what became of it."""
    from plexsync.cli import undoing

    undoing.conflicts(call_of(context), limit, scene, _screen(context))


def _fields(names: list[str] | None) -> list[str]:
    from plexsync.sync.undoing import fields_named

    try:
        return [field.value for field in fields_named(names or ())]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@program.command()
def outages(context: typer.Context) -> None:
    """Show when Stash or Plex was away, for how long, and what waited for it."""
    from plexsync.cli import standing

    standing.outages(call_of(context), _screen(context))


@program.command()
def doctor(context: typer.Context) -> None:
    """Look whether all that PlexSync needs is there and fits together, and say what to do where it is not."""
    from plexsync.cli import doctor as diagnosis

    diagnosis.doctor(call_of(context), _screen(context))


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
