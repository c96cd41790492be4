"""Every question under every fault of the wire, asked of a simulated Stash."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.errors import NeedsSignIn, StashServerDown, StashTemporaryError, SyncError
from plexsync.model.scene import Scene
from plexsync.sim.serving import serving
from plexsync.sim.stash.app import create_app
from plexsync.sim.stash.options import StashOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from plexsync.stash.client import StashClient

CALLS: dict[str, Callable[[StashClient], Awaitable[Any]]] = {
    "version": lambda stash: stash.version(),
    "status": lambda stash: stash.status(),
    "healthy": lambda stash: stash.healthy(),
    "scenes": lambda stash: stash.scenes([1, 2]),
    "scenes_after": lambda stash: stash.scenes_after(0),
    "ids_after": lambda stash: stash.ids_after(0),
    "touched": lambda stash: stash.touched(0.0),
    "scene_at": lambda stash: stash.scene_at("/data/nowhere.mp4"),
    "scenes_ending": lambda stash: stash.scenes_ending([("data", "nowhere.mp4")]),
    "plugin_settings": lambda stash: stash.plugin_settings("nothing"),
    "cover": lambda stash: stash.cover(Scene(id=1, cover="/scene/1/screenshot?t=1")),
}
FAULTS: list[tuple[dict[str, Any], type[SyncError]]] = [
    ({"fault": "refuse"}, StashServerDown),
    ({"fault": "hang"}, StashServerDown),
    ({"fault": "cut"}, StashServerDown),
    ({"fault": "maintenance503"}, StashServerDown),
    ({"fault": "status", "status": 502}, StashServerDown),
    ({"fault": "status", "status": 504}, StashServerDown),
    ({"fault": "status500"}, StashTemporaryError),
    ({"fault": "status", "status": 429}, StashTemporaryError),
    ({"fault": "unauthorized401"}, NeedsSignIn),
    ({"fault": "redirect"}, NeedsSignIn),
    ({"fault": "html"}, StashTemporaryError),
    ({"fault": "half_json"}, StashTemporaryError),
    ({"fault": "wrong_types"}, StashTemporaryError),
]
#: A picture is no JSON: half of one with a fitting length is still bytes of a picture to this room.
UNSEEN = {("cover", "half_json"), ("cover", "wrong_types")}
CASES = [
    pytest.param(call, fault, kind, id=f"{name}-{fault['fault']}{fault.get('status', '')}")
    for name, call in CALLS.items()
    for fault, kind in FAULTS
    if (name, fault["fault"]) not in UNSEEN
]


class Wire:
    """A simulated Stash and the faults of the wire to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._control = httpx2.Client(base_url=url, verify=False)

    def breaks(self, *rules: dict[str, Any]) -> None:
        """Put these faults in force, or none."""
        self._control.put("/_sim/faults", content=json.dumps(rules)).raise_for_status()

    async def struck(self, times: int) -> None:
        """Return once faults struck so often."""
        async with asyncio.timeout(10):
            while await asyncio.to_thread(self._count) != times:
                pass

    def _count(self) -> int:
        return sum(rule["struck"] for rule in self._control.get("/_sim/faults").json())

    def close(self) -> None:
        """Leave the server alone."""
        self._control.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Wire]:
    with serving(create_app(StashOptions(scenes=3))) as server:
        wire = Wire(server.url)
        yield wire
        wire.close()


@pytest.fixture
def wire(served: Wire) -> Iterator[Wire]:
    yield served
    served.breaks()


@pytest.mark.parametrize(("call", "fault", "kind"), CASES)
async def test_a_fault_becomes_its_error_and_the_next_question_is_answered(
    wire: Wire,
    connect: Callable[..., StashClient],
    call: Callable[[StashClient], Awaitable[Any]],
    fault: dict[str, Any],
    kind: type[SyncError],
) -> None:
    client = connect(wire.url, read_timeout=0.15 if fault["fault"] == "hang" else 5.0)
    wire.breaks(fault)
    with pytest.raises(SyncError) as caught:
        await call(client)
    assert type(caught.value) is kind
    assert caught.value.place
    wire.breaks()
    await call(connect(wire.url))


@pytest.mark.parametrize("name", CALLS)
async def test_without_a_fault_every_question_is_answered(
    wire: Wire, connect: Callable[..., StashClient], name: str
) -> None:
    await CALLS[name](connect(wire.url))


async def test_no_more_than_two_questions_are_under_way(wire: Wire, connect: Callable[..., StashClient]) -> None:
    client = connect(wire.url)
    wire.breaks({"fault": "hang", "times": 2})
    first = [asyncio.create_task(client.version()) for _ in range(2)]
    await wire.struck(2)
    third = asyncio.create_task(client.scenes([1]))
    await client.healthy()
    assert not third.done()
    wire.breaks()
    assert len(await asyncio.gather(*first)) == 2
    assert sorted(await third) == [1]


async def test_a_health_check_does_not_queue_behind_questions_that_hang(
    wire: Wire, connect: Callable[..., StashClient]
) -> None:
    client = connect(wire.url)
    wire.breaks({"fault": "hang", "times": 2})
    hanging = [asyncio.create_task(client.version()) for _ in range(2)]
    await wire.struck(2)
    await client.healthy()
    for each in hanging:
        each.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*hanging, return_exceptions=True)
    )
    assert sorted(await client.scenes([2])) == [2]
