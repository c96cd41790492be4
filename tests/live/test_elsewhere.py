"""A daemon that does not share the plugin's folder: events come by POST."""

from __future__ import annotations

import json
import stat

from live import edits
from live.bare import bare_plugin
from live.figures import show
from live.house import RUN, House
from live.server import PLUGIN, Stash
from plexsync.demo.waiting import until

PATIENCE = 30.0
#: Edits that take 250 waiting events along, also on a daemon too slow to answer a POST of a hundred in time.
MOST_EDITS = 60


def test_edits_reach_a_daemon_elsewhere_and_leave_no_event_behind(house: House) -> None:
    house.install(start=False)
    house.settings(house.folder / "another spool")
    with house.daemon() as daemon:
        answer = house.run("plugin", "connect", "--url", str(daemon.client.base_url))
        assert "takes events" in answer["tried"]
        assert stat.S_IMODE((house.spool / "daemon.json").stat().st_mode) == 0o600
        edits.edit_everything(house, "elsewhere")
        edits.edit_titles(house, "elsewhere", 20)
        edits.edit_in_bulk(house, "elsewhere")
        edits.edit_at_once(house, "elsewhere")
        taken_along(house)
        house.until_noted(daemon, 1 + 20 + edits.MANY + edits.AT_ONCE)


def test_events_of_a_daemon_that_is_down_wait_and_come_with_the_next_one(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.folder / "another spool", port=house.free_port())
    with house.daemon() as daemon:
        house.run("plugin", "connect", "--url", str(daemon.client.base_url))
    scenes = stash.scenes()[:30]
    for scene in scenes:
        stash.edit(scene["id"], details=f"while it was down {RUN}")
    assert len(house.waiting()) == len(scenes)
    with house.daemon() as daemon:
        assert daemon.status()["accepted_events"] == 0
        last = stash.scenes()[31]
        stash.edit(last["id"], title=f"after it was down {RUN}")
        house.until_noted(daemon, len(scenes) + 1)
        house.until_equal([scene["id"] for scene in [*scenes, last]], "all of them are in Plex")


def test_events_of_a_bulk_edit_larger_than_one_post_all_come(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.folder / "another spool", port=house.free_port())
    with house.daemon() as daemon:
        house.run("plugin", "connect", "--url", str(daemon.client.base_url))
    idents = [scene["id"] for scene in stash.scenes()[: edits.MANY]]
    for turn in range(5):
        stash.edit_many(idents, details=f"while it was down, {turn} {RUN}")
    assert len(house.waiting()) == 5 * len(idents)
    with house.daemon() as daemon:
        edits_needed = taken_along(house)
        house.until_noted(daemon, 5 * len(idents) + 1)
    show(f"{5 * len(idents)} events that waited went along with {edits_needed} edits")


def test_the_task_connect_takes_address_and_token_from_the_plugins_settings(house: House, stash: Stash) -> None:
    house.install(start=False)
    house.settings(house.folder / "another spool")
    with house.daemon() as daemon:
        token = json.loads((house.data_dir / "identity.json").read_text())["events_token"]
        url = str(daemon.client.base_url).rstrip("/")
        document = "mutation($p: ID!, $m: Map!) { configurePlugin(plugin_id: $p, input: $m) }"
        stash.ask(document, p=PLUGIN, m={"daemonUrl": url, "eventsToken": token})
        try:
            took = stash.task("Connect")
            stored = json.loads((house.spool / "daemon.json").read_text())
            assert (stored["url"], stored["token"]) == (url, token)
            assert not any(token in line for line in stash.log()), "the token is in Stash's log"
            edits.edit_titles(house, "after the task Connect", 5)
            house.until_noted(daemon, 5)
            show(f"the task Connect took {took:.2f} s")
        finally:
            stash.ask(document, p=PLUGIN, m={})


def test_a_daemon_elsewhere_that_hangs_costs_a_hook_little_and_loses_nothing(house: House, stash: Stash) -> None:
    house.install(start=False)
    with house.deaf_server() as url:
        answer = stash.operation(mode="connect", url=url, token="a-token-of-no-daemon")
        assert "does not answer in time" in answer["tried"]
        scene = stash.scenes()[0]
        took = [house.seconds_to_save(scene["id"], f"deaf {number} {RUN}") for number in range(10)]
    with bare_plugin(house):
        bare = [house.seconds_to_save(scene["id"], f"bare {number} {RUN}") for number in range(10)]
    until(lambda: len(house.waiting()) == 10, PATIENCE, "all ten events wait")
    assert sorted(took)[5] < max(0.3, 2 * sorted(bare)[5] + 0.1)
    show(f"an edit while the daemon elsewhere hangs: median {sorted(took)[5] * 1000:.0f} ms")


def taken_along(house: House) -> int:
    """Edit until no event waits any more; how many edits that took. A daemon slow to answer a POST gets it again."""
    count = 0
    while house.waiting():
        count += 1
        assert count <= MOST_EDITS, f"{len(house.waiting())} events still wait"
        house.stash.edit(house.stash.scenes()[0]["id"], details=f"takes along {count} {RUN}")
    return count
