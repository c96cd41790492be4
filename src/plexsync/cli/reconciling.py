"""Gaps between Stash and Plex: searched, closed or only reported, by the daemon or here while none runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from plexsync.cli.call import Call
from plexsync.cli.remote import Remote, daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many, moment
from plexsync.cli.stored import facts_of
from plexsync.sync.gaps.gapreports import kind_line, outcome_line, still_worked_on, summary, total_of

#: Seconds between two looks how far a run is.
_LOOK_EVERY = 0.5
_SHOWN = 20


def reconcile(call: Call, scope: str, screen: Screen, *, report_only: bool, wait: bool) -> None:
    """Ask the daemon for a run; without one, do it here and stay until it is done."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            facts = _here(call, scope, screen, report_only=report_only)
        else:
            asked = remote.post("/api/v1/reconcile", {"scope": scope, "report_only": report_only})
            if not wait:
                screen.facts(asked)
                screen.say(_asked_line(asked))
                return
            facts = _awaited(remote, int(asked["run"]), screen)
    screen.facts(facts)
    _show(facts, screen)


def history(call: Call, limit: int, screen: Screen) -> None:
    """The latest runs."""
    with facts_of(call) as source:
        rows = source.reconciliations(limit)
    screen.facts(rows)
    if not rows:
        screen.say("No run yet. `plexsync reconcile` makes one.")
        return
    screen.table("Runs of reconciliation", ("ID", "began", "scope", "asked by", "state", "found"), map(_row, rows))


def show(call: Call, number: int, screen: Screen) -> None:
    """One run with its gaps."""
    with facts_of(call) as source:
        facts = source.reconciliation(number)
    screen.facts(facts)
    _show(facts, screen)


def _here(call: Call, scope: str, screen: Screen, *, report_only: bool) -> dict[str, Any]:
    from plexsync.cli import inprocess

    screen.say("No daemon runs; the work is done here.")
    with _Bar(screen) as bar:
        return asyncio.run(inprocess.reconcile(call, scope, bar.at, report_only=report_only))


def _awaited(remote: Remote, number: int, screen: Screen) -> dict[str, Any]:
    """The run once nothing of it is worked on any more; what waits for its next attempt is not waited for."""
    with _Bar(screen) as bar:
        while True:
            facts: dict[str, Any] = remote.get(f"/api/v1/reconcile/{number}", examples=_SHOWN)
            bar.at(facts)
            if not still_worked_on(facts):
                return facts
            time.sleep(_LOOK_EVERY)


def _asked_line(asked: Mapping[str, Any]) -> str:
    number = asked["run"]
    begun = f"Run {number} was asked for already" if asked["joined"] else f"Run {number} is asked for"
    return f"{begun}: `plexsync reconcile --run {number}` shows what it finds; --wait stays until it is done."


def _row(run: Mapping[str, Any]) -> tuple[object, ...]:
    found = ", ".join(f"{sum(gaps.values())} {kind}" for kind, gaps in run["found"].items() if gaps)
    state = f"{run['stage']}, only reported" if run["report_only"] else run["stage"]
    return run["id"], moment(run["began_at"]), run["scope"], run["cause"], state, found or "no gap"


def _show(run: Mapping[str, Any], screen: Screen) -> None:
    screen.say(f"Run {run['id']} ({run['scope']}, {moment(run['began_at'])}): {summary(run)}")
    if run["trouble"]:
        screen.say(run["trouble"], style="yellow")
    if not total_of(run):
        return
    rows = [
        (kind_line(kind), sum(gaps.values()), outcome_line(gaps, report_only=run["report_only"]))
        for kind, gaps in run["found"].items()
        if gaps
    ]
    screen.table("Gaps", ("kind", "found", "what became of them"), rows)
    shown = run["examples"]
    screen.table("Some of them", ("kind", "scene", "title", "file in Plex", "fields", "now"), map(_gap, shown))
    if run["found"]["unknown"]:
        unknown = sum(run["found"]["unknown"].values())
        screen.say(
            f"{many(unknown, 'file')} in Plex that Stash lacks: let Stash scan them, or see `plexsync paths test FILE` "
            "for which rule maps one."
        )


def _gap(gap: Mapping[str, Any]) -> tuple[object, ...]:
    fields = ", ".join(gap["fields"])
    return gap["kind"], gap["scene"] or "", gap["title"], gap["path"], fields, gap["outcome"] or "worked on"


class _Bar:
    """How far a run is, on the terminal of a person."""

    def __init__(self, screen: Screen) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=screen.console,
            transient=True,
            disable=screen.as_json or not screen.console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> _Bar:
        """Begin to show it."""
        self._progress.start()
        self._task = self._progress.add_task("Searching", total=None)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Take it off again."""
        self._progress.stop()

    def at(self, run: Mapping[str, Any]) -> None:
        """Show where the run is now."""
        if self._task is None:
            return
        if run["searched_at"] is None:
            self._progress.update(self._task, completed=run["looked"], total=run["of"])
            return
        total = total_of(run)
        closed = total - sum(gaps.get("open", 0) for gaps in run["found"].values())
        self._progress.update(self._task, description="Closing", completed=closed, total=total)
