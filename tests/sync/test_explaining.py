"""`why` tells in words how a scene was matched and what each field comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plexsync.model.fields import Field
from plexsync.store import pins
from plexsync.store.pins import PinnedBy
from plexsync.sync.service import Service
from sync.test_lost_updates import at_rest, silently
from world import quiet


async def live(service: Service, scene: int) -> dict[str, Any]:
    found: dict[str, Any] = (await service.explain(scene))["servers"][0]["live"]
    return found


def field(facts: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in facts["items"][0]["fields"] if one["field"] == name)
    return found


async def test_each_field_is_told_with_its_owner_its_source_and_its_last_write(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=2, owner_genres="plex", sync_studio="false") as (place, service):
        await silently(place, 1, details="Words from Stash", title="Said in Stash")
        await service.sync_scenes([1])
        await quiet(service)
        path = (await service.why(1))["servers"][0]["items"][0]["path"]
        await service.database.run(lambda c: pins.pin(c, "plex", path, [Field.DATE], PinnedBy.USER, 1.0))
        await silently(place, 1, title="Not written yet")
        await place.forget_requests()
        facts = await live(service, 1)
        assert (await place.plex_counts())["writes"] == 0

        (file,) = facts["files"]
        assert file["verdict"] == "found"
        assert "exact path; certain" in file["says"]
        assert field(facts, "title")["says"] == "to be written, from Stash: changed in Stash"
        assert (field(facts, "title")["now"], field(facts, "title")["wanted"]) == ("Said in Stash", "Not written yet")
        summary = field(facts, "summary")
        assert summary["says"] == "as it should be, from Stash"
        assert summary["now"] == "Words from Stash"
        assert summary["ledger"]["intended"] == "Words from Stash"
        assert summary["last_write"]["run"].startswith("sync-")
        assert field(facts, "genres")["says"] == "never written: `sync_tags` is off, or `owner_genres` is `plex`"
        assert field(facts, "studio")["owner"] == "plex"
        assert field(facts, "date")["says"].startswith("pinned")
        assert field(facts, "tagline")["says"] == "no rule gives it a value: Plex keeps its own"


async def test_a_scene_that_was_never_seen_is_explained_from_stash(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=1) as (place, service):
        answer = await place.http.post(f"{place.stash.url}/_sim/files", json={"path": "/data/new.mp4"})
        facts = await live(service, int(answer.json()["id"]))
        assert facts["files"][0]["says"] == (
            "a path rule makes it /plex/media/new.mp4, and Plex lists no item there (yet)"
        )
        assert (await live(service, 99))["trouble"] == "Stash has no such scene"


async def test_without_plex_it_says_what_cannot_be_told(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=1) as (place, service):
        await place.faults(place.plex, {"fault": "maintenance503"})
        facts = await live(service, 1)
        assert facts["trouble"].startswith("this cannot be told now: ")
        assert facts["items"] == []


async def test_each_field_has_a_reason_of_its_own_and_a_poster_in_step_is_what_it_should_be(tmp_path: Path) -> None:
    async with at_rest(tmp_path, scenes=1) as (place, service):
        for values in ({"title": "First", "details": "Words"}, {"title": "Second", "details": ""}):
            await silently(place, 1, **values)
            await service.sync_scenes([1])
            await quiet(service)
        facts = await live(service, 1)
        assert field(facts, "title")["last_write"]["why"] == "changed in Stash"
        assert field(facts, "summary")["last_write"]["why"] == "emptied in Stash"
        poster = field(facts, "poster")
        assert poster["says"] == "as it should be, from Stash"
        assert poster["now"] == poster["wanted"] == poster["ledger"]["intended"]
