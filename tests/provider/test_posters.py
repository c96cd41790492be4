"""Posters of matched items, however Plex takes what the provider tells of them."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from plexsync.sim.library import cover
from provider.stage import stage
from sync.test_portraits import picture


@pytest.mark.parametrize(
    "switched",
    [{"refuse_private_images": True}, {"refuse_private_images": False}, {"image_by_url": True}],
    ids=["refused", "fetched", "by address"],
)
async def test_a_poster_that_is_only_filled_counts_what_plex_took_from_the_provider_as_nobodys_choice(
    tmp_path: Path, switched: dict[str, Any]
) -> None:
    async with stage(tmp_path, scan=False, owner_poster="fill") as it:
        await it.ask("PUT", "/_sim/switches", json=switched)
        await it.scan()
        assert (await it.item(1))["posterSha1"] == sha1(cover(1), usedforsecurity=False).hexdigest()
        await it.place.edit(1, cover_image=picture(9))
        edited = await it.synced(1)
        assert edited["posterSha1"] == sha1(cover(9), usedforsecurity=False).hexdigest()


async def test_a_poster_of_the_provider_that_a_person_chose_stays_where_posters_are_only_filled(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, owner_poster="fill") as it:
        await it.ask("PUT", "/_sim/switches", json={"refuse_private_images": False})
        await it.scan()
        path = f"/library/metadata/{(await it.item(1))['ratingKey']}/posters"
        listed = (await it.ask("GET", path))["MediaContainer"]["Metadata"]
        (given,) = [one["ratingKey"] for one in listed if one.get("provider")]
        await it.ask("PUT", path.removesuffix("s"), params={"url": given})
        await it.place.edit(1, cover_image=picture(9))
        assert (await it.synced(1))["posterSha1"] == sha1(cover(1), usedforsecurity=False).hexdigest()
        listed = (await it.ask("GET", path))["MediaContainer"]["Metadata"]
        assert [one["ratingKey"] for one in listed if one["selected"]] == [given]
