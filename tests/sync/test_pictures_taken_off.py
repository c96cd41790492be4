"""A picture of ours that is shown no more, though no other was chosen: whoever decides the field, it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.test_pictures import TOKEN, listed, told
from world import FastClock, quiet, world


@pytest.mark.parametrize("happens", ["refreshed", "taken off"])
@pytest.mark.parametrize("owner", ["stash", "fill"])
async def test_a_picture_that_is_gone_from_view_is_shown_again_without_another_upload(
    tmp_path: Path, owner: str, happens: str
) -> None:
    """Plex fell back to a frame of the video because the field was not locked, or a person took the picture off."""
    async with world(tmp_path, scenes=1) as place:
        place.clock = FastClock(60)
        async with place.running(owner_poster=owner) as service:
            await quiet(service)
            key = (await place.item(1))["ratingKey"]
            ours = (await listed(place, key))[0]
            assert ours.startswith("upload://")
            address = f"{place.plex.url}/library/metadata/{key}"
            if happens == "taken off":
                (await place.http.delete(f"{address}/thumb", headers=TOKEN)).raise_for_status()
            else:
                unlocked = {"locks": {"thumb": False}}
                (await place.http.put(f"{place.plex.url}/_sim/items/{key}", json=unlocked)).raise_for_status()
                (await place.http.put(f"{address}/refresh", headers=TOKEN)).raise_for_status()
            assert (await place.item(1))["posterSha1"] is None
            await place.forget_requests()
            await told(service, 1)
            assert (await listed(place, key))[0] == ours
            assert "thumb" in (await place.item(1))["locks"]
            assert (await place.plex_counts())["uploads"] == 0
