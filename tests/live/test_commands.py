"""The command line over a real Stash, read as its user reads it."""

from __future__ import annotations

from typing import Any

from live.house import LIBRARY, RUN, House
from live.server import Scene, Stash

RULES = f"""
[[rules.tags]]
under = "Kind {RUN}"
to = "label"
"""
BY_RULE = f'rules.tags[0] (under "Kind {RUN}")'
#: What moves by itself, and the uploads that no Plex lets go of.
MOVING = ("updatedAt", "uploads")


def held(house: House, scene: Scene) -> dict[str, Any]:
    """Everything that an undo has to bring back."""
    return {name: value for name, value in house.item(scene).items() if name not in MOVING}


def test_plan_says_what_sync_then_does_why_explains_it_and_undo_takes_it_back(house: House, stash: Stash) -> None:
    scene = stash.scenes()[7]
    ident, untouched = scene["id"], held(house, scene)
    house.settings(rules=RULES)
    with house.daemon():
        first = held(house, scene)
        kind = stash.make("tag", name=f"Kind {RUN}")
        tag = stash.make("tag", name=f"Drama {RUN}", parent_ids=[kind])
        stash.edit(ident, title=f"Edited {RUN}", tag_ids=[tag])

        planned = house.told("plan", ident)
        assert f"Scene {ident}: Edited {RUN} on plex, item {first['ratingKey']} in {LIBRARY}" in planned
        assert f"│ title │ {first['title']} │ Edited {RUN} │ changed in Stash │" in planned
        assert f"+ Drama {RUN} │ never written │ {BY_RULE} │" in planned
        assert all(f"- {genre}" in planned for genre in first["genres"])
        assert "1 item would be written: 3 fields, 0 pictures uploaded. Nothing was." in planned
        assert held(house, scene) == first

        assert "in step; high (exact path)" in house.told("sync", ident, "--wait")
        item = house.item(scene)
        assert (item["title"], item["labels"], item["genres"]) == (f"Edited {RUN}", [f"Drama {RUN}"], [])
        assert "1 scene looked at, 1 in step. 0 items would be written" in house.told("plan", ident)

        why = house.told("why", ident)
        path = scene["files"][0]["path"]
        assert f"File in Stash: {path}" in why
        assert f"it is item {item['ratingKey']} at {house.plex_path(path)}: exact path; certain." in why
        assert f"│ title │ Edited {RUN} │ Edited {RUN} │ as it should be, from Stash │ stash │" in why
        assert f"as it should be, by {BY_RULE}" in why

        assert "left as they are: title." in house.told("pin", ident, "title")
        stash.edit(ident, title=f"Not wanted {RUN}", details=f"Wanted {RUN}")
        assert "left alone: pinned" in house.told("plan", ident)
        house.told("sync", ident, "--wait")
        item = house.item(scene)
        assert (item["title"], item["summary"]) == (f"Edited {RUN}", f"Wanted {RUN}")

        undone = house.told("undo", ident, "--wait")
        assert "of 1 item put back, as run undo-" in undone
        assert "What is put back is pinned: `plexsync unpin SCENE` lets it be written again." in undone
        assert held(house, scene) == untouched
        house.told("sync", ident, "--wait")
        assert held(house, scene) == untouched, "an undo is not undone by the next sync"
        assert "pinned: left as Plex has it until it is unpinned" in house.told("why", ident)
