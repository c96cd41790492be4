"""What the simulated Plex does by itself: scans, refreshes, trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.plex.asking import ALL, details, edit, held, switch

if TYPE_CHECKING:
    import httpx2

PATH = "/plex/media/New/Agent 327.mp4"


def section(plex: httpx2.Client) -> dict[str, Any]:
    found: dict[str, Any] = plex.get("/library/sections").json()["MediaContainer"]["Directory"][0]
    return found


def paths(plex: httpx2.Client) -> set[str]:
    items = plex.get(ALL).json()["MediaContainer"]["Metadata"]
    return {item["Media"][0]["Part"][0]["file"] for item in items}


def test_a_new_file_is_an_item_after_the_next_scan(plex: httpx2.Client) -> None:
    before = section(plex)
    plex.post("/_sim/files", json={"path": "New/Agent 327.mp4", "date": "2017-05-15"})
    assert PATH not in paths(plex)
    plex.get("/library/sections/1/refresh")
    assert PATH in paths(plex)
    item = plex.get("/_sim/items").json()[PATH]
    assert (item["title"], item["year"]) == ("Agent 327", 2017)
    assert section(plex)["contentChangedAt"] > before["contentChangedAt"]


def test_a_scan_of_one_folder_leaves_the_others_alone(plex: httpx2.Client) -> None:
    plex.post("/_sim/files", json={"path": PATH})
    plex.get("/library/sections/1/refresh?path=%2Fplex%2Fmedia%2FOther")
    assert PATH not in paths(plex)
    plex.get("/library/sections/1/refresh?path=%2Fplex%2Fmedia%2FNew")
    assert PATH in paths(plex)


def test_a_scan_can_be_held_up_and_seen_running(plex: httpx2.Client) -> None:
    switch(plex, scan_hold=True)
    plex.post("/_sim/files", json={"path": PATH, "scan": True})
    assert section(plex)["refreshing"] is True
    assert plex.get("/activities").json()["MediaContainer"]["Activity"][0]["type"] == "library.update.section"
    switch(plex, scan_hold=False)
    assert section(plex)["refreshing"] is False
    assert PATH in paths(plex)


def test_a_running_scan_can_be_cancelled(plex: httpx2.Client) -> None:
    switch(plex, scan_hold=True)
    plex.post("/_sim/files", json={"path": PATH, "scan": True})
    plex.delete("/library/sections/1/refresh")
    assert section(plex)["refreshing"] is False
    assert PATH not in paths(plex)


def test_a_missing_file_leaves_its_item_in_the_trash(plex: httpx2.Client) -> None:
    path = details(plex)["Media"][0]["Part"][0]["file"]
    plex.request("DELETE", "/_sim/files", json={"path": path, "scan": True})
    assert "deletedAt" in details(plex)
    assert plex.get(f"{ALL}?trash=1").json()["MediaContainer"]["size"] == 1
    part = plex.get("/library/metadata/101?checkFiles=1").json()["MediaContainer"]["Metadata"][0]["Media"][0]["Part"][0]
    assert part["exists"] is False
    plex.put("/library/sections/1/emptyTrash")
    assert plex.get("/library/metadata/101").status_code == 404
    plex.post("/_sim/files", json={"path": path, "scan": True})
    assert plex.get("/_sim/items").json()[path]["ratingKey"] != "101"


def test_a_file_that_comes_back_gets_its_item_back(plex: httpx2.Client) -> None:
    path = details(plex)["Media"][0]["Part"][0]["file"]
    edit(plex, "title.value=Edited")
    plex.request("DELETE", "/_sim/files", json={"path": path, "scan": True})
    plex.post("/_sim/files", json={"path": path, "scan": True})
    assert details(plex)["title"] == "Edited"
    assert "deletedAt" not in details(plex)


def test_a_moved_file_is_a_new_item_or_the_old_one(plex: httpx2.Client) -> None:
    old = details(plex)["Media"][0]["Part"][0]["file"]
    plex.post("/_sim/files", json={"path": PATH, "moved_from": old, "scan": True})
    assert plex.get("/_sim/items").json()[PATH]["ratingKey"] != "101"
    assert held(plex)["deleted"] is True
    switch(plex, moved_file_keeps_key=True)
    other = details(plex, 102)["Media"][0]["Part"][0]["file"]
    plex.post("/_sim/files", json={"path": "/plex/media/New/moved.mp4", "moved_from": other, "scan": True})
    assert details(plex, 102)["Media"][0]["Part"][0]["file"] == "/plex/media/New/moved.mp4"
    assert held(plex, 102)["deleted"] is False


def test_a_refresh_reverts_unlocked_fields_to_the_file(plex: httpx2.Client) -> None:
    edit(plex, "title.value=Unlocked&studio.value=Locked&studio.locked=1&genre%5B0%5D.tag.tag=Gone&userRating.value=7")
    edit(plex, "label%5B0%5D.tag.tag=Mine&actor%5B0%5D.tag.tag=Ann&actor.locked=1")
    assert plex.put("/library/metadata/101/refresh").status_code == 200
    item = held(plex)
    assert (item["title"], item["studio"], item["genres"], item["userRating"]) == ("Sintel", "Locked", [], 7.0)
    assert (item["labels"], item["actors"]) == (["Mine"], ["Ann"])


def test_a_refresh_reverts_to_the_agent_where_there_is_one(plex: httpx2.Client) -> None:
    key = int(plex.get("/library/sections/2/all").json()["MediaContainer"]["Metadata"][0]["ratingKey"])
    before = held(plex, key)
    plex.put(f"/library/metadata/{key}?summary.value=Mine&genre%5B0%5D.tag.tag=Mine&actor%5B%5D.tag=")
    assert held(plex, key)["actors"] == []
    plex.put(f"/library/metadata/{key}/refresh")
    after = held(plex, key)
    assert {name: after[name] for name in ("summary", "genres", "actors")} == {
        name: before[name] for name in ("summary", "genres", "actors")
    }


def test_a_forced_scan_refreshes_every_item(plex: httpx2.Client) -> None:
    plex.put(f"{ALL}?type=1&studio.value=Everywhere")
    plex.get("/library/sections/1/refresh?force=1")
    assert held(plex)["studio"] is None


def test_a_library_can_be_added(plex: httpx2.Client) -> None:
    made = plex.post("/_sim/sections", json={"title": "More", "path": "/plex/more", "items": 3}).json()
    listed = plex.get(f"/library/sections/{made['key']}/all").json()["MediaContainer"]
    assert (listed["size"], listed["librarySectionTitle"]) == (3, "More")


def test_an_item_may_have_several_versions_and_parts(plex: httpx2.Client) -> None:
    first = details(plex)["Media"][0]["Part"][0]["file"]
    plex.post("/_sim/files", json={"path": "4k.mkv", "version_of": first})
    plex.post("/_sim/files", json={"path": "second half.mp4", "part_of": first})
    for item in (details(plex), plex.get(f"{ALL}?id=101").json()["MediaContainer"]["Metadata"][0]):
        files = [[part["file"] for part in media["Part"]] for media in item["Media"]]
        assert files == [[first, "/plex/media/second half.mp4"], ["/plex/media/4k.mkv"]]
    assert plex.post("/_sim/files", json={"path": "x.mp4", "version_of": "none.mp4"}).status_code == 404
    assert len(details(plex)["Media"][0]["Part"][0]["Stream"]) == 2
