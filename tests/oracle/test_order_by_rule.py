"""The order of actors is changed by a rule: Plex gets it, or is taken at its word where it keeps its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plexapi.server import PlexServer

from oracle.rows import BARE
from oracle.stage import TOKEN
from oracle.test_field_table import OTHER, USUAL
from world import FastClock, until, world

PATIENCE = 600.0
#: From the oldest performer to the newest.
CAST = ["Cy", "Ann", "Bo"]


def read(url: str, key: str) -> list[str]:
    connect: Any = PlexServer
    judge = connect(url, TOKEN)
    try:
        return [role.tag for role in judge.fetchItem(int(key)).roles]
    finally:
        judge._session.close()


@pytest.mark.parametrize("owner", ["stash", "fill"])
@pytest.mark.parametrize("switches", [USUAL, OTHER, USUAL | {"tags_move": True}], ids=["usual", "other", "tags move"])
async def test_a_rule_that_turns_the_cast_reaches_plex_once(
    tmp_path: Path, switches: dict[str, Any], owner: str
) -> None:
    keeps_its_own = switches["tag_mode"] == "additive" and not switches["tags_move"]
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        await place.switches(**switches)
        content = {"id": 1, **BARE, "performers": CAST}
        answer = await place.http.post(f"{place.stash.url}/_sim/silent", json=content)
        assert answer.status_code == 200, answer.text
        key = (await place.item(1))["ratingKey"]
        for rules, cast in (({}, CAST), ({"performer_order": "name"}, CAST if keeps_its_own else sorted(CAST))):
            async with place.running(rules=json.dumps(rules), owner_actors=owner) as service:
                await until(service.quiet, patience=PATIENCE)
                assert read(place.plex.url, key) == cast
                await place.forget_requests()
                await service.sync_scenes([1])
                await until(service.quiet, patience=PATIENCE)
                assert (await place.plex_counts())["writes"] == 0
