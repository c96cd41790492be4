"""`reconcile` on the command line, without a daemon and by one."""

from __future__ import annotations

import httpx2
import pytest

from cli.program import House

pytestmark = pytest.mark.process


def drifted(house: House, **values: str) -> None:
    """Somebody edits the first film in Plex."""
    key = next(item["ratingKey"] for item in house.items().values())
    httpx2.put(f"{house.plex}/_sim/items/{key}", json=values, verify=False).raise_for_status()


def test_gaps_are_reported_closed_and_listed_without_a_daemon(house: House) -> None:
    house.configure((house.data_dir / "plexsync.toml").read_text().replace("port = 0", PREVIEWED))
    assert house.call("sync", "--all").code == 0
    writes = house.writes()
    drifted(house, studio="Another")
    told = house.call("reconcile", "--report-only", "--json")
    assert told.code == 0, told.err
    assert told.facts["found"]["drifted"] == {"left": 1}
    assert [gap["fields"] for gap in told.facts["examples"]] == [["studio"]]
    assert house.writes() == writes
    done = house.call("reconcile")
    assert "1 changed in Plex" in done.out
    assert "1 closed" in done.out
    assert house.writes() == writes + 1
    again = house.call("reconcile", "--scope", "24h", "--json").facts
    assert (again["stage"], again["found"]["drifted"]) == ("done", {})
    listed = house.call("reconcile", "--history", "--json").facts
    assert [(run["id"], run["scope"], run["report_only"]) for run in listed] == [
        (3, "24h", False),
        (2, "all", False),
        (1, "all", True),
    ]
    assert "changed in Plex" in house.call("reconcile", "--run", "1").out
    missing = house.call("reconcile", "--run", "9")
    assert (missing.code, "--history" in missing.err) == (1, True)
    assert house.call("reconcile", "--history", "--wait").code == 2


PREVIEWED = "port = 0\npreview_first_contact = false"


def test_a_daemon_is_asked_and_waited_for(house: House) -> None:
    house.configure((house.data_dir / "plexsync.toml").read_text().replace("port = 0", PREVIEWED))
    assert house.call("sync", "--all").code == 0
    with house.daemon():
        asked = house.call("reconcile", "--report-only", "--json").facts
        waited = house.call("reconcile", "--run", str(asked["run"]), "--json").facts
        assert waited["id"] == asked["run"]
        done = house.call("reconcile", "--wait", "--json").facts
        assert done["searched_at"] is not None
        assert done["found"]["stale"] == {}
