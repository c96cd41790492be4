"""What the doctor says of a Stash by its answers, and of a machine by its disk."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from plexsync.stash.client import StashClient
from plexsync.sync.checks import Finding, Grade, finding_line
from plexsync.sync.checks.machine import disk_finding, spool_findings
from plexsync.sync.checks.stash import stash_findings

NOW = 1_700_000_000.0


async def findings(
    server: HTTPServer, *, ahead: float = 0.0, version: str = "v0.31.0", **more: Any
) -> dict[str, Finding]:
    """What a machine whose clock is so far ahead finds of a Stash that answers this."""
    data = {"systemStatus": {"status": "OK"}, "version": {"version": version, "hash": "abc"}, "plugins": None} | more
    server.expect_request("/graphql").respond_with_json({"data": data})
    stash = StashClient(server.url_for("").rstrip("/"))
    try:
        found = await stash_findings(stash, plugin="PlexSyncDaemon", ours="1.0", now=time.time() + ahead)
    finally:
        await stash.close()
    return {one.check: one for one in found}


async def test_clocks_that_agree_are_well_and_one_that_does_not_is_told_by_how_much(httpserver: HTTPServer) -> None:
    assert (await findings(httpserver))["clock"].grade is Grade.WELL
    behind = (await findings(httpserver, ahead=7260))["clock"]
    assert behind.grade is Grade.WARNING
    assert re.search(r"Stash's clock is 2 h( \d+ min)? behind this machine's", behind.what)
    assert re.search(r"is (1 d|23 h).* ahead of", (await findings(httpserver, ahead=-86_430))["clock"].what)


VERSIONS = [
    ("v0.31.0", Grade.WELL),
    ("v0.28.0", Grade.WELL),
    ("v0.30.1-19-gabc", Grade.WELL),
    ("v0.27.2", Grade.WARNING),
    ("abcdef", Grade.WELL),
]


@pytest.mark.parametrize(("version", "grade"), VERSIONS)
async def test_a_stash_that_is_too_old_is_told(httpserver: HTTPServer, version: str, grade: Grade) -> None:
    assert (await findings(httpserver, version=version))["stash"].grade is grade


async def test_a_stash_that_waits_for_its_migration_says_only_that(httpserver: HTTPServer) -> None:
    found = await findings(httpserver, systemStatus={"status": "NEEDS_MIGRATION"})
    assert list(found) == ["stash"]
    assert found["stash"].grade is Grade.FAILURE
    assert "browser" in found["stash"].remedy


async def test_a_stash_without_our_plugin_is_told_how_to_get_it(httpserver: HTTPServer) -> None:
    found = await findings(httpserver)
    assert found["plugin"].grade is Grade.WARNING
    assert "plexsync plugin install" in found["plugin"].remedy


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_parents(tmp_path: Path) -> None:
    assert f"MB are free in {tmp_path / 'new' / 'data'}" in disk_finding(tmp_path / "new" / "data").what


def test_without_a_spool_folder_the_way_over_http_is_named(tmp_path: Path) -> None:
    [found] = spool_findings([], NOW)
    assert (found.grade, "plexsync plugin connect" in found.remedy) == (Grade.NOTE, True)
    [fine] = spool_findings([tmp_path], NOW)
    assert fine.grade is Grade.WELL


def test_a_line_tells_what_since_when_and_what_to_do() -> None:
    found = Finding(check="x", grade=Grade.WARNING, what="It rains", remedy="Take a coat", since=NOW - 7200)
    assert finding_line(found, NOW) == "It rains (for 2 h at least). Take a coat."
    assert finding_line(Finding(check="x", grade=Grade.WELL, what="Fine"), NOW) == "Fine."
