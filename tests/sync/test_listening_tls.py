"""A Plex that speaks TLS only is listened to and written as any other."""

from __future__ import annotations

from pathlib import Path

import httpx2

from certificates import certified
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from world import World, quiet, until


async def test_over_tls_plex_is_written_and_what_it_tells_is_heard(tmp_path: Path) -> None:
    shown = certified(tmp_path, "127.0.0.1")
    plex_side = plex_app(PlexOptions(items=2))
    with (
        serving(plex_side, certificate=(shown.certificate, shown.key)) as plex,
        serving(stash_app(StashOptions(scenes=2, config_dir=tmp_path))) as stash,
    ):
        async with httpx2.AsyncClient(timeout=30, verify=False) as http:
            place = World(folder=tmp_path, stash=stash, plex=plex, http=http)
            async with place.running(ca_file=str(shown.certificate)) as service:
                await quiet(service)

                async def connected() -> bool:
                    return service.servers[0].listening.connected

                await until(connected)
                body = {"path": "/data/new/film.mp4", "title": "Brand new"}
                await http.post(f"{stash.url}/_sim/files", json=body)
                await service.sync_scenes([3])
                await http.post(f"{plex.url}/_sim/files", json={"path": "/plex/media/new/film.mp4", "scan": True})

                async def arrived() -> bool:
                    return bool((await place.items())["/plex/media/new/film.mp4"]["title"] == "Brand new")

                await until(arrived)
