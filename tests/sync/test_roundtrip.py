"""The path rules are proved at start on the files that both sides are known to have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from newstore import new_store
from plexsync.model.item import IndexedItem, Part
from plexsync.model.pathrules import RuleText, path_rules
from plexsync.model.scene import Scene, SceneFile
from plexsync.store import index, seen
from plexsync.store.database import Connection, Database
from plexsync.sync.paths.roundtrip import RoundTrip
from sync.hands import SetClock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(new_store(tmp_path / "plexsync.db"))
    yield opened
    opened.close()


def fill(connection: Connection, plex: Sequence[str], stash: Sequence[str]) -> None:
    items = [
        IndexedItem(rating_key=key, section=1, title="", parts=(Part(path=path),)) for key, path in enumerate(plex, 1)
    ]
    index.upsert(connection, "plex", items, 1)
    scenes = [Scene(id=number, files=(SceneFile(path=path),)) for number, path in enumerate(stash, 1)]
    seen.note(connection, scenes, 0.0)


def trip(database: Database, *pairs: tuple[str, str]) -> RoundTrip:
    paths = path_rules([RuleText(name=f"{plex} => {stash}", plex=plex, stash=stash) for plex, stash in pairs])
    return RoundTrip(server="plex", database=database, paths=paths, clock=SetClock())


async def test_rules_that_lead_there_and_back_have_no_fault(database: Database) -> None:
    await database.run(lambda c: fill(c, ["/disk1/a.mp4", "/disk2/b.mp4"], ["/pool/a.mp4", "/pool/b.mp4"]))
    it = trip(database, ("/disk1", "/pool"), ("/disk2", "/pool"))
    await it.check()
    assert it.faults == ()


async def test_a_rule_that_leads_to_nothing_is_named_with_a_file(database: Database) -> None:
    await database.run(lambda c: fill(c, ["/media/a.mp4", "/media/b.mp4", "/other/c.mp4"], ["/data/a.mp4"]))
    it = trip(database, ("/media", "/data"), ("/other", "/Data"))
    await it.check()
    [fault] = it.faults
    assert fault.startswith(
        "The path rule /other => /Data leads 1 file of Plex (plex) to Stash, for example /other/c.mp4 to /Data/c.mp4, "
        "and Stash has none of them"
    )
    assert "plexsync paths suggest" in fault


async def test_a_file_that_is_not_led_back_is_named_with_its_rule(database: Database) -> None:
    """Without case the rule finds the folder, but on the way back it can only spell it as the rule does."""
    await database.run(lambda c: fill(c, ["/x/y/a.mp4"], ["/data/y/a.mp4"]))
    it = trip(database, ("/x/y", "/data/y"), ("/x", "/data"))
    await it.check()
    assert it.faults == ()
    folded = path_rules(
        [RuleText(name="folded", plex="/Media", stash="/data", case_insensitive=True), RuleText(plex="/", stash="/")]
    )
    await database.run(lambda c: fill(c, ["/media/a.mp4"], ["/data/a.mp4"]))
    other = RoundTrip(server="plex", database=database, paths=folded, clock=SetClock())
    await other.check()
    [fault] = other.faults
    assert fault.startswith("The path rule folded leads /media/a.mp4 to /data/a.mp4, but from there the rules lead to ")


async def test_rules_are_proved_once_there_are_files_and_then_daily(database: Database) -> None:
    clock = SetClock()
    it = trip(database, ("/media", "/wrong"))
    it.clock = clock

    async def fault_count() -> int:
        await it.check()
        return len(it.faults)

    assert await fault_count() == 0, "nothing is known yet"
    await database.run(lambda c: fill(c, ["/media/a.mp4"], ["/data/a.mp4"]))
    assert await fault_count() == 1
    await database.run(lambda c: fill(c, ["/media/a.mp4"], ["/wrong/a.mp4"]))
    assert await fault_count() == 1, "not so soon again"
    clock.at += 25 * 3600
    assert await fault_count() == 0
