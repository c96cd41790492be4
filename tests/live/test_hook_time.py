"""What the plugin costs somebody who edits in a real Stash."""

from __future__ import annotations

import statistics

from live.bare import bare_plugin
from live.figures import show, spread
from live.house import RUN, House
from live.server import Stash

EDITS = 40
#: Seconds that a hook may add to an edit.
HOOK = 0.1


def saving(house: House, scenes: list[str], mark: str) -> list[float]:
    """Seconds of some edits, one after the other."""
    return [house.seconds_to_save(scenes[n % len(scenes)], f"{mark} {n} {RUN}") for n in range(EDITS)]


def test_a_hook_adds_less_than_its_limit_to_an_edit(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.spool)
    idents = [scene["id"] for scene in stash.scenes()]
    stash.plugin_is_on(False)
    without = saving(house, idents, "no plugin")
    stash.plugin_is_on(True)
    down = saving(house, idents, "daemon down")
    with house.daemon():
        up = saving(house, idents, "daemon up")
    house.settings(house.folder / "another spool")
    with house.daemon() as daemon:
        house.run("plugin", "connect", "--url", str(daemon.client.base_url))
        elsewhere = saving(house, idents, "daemon elsewhere")
    with bare_plugin(house):
        bare = saving(house, idents, "bare interpreter")
    found = {
        "no plugin": without,
        "bare interpreter": bare,
        "daemon down": down,
        "daemon up": up,
        "daemon elsewhere": elsewhere,
    }
    for name, seconds in found.items():
        more = (statistics.median(seconds) - statistics.median(without)) * 1000
        show(f"sceneUpdate, {name}: {spread(seconds)}; {more:+.1f} ms")
    for seconds in (down, up, elsewhere):
        assert statistics.median(seconds) - statistics.median(without) < HOOK
