"""What guards the writes is asked right before each one leaves, and a write that it forbids never reaches Plex."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.errors import NotOwnerError
from plexsync.model.fields import Field
from plexsync.plex.client import PlexClient
from plexsync.plex.edit import FieldEdit, params_of
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connect = Callable[..., PlexClient]

PICTURE = b"\xff\xd8\xff\xe0" + bytes(100)
EDIT = params_of([FieldEdit(field=Field.TITLE, after="Guarded")])


@dataclass
class Guard:
    """Notes what had come to Plex whenever it was asked; forbids when told to."""

    url: str
    forbids: bool = False
    seen: list[list[str]] = field(default_factory=list)

    async def __call__(self) -> None:
        self.seen.append([one["path"] for one in requests(self.url)])
        if self.forbids:
            raise NotOwnerError("another daemon took over")


@pytest.fixture
def plex() -> Iterator[str]:
    with serving(create_app(PlexOptions(items=3))) as server:
        yield server.url


def requests(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx2.get(f"{url}/_sim/requests", verify=False).json()["requests"]
    return found


async def test_the_guard_is_asked_after_everything_that_could_be_waited_for(plex: str, connect: Connect) -> None:
    guard = Guard(plex)
    client = connect(plex, guard=guard)
    (key, *_) = [item.rating_key async for page in client.items(1) for item in page]
    await client.edit(1, key, EDIT)
    await client.upload_picture(key, PICTURE)
    assert [paths[-1] for paths in guard.seen] == ["/identity", "/library/sections/1/all"]


async def test_a_forbidden_write_never_reaches_plex_and_reading_goes_on(plex: str, connect: Connect) -> None:
    guard = Guard(plex, forbids=True)
    client = connect(plex, guard=guard)
    (key, *_) = [item.rating_key async for page in client.items(1) for item in page]
    for write in (client.edit(1, key, EDIT), client.upload_picture(key, PICTURE), client.select_picture(key, "none")):
        with pytest.raises(NotOwnerError):
            await write
    assert {one["kind"] for one in requests(plex)} == {"read"}
    assert len(guard.seen) == 3
    assert (await client.details([key]))[key].title != "Guarded"
    guard.forbids = False
    await client.edit(1, key, EDIT)
    assert (await client.details([key]))[key].title == "Guarded"
