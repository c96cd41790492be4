"""Edits in a real Stash while no daemon runs: the hook starts one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from live import edits
from live.figures import show
from live.house import House
from plexsync.demo.waiting import until

PATIENCE = 30.0

Editing = Callable[[House, str], object]


@pytest.mark.parametrize("edit", [edits.edit_everything, edits.edit_in_bulk, edits.edit_at_once])
def test_an_edit_without_a_daemon_starts_exactly_one_and_arrives(house: House, edit: Editing) -> None:
    house.settings()
    house.install(start=True)
    assert house.processes() == []
    edit(house, "no daemon")
    until(house.holder, PATIENCE, "the started daemon answers")
    assert len(house.processes()) == 1
    until(lambda: not house.waiting(), PATIENCE, "the folder of events is empty")
    begun = house.processes()
    took = edits.edit_titles(house, "the started daemon", 10)
    assert house.processes() == begun
    assert sorted(took)[5] < 2.0


def test_a_daemon_that_was_stopped_is_started_again_by_a_later_edit(house: House) -> None:
    house.settings()
    house.install(start=True)
    edits.edit_titles(house, "first start", 1)
    until(house.holder, PATIENCE, "the started daemon answers")
    house.run("stop")
    until(lambda: not house.processes(), PATIENCE, "the daemon has ended")
    house.forget_start()
    took = edits.edit_titles(house, "second start", 1)
    assert len(house.processes()) == 1
    show(f"edit to Plex with a daemon that has to start: {took[0]:.1f} s")


def test_the_started_daemon_keeps_no_hook_waiting_and_leaves_no_zombie(house: House) -> None:
    house.settings()
    house.install(start=True)
    edits.edit_titles(house, "no zombie", 1)
    facts = until(house.holder, PATIENCE, "the started daemon answers")
    assert house.stash.scenes(), "Stash answers while the daemon lives"
    house.run("stop")
    until(lambda: not house.zombies(facts["pid"]), PATIENCE, "the ended daemon is gone from the table of processes")
