"""`plexsync doctor` finds what keeps scenes from Plex, and says what to do."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.program import LIBRARY, Done, House
from plexsync.demo.waiting import until

pytestmark = pytest.mark.process


def by_check(done: Done) -> dict[str, dict[str, Any]]:
    return {one["check"]: one for one in done.facts}


def settings(house: House, **changes: str) -> None:
    """The settings of the house, some of them otherwise; "" leaves one out."""
    values = {
        "port": "0",
        "stash_url": f'"{house.stash}"',
        "plex_url": f'"{house.plex}"',
        "plex_token": '"sim-plex-token"',
        "libraries": f'["{LIBRARY}"]',
        "spool_folders": f'["{house.plugins / "PlexSyncDaemon" / "data"}"]',
        "path_rules": '[{plex = "/plex/media", stash = "/data"}]',
    } | changes
    house.configure("".join(f"{name} = {value}\n" for name, value in values.items() if value))


def fault(house: House, path: str, **rule: object) -> None:
    answer = httpx2.put(f"{house.plex}/_sim/faults", json=[{"path": path, **rule}], timeout=60)
    assert answer.status_code < 300, answer.text


def test_a_house_in_order_is_well_but_for_the_daemon_that_does_not_run(house: House) -> None:
    settings(house)
    done = house.call("--json", "doctor")
    assert done.code == 0, done.err
    found = by_check(done)
    troubles = {name: one for name, one in found.items() if one["grade"] in ("warning", "failure")}
    assert set(troubles) <= {"daemon", f"plex plex agent of {LIBRARY}", "disk"}, troubles
    assert "plexsync run" in found["daemon"]["remedy"]
    assert found["plugin"]["what"].endswith("is installed and enabled")
    assert found["plex plex paths"]["what"].startswith("By the path rules 6 of 6 files of Plex (plex) have their file")
    assert found["plex plex token"]["grade"] == "well"
    assert not (house.data_dir / "plexsync.db").exists(), "looking makes nothing"


def test_servers_that_are_away_are_told_with_the_address_to_look_at_and_the_code_says_so(house: House) -> None:
    settings(house, stash_url='"http://127.0.0.1:1"', plex_token='"wrong"')
    done = house.call("--json", "doctor")
    assert done.code == 1
    found = by_check(done)
    assert found["stash"]["grade"] == "failure"
    assert "stash_url" in found["stash"]["remedy"]
    assert found["plex plex"]["grade"] == "failure"
    assert "plex_token" in found["plex plex"]["remedy"]
    assert "2 things keep scenes from Plex" in done.err
    shown = house.call("doctor").out
    assert "WRONG Stash cannot be used" in shown
    assert "-> Start Stash" in shown


def test_a_token_that_may_only_read_a_wrong_library_and_rules_that_fit_nothing_are_found(house: House) -> None:
    settings(house, libraries='["Nothing"]', path_rules='[{plex = "/plex/media", stash = "/wrong"}]')
    fault(house, "/library$", fault="status", status=403)
    found = by_check(house.call("--json", "doctor"))
    assert "not its owner's" in found["plex plex token"]["what"]
    assert "has no library 'Nothing'; it has Open movies" in found["plex plex libraries"]["what"]
    assert found["plex plex paths"]["grade"] == "failure"
    assert "plexsync paths suggest" in found["plex plex paths"]["remedy"]
    settings(house, libraries="", path_rules="")
    found = by_check(house.call("--json", "doctor"))
    assert "No library of Plex (plex) is chosen" in found["plex plex libraries"]["what"]
    assert found["plex plex paths"]["what"].startswith("There are no path rules")


def test_the_plugin_and_others_that_write_to_plex_are_looked_at(house: House) -> None:
    settings(house)
    manifest = house.plugins / "PlexSyncDaemon" / "PlexSyncDaemon.yml"
    manifest.write_text(manifest.read_text().replace("version: ", "version: 0.0.1-", 1))
    other = house.plugins / "Stash2Plex"
    other.mkdir()
    (other / "Stash2Plex.yml").write_text("name: Stash2Plex\nexec: [python3]\ninterface: raw\n")
    graphql(house, "mutation { reloadPlugins }")
    found = by_check(house.call("--json", "doctor"))
    assert "has version 0.0.1-" in found["plugin"]["what"]
    assert "Stash2Plex (Stash2Plex)" in found["other plugins"]["what"]
    graphql(house, "mutation { setPluginsEnabled(enabledMap: {PlexSyncDaemon: false, Stash2Plex: false}) }")
    found = by_check(house.call("--json", "doctor"))
    assert found["plugin"]["what"] == "The plugin is switched off in Stash"
    assert found["other plugins"]["grade"] == "well"


def graphql(house: House, document: str) -> None:
    answer = httpx2.post(f"{house.stash}/graphql", json={"query": document}, timeout=60).json()
    assert "errors" not in answer, answer


def test_events_that_nobody_takes_and_folders_that_are_not_there_are_found(house: House, tmp_path: Path) -> None:
    spool = house.plugins / "PlexSyncDaemon" / "data"
    event = spool / "1.json"
    event.write_text("{}")
    os.utime(event, (time.time() - 3600, time.time() - 3600))
    settings(house, spool_folders=f'["{spool}", "{tmp_path / "away"}"]')
    found = by_check(house.call("--json", "doctor"))
    assert found[f"spool {spool}"]["what"].startswith(f"1 event not taken from {spool}, the oldest for 1 h")
    assert found[f"spool {tmp_path / 'away'}"]["grade"] == "failure"


def test_the_daemon_tells_since_when_a_trouble_stands(house: House) -> None:
    settings(house, path_rules='[{plex = "/plex/media", stash = "/wrong"}]')
    before = time.time()
    with house.daemon():
        until(lambda: house.call("status", "--json").facts["servers"][0]["libraries"], 60, "libraries are known")
        first = by_check(house.call("--json", "doctor"))["plex plex paths"]
        again = by_check(house.call("--json", "doctor"))["plex plex paths"]
        assert first["grade"] == "failure"
        assert before <= first["since"] == again["since"] <= time.time()
    stopped = by_check(house.call("--json", "doctor"))
    assert stopped["plex plex paths"]["since"] == first["since"]
