"""A date that is written alone never moves the year, also where a server makes the year follow the date."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest

from plexsync.model.fields import Field
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit
from plexsync.plex.writer import Writer
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

KEY = 102


@pytest.fixture
def plex() -> Iterator[str]:
    """The address of a simulated Plex."""
    with serving(create_app(PlexOptions(items=3))) as server:
        yield server.url


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("follows", [True, False])
async def test_a_date_leaves_the_year_and_its_lock_alone(
    plex: str, connect: Callable[..., PlexClient], *, follows: bool, locked: bool
) -> None:
    httpx2.put(f"{plex}/_sim/switches", json={"date_drives_year": follows}).raise_for_status()
    httpx2.put(f"{plex}/_sim/items/{KEY}", json={"year": 1990, "lock": locked}).raise_for_status()
    client = connect(plex)
    item = (await client.details([KEY]))[KEY]
    await Writer(client).write(item, item.parts[0].path, [FieldEdit(field=Field.DATE, after="2010-09-27")])
    item = (await client.details([KEY]))[KEY]
    assert (item.date, item.year) == ("2010-09-27", 1990)
    assert ("year" in item.locks) == locked
