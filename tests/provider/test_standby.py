"""A daemon that stands by answers Plex as the one at work does, and asks no more for it."""

from __future__ import annotations

from pathlib import Path

import httpx2

from pictures import data_url, picture
from plexsync.model.item import Section
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.store import sections
from provider.desk import SERVER, desk


def test_whom_other_libraries_list_is_asked_once_however_much_plex_asks(tmp_path: Path, postgres_url: str) -> None:
    with (
        serving(plex_app(PlexOptions(items=2))) as plex,
        desk(tmp_path, plex_url=plex.url, libraries="Films 1", store_url=postgres_url) as one,
        httpx2.Client(base_url=plex.url, verify=False, timeout=60) as control,
    ):
        for name in ("Sintel", "Bunny"):
            told = {"kind": "performer", "name": name, "image": data_url(picture(name))}
            one.stash.post("/_sim/named", json=told)
        made = control.post("/_sim/sections", json={"title": "Others", "path": "/plex/others"}).json()
        others = Section(key=int(made["key"]), title="Others", type="movie", agent="any", locations=("/plex/others",))
        with one.graph.database.transaction() as connection:
            sections.keep(connection, SERVER, [*sections.known(connection, SERVER), others])
        for scene, name in ((1, "Sintel"), (2, "Bunny"), (1, "Sintel"), (2, "Bunny")):
            assert [role["tag"] for role in one.item(scene)["Role"] if "thumb" in role] == [name]
        asked = control.get("/_sim/requests").json()["requests"]
        assert [each["path"] for each in asked if "actor" in each["path"]] == [f"/library/sections/{others.key}/actor"]
