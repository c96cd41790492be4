"""The tasks of Stash's pages: from the button to the answer in Stash's log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plexsync.model.work import Event, EventType
from plexsync.pluginfiles import install
from plexsync.store import dead, outages
from plexsync.store.outages import OutageKind
from plexsync.sync.service import Service
from plexsync.sync.tasks import LATE, wish_of
from sync.test_lost_updates import silently
from sync.test_recovery import letter, with_letters
from world import World, quiet, until, world

PLUGIN = "PlexSyncDaemon"
START = "mutation($plugin: ID!, $name: String) { runPluginTask(plugin_id: $plugin, task_name: $name) }"


@dataclass(frozen=True, slots=True)
class Pages:
    """Stash's pages with our plugin, and the service that carries its tasks out."""

    place: World
    service: Service

    async def task(self, name: str) -> list[str]:
        """Press the button; the lines of the answer, each with its level."""
        before = len(await self.log())
        await self.place.graphql(START, plugin=PLUGIN, name=name)

        async def answered() -> list[str]:
            """the daemon's answer is in Stash's log"""
            lines = (await self.log())[before:]
            return [line for line in lines if "handed to the daemon" not in line and "takes this now" not in line]

        found: list[str] = await until(answered)
        await quiet(self.service)
        return await answered() or found

    async def log(self) -> list[str]:
        """What the plugin wrote into Stash's log so far."""
        lines = (await self.place.http.get(f"{self.place.stash.url}/_sim/log")).json()
        return [f"{line['level']}: {line['message']}" for line in lines if line["plugin"] == "PlexSync"]


@contextlib.asynccontextmanager
async def pages(folder: Path) -> AsyncIterator[Pages]:
    spool = install(folder / "plugins")
    async with (
        world(folder, scenes=4, plugins=(folder / "plugins",)) as place,
        place.running(spool_folders=str(spool)) as service,
    ):
        await quiet(service)
        yield Pages(place, service)


async def test_every_task_of_the_manifest_is_answered_in_the_log_when_all_is_well(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        nothing = {
            "Queue status": ["info: Queue status: Plex (plex): nothing waits; 0 dead letters."],
            "Clear queue": ["info: Clear queue: 0 jobs dropped; what is being worked on goes on."],
            "Dead letters: show": ["info: Dead letters: show: there is none."],
            "Dead letters: retry": ["info: Dead letters: retry: 0 dead letters tried again"],
            "Dead letters: clear": ["info: Dead letters: clear: 0 dead letters dropped."],
            "Dead letters: purge older than N days": [
                "info: Dead letters: purge old ones: 0 dead letters older than 7 days"
            ],
            "Recover outage jobs": ["info: Recover outage jobs: Plex (plex): 0 dead letters tried again."],
            "Health check": ["info: Health check: Stash answers.", "info: Health check: Plex (plex) answers."],
        }
        for task, lines in nothing.items():
            found = await it.task(task)
            assert len(found) == len(lines), found
            assert all(line.startswith(begin) for line, begin in zip(found, lines, strict=True)), found
        for scope in ("all", "last 24 hours", "last 7 days", "empty only"):
            (line,) = await it.task(f"Reconcile {scope}")
            assert line.startswith(f"info: Reconcile {scope}: run ")
            assert line.endswith("looked at: no gap.")
        (line,) = await it.task("Refresh Plex index")
        assert line.startswith("info: Refresh Plex index: Plex (plex), Open movies: 4 items, listed as a whole ")
        said, status = await it.task("Process queue now")
        assert said == "info: Process queue now: nothing had to be hurried."
        assert "nothing waits" in status
        stash, plex = await it.task("Outage report")
        assert stash.startswith("info: Outage report: Stash: no outage in ")
        assert plex.startswith("info: Outage report: Plex (plex): no outage in ")


async def test_path_rules_are_proposed_and_the_state_of_everything_is_told(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        told = await it.task("Suggest path rules")
        assert told[0] == "info: Suggest path rules: plex: plex = /plex/media, stash = /data (4 files prove it)"
        assert "4 of 4 files of Plex have their file in Stash" in told[1]
        doctor = await it.task("Doctor")
        assert any(line.startswith("info: Doctor: The plugin 0.1.0 is installed and enabled") for line in doctor)
        assert not any(line.startswith("warning: Doctor: The plugin") for line in doctor)


async def test_dead_letters_are_shown_with_their_titles_tried_again_and_dropped(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await silently(it.place, 1, title="Shown")
        now = it.place.clock.now()
        await with_letters(it.service, letter(1, "PlexPermanentError", now), letter(2, "PlexPermanentError", now))
        first, second = await it.task("Dead letters: show")
        assert first == 'info: Dead letters: show: Scene 1 "Scene 1" on Plex (plex): Plex failed (PlexPermanentError)'
        assert "Scene 2" in second
        assert (await it.task("Dead letters: retry"))[0].startswith("info: Dead letters: retry: 2 dead letters tried")
        assert (await it.place.item(1))["title"] == "Shown"
        assert await it.service.dead(10) == []
        await with_letters(it.service, letter(1), letter(2))
        assert "2 dead letters dropped" in (await it.task("Dead letters: clear"))[0]
        assert await it.service.dead(10) == []


async def test_a_purge_leaves_letters_alone_for_as_many_days_as_the_plugins_settings_say(tmp_path: Path) -> None:
    spool = install(tmp_path / "plugins")
    async with world(tmp_path, scenes=2, plugins=(tmp_path / "plugins",)) as place:
        configure = 'mutation($input: Map!) { configurePlugin(plugin_id: "PlexSyncDaemon", input: $input) }'
        await place.graphql(configure, input={"purgeDays": 2})
        async with place.running(spool_folders=str(spool)) as service:
            await quiet(service)
            day, now = 86_400.0, place.clock.now()
            await with_letters(service, letter(1, first=now - day), letter(2, first=now - 3 * day))
            (line,) = await Pages(place, service).task("Dead letters: purge older than N days")
            assert "1 dead letter older than 2 days dropped" in line
            assert [one["scene"] for one in await service.dead(10)] == [1]


async def test_waiting_jobs_are_told_with_their_failure_hurried_and_dropped(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        key = (await it.place.item(1))["ratingKey"]
        fault = {"fault": "status500", "path": f"/library/metadata/{key}", "method": "GET"}
        await it.place.faults(it.place.plex, fault)
        await silently(it.place, 1, title="Later")
        await it.service.take([Event(type="Scene.Update.Post", id=1)])

        async def fails() -> bool:
            """the job has failed"""
            return any(row["failure"] for row in await it.service.queue(10))

        await until(fails)
        lines = await _first_lines(it, "Queue status")
        assert "1 job (1 change; " in lines[0]
        assert any(line.startswith("info: Queue status: Scene 1 on plex is tried again ") for line in lines)
        (dropped,) = await _first_lines(it, "Clear queue", least=1)
        assert "dropped" in dropped


async def _first_lines(it: Pages, task: str, *, least: int = 2) -> list[str]:
    """The answer of a task while work goes on beside it."""
    before = len(await it.log())
    await it.place.graphql(START, plugin=PLUGIN, name=task)

    async def answered() -> list[str]:
        """the daemon's answer is in Stash's log"""
        lines = [line for line in (await it.log())[before:] if f" {task}: " in line and "handed" not in line]
        return lines if len(lines) >= least else []

    found: list[str] = await until(answered)
    return found


async def test_what_is_not_well_is_told_as_a_warning(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.faults(it.place.plex, {"fault": "maintenance503"})
        stash, plex = await _first_lines(it, "Health check")
        assert stash == "info: Health check: Stash answers."
        assert plex.startswith("warning: Health check: Plex (plex) is not well: ")


async def test_what_died_of_an_outage_is_recovered_by_its_button(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        now = it.place.clock.now()
        await silently(it.place, 1, title="Recovered")

        def outage(conn: Any) -> None:
            outages.began(conn, "plex:plex", OutageKind.AWAY, "no answer", now - 100, now - 90)
            outages.ended(conn, "plex:plex", ["plex"], now - 10)
            dead.bury(conn, letter(1, "PlexServerDown", now - 50))

        await it.service.database.run(outage)
        (line,) = await it.task("Recover outage jobs")
        assert line == "info: Recover outage jobs: Plex (plex): 1 dead letter tried again."
        assert (await it.place.item(1))["title"] == "Recovered"
        report = await it.task("Outage report")
        assert "no job waited for its end; cause: no answer" in report[-1]


async def test_a_stash_that_cannot_be_told_leaves_the_answer_in_our_own_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with pages(tmp_path) as it:
        await with_letters(it.service, letter(1))
        await it.place.faults(it.place.stash, {"fault": "refuse"})
        await it.service.take([Event(type=EventType.DEAD_SHOW, at=time.time())])

        async def logged() -> bool:
            """the answer is in our log"""
            return any('"Scene 1"' in str(record.msg) for record in caplog.records)

        await until(logged)


async def test_what_would_drop_something_is_let_go_when_the_daemon_comes_too_late(tmp_path: Path) -> None:
    """Asking for the health is never too late."""
    async with pages(tmp_path) as it:
        await with_letters(it.service, letter(1))
        long_ago = it.place.clock.now() - LATE - 1
        await it.service.take(
            [Event(type=EventType.DEAD_CLEAR, at=long_ago), Event(type=EventType.HEALTH, at=long_ago)]
        )

        async def told() -> list[str]:
            """both are answered"""
            lines = await it.log()
            return lines if len(lines) >= 3 else []

        lines = await until(told)
        late = [line for line in lines if "Dead letters: clear" in line]
        assert late == [
            "warning: Dead letters: clear: this was asked for more than 10 min ago, while no daemon ran, and is not "
            "done any more. Start the task again if you still want it."
        ]
        assert [one["scene"] for one in await it.service.dead(10)] == [1]


def test_only_what_changes_something_is_ever_too_late() -> None:
    asked = {kind: wish_of(Event(type=kind, at=1000.0), 1000.0 + LATE + 1) for kind in EventType}
    late = {kind for kind, wish in asked.items() if wish is not None and wish.endswith("late")}
    assert late == {EventType.QUEUE_CLEAR, EventType.DEAD_CLEAR, EventType.DEAD_RETRY, EventType.DEAD_PURGE}
    assert wish_of(Event(type=EventType.QUEUE_CLEAR, at=1000.0), 1000.0 + LATE) == "Task.QueueClear"
    assert wish_of(Event(type=EventType.QUEUE_CLEAR), 1e9) == "Task.QueueClear"
    assert wish_of(Event(type=EventType.SCENE_UPDATE), 1e9) is None


async def test_a_task_keeps_stash_waiting_for_less_than_two_seconds_though_the_daemon_is_busy(tmp_path: Path) -> None:
    async with pages(tmp_path) as it:
        await it.place.faults(it.place.plex, {"fault": "hang"})
        began = time.monotonic()
        await it.place.graphql(
            'mutation { runPluginOperation(plugin_id: "PlexSyncDaemon", args: {mode: "health"}) }',
        )
        assert time.monotonic() - began < 2.0
        await it.place.faults(it.place.plex)
