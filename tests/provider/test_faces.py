"""Pictures of people where Plex has them from the provider and from syncs: one for each name, and never a dead one."""

from __future__ import annotations

from pathlib import Path

from plexsync.store import portraits
from plexsync.store.portraits import PortraitRow
from provider.stage import Stage, stage
from sync.test_portraits import BASE, STAR, changed, performer
from world import quiet


async def faces(it: Stage) -> list[str]:
    """What Plex shows of the star, by scene."""
    return [(await it.item(scene))["thumbs"].get(STAR, "") for scene in it.paths]


async def row(it: Stage) -> PortraitRow:
    """What is known of the star's picture."""
    return (await it.service.database.run(lambda c: portraits.rows(c, "plex", ["star"])))["star"]


async def test_of_two_with_one_name_the_provider_tells_the_picture_that_the_name_has(tmp_path: Path) -> None:
    async with stage(tmp_path, scenes=2, scan=False, people_pictures="always", url_from_plex=BASE) as it:
        first = await performer(it.place, STAR, 1)
        second = await performer(it.place, STAR, 2, disambiguation="the other")
        for scene, star in ((1, first), (2, second)):
            await it.place.edit(scene, performer_ids=[star])
        await it.scan()
        shown = (await row(it)).intended
        assert shown is not None
        assert shown.startswith(f"{BASE}/art/performer/{first}/")
        for _ in range(2):
            await it.refresh(2)
            assert await faces(it) == [shown, shown]


async def test_a_picture_that_stash_has_no_more_leaves_no_address_of_ours_in_plex(tmp_path: Path) -> None:
    async with stage(tmp_path, scan=False, people_pictures="always", url_from_plex=BASE) as it:
        star = await performer(it.place, STAR, 1)
        await it.place.edit(1, performer_ids=[star])
        await it.scan()
        assert (await faces(it))[0].startswith(BASE)
        # What Plex had before the sync was the provider's, which is ours as well.
        assert (await row(it)).before in ("", None)
        await changed(it.place, star, image=None)
        it.place.clock.leap(3600)
        await it.service.sync_all()
        await quiet(it.service)
        assert await faces(it) == [""]
