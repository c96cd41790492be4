"""Path rules proposed and tried out, in a fresh folder, beside a daemon, and with rules that do not fit."""

from __future__ import annotations

import httpx2
import pytest

from cli.program import LIBRARY, House
from plexsync.demo.waiting import until

pytestmark = pytest.mark.process


def bare(house: House, rules: str = "") -> None:
    """The settings of somebody who just begins."""
    house.configure(
        f'port = 0\nstash_url = "{house.stash}"\nplex_url = "{house.plex}"\nplex_token = "sim-plex-token"\n{rules}'
    )


RULE = '[[path_rules]]\nplex = "{}"\nstash = "{}"\n'


def test_rules_are_proposed_before_anything_was_ever_started_and_nothing_is_made(house: House) -> None:
    bare(house)
    done = house.call("paths", "suggest")
    assert done.code == 0, done.err
    assert '[[path_rules]]\nplex = "/plex/media"\nstash = "/data"\n' in done.out
    assert "With these rules 6 of 6 files of Plex have their file in Stash, and 6 of 6 files of Stash" in done.out
    assert [path.name for path in house.data_dir.iterdir()] == ["plexsync.toml"]
    assert house.writes() == 0
    (facts,) = house.call("--json", "paths", "suggest").facts
    assert facts["libraries"] == [LIBRARY]
    assert facts["rules"] == [{"plex": "/plex/media", "stash": "/data", "proofs": 6, "others": 0}]
    bare(house, facts["toml"])
    assert house.call("sync", "1").code == 0, "what is proposed is accepted as it stands"


def test_the_daemon_answers_from_its_index_and_says_what_the_present_rules_cover(house: House) -> None:
    bare(house, f'libraries = ["{LIBRARY}"]\n' + RULE.format("/plex/media", "/wrong"))
    with house.daemon():
        until(
            lambda: house.call("status", "--json").facts["servers"][0]["index"]["items"] == {"1": 6},
            60,
            "Plex is listed",
        )
        httpx2.delete(f"{house.plex}/_sim/requests", timeout=60)
        (facts,) = house.call("--json", "paths", "suggest").facts
        asked = [row["path"] for row in httpx2.get(f"{house.plex}/_sim/requests", timeout=60).json()["requests"]]
        assert not any("/all" in path for path in asked), asked
    assert facts["rules"][0]["stash"] == "/data"
    assert facts["present"]["plex"]["mapped"] == 0
    assert facts["present"]["plex"]["unmapped"][0]["reason"] == "Stash lists no such file where the rule leads"


def test_where_nothing_can_be_told_no_rule_is_proposed_and_the_reason_is_given(house: House) -> None:
    bare(house)
    for scene in range(3, 7):
        document = "mutation($id: ID!) { sceneDestroy(input: { id: $id }) }"
        told = {"query": document, "variables": {"id": str(scene)}}
        assert "errors" not in httpx2.post(f"{house.stash}/graphql", json=told, timeout=60).json()
    done = house.call("paths", "suggest")
    assert done.code == 1
    assert "too few files tell" in done.out
    assert "Without any rule 0 of 6 files of Plex" in done.out
    assert "No rule can be told" in done.err


def test_a_path_is_followed_step_by_step_there_and_back(house: House) -> None:
    bare(
        house,
        f'libraries = ["{LIBRARY}"]\n' + RULE.format("/plex/Media", "/data") + RULE.format("/plex/media", "/data"),
    )
    assert house.call("sync", "1").code == 0
    path = next(iter(httpx2.get(f"{house.plex}/_sim/items", timeout=60).json()))
    done = house.call("paths", "test", path)
    assert done.code == 0, done.err
    assert "'media' is not 'Media'; upper and lower case count, unless case_insensitive is set" in done.out
    assert f"leads to {path.replace('/plex/media', '/data')}" in done.out
    assert "there Stash has scene 1" in done.out
    (as_stash, as_plex) = house.call("--json", "paths", "test", path).facts
    assert as_stash["ways"] == []
    assert as_plex["lies"] == [f'item {as_plex["lies"][0].split()[1]} "Sintel" on plex']
    assert as_plex["ways"][0]["returns"]


def test_a_path_that_no_rule_leads_anywhere_is_a_failure_with_each_rules_reason(house: House) -> None:
    done = house.call("paths", "test", "/elsewhere/a.mp4")
    assert done.code == 1
    assert "does not lie in /plex/media: 'elsewhere' is not 'plex'" in done.out
    assert "No rule leads anywhere from /elsewhere/a.mp4" in done.err
    bare(house)
    none = house.call("paths", "test", "/elsewhere/a.mp4")
    assert (none.code, "plexsync paths suggest" in none.err) == (1, True)
