"""The simulated servers, for trying things out and for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

sim = typer.Typer(help="Run a simulated Stash or Plex on 127.0.0.1.", no_args_is_help=True)

Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
State = Annotated[Path | None, typer.Option(help="Folder that keeps everything over a restart.")]


@sim.command()
def plex(
    port: Port = 0,
    items: Annotated[int, typer.Option(help="Clips in the library.", min=0)] = 40,
    token: Annotated[str, typer.Option(help="The owner's token.")] = "sim-plex-token",  # noqa: S107 -- of a simulator
    prefix: Annotated[str, typer.Option(help="Where this Plex sees the files.")] = "/plex/media",
    state: State = None,
) -> None:
    """A simulated Plex Media Server; one line of JSON says when it answers.

    Its owner's routes, /media/providers/metadata and below, register metadata providers, and a library whose agent is
    one of them asks it about new files and at each refresh.

    GET and PUT /_sim/switches say how it does what is not known of a real server, as JSON. About providers:
    provider_parallel, provider_timeout, provider_filename (relative, slash, folder, absolute, backslashes),
    manual_filename, include_adult, rematch_on_refresh, first_genre_only, provider_collections, refuse_private_images,
    image_by_url, provider_answers, provider_moves_at_restart, other_videos_take_provider, version.

    POST /_sim/refreshes refreshes items that chance picks; GET /_sim/agents tells what providers were asked.
    """
    from plexsync.sim.plex import PlexOptions, main

    main(port, PlexOptions(items=items, token=token, prefix=prefix, state=state))


@sim.command()
def stash(
    port: Port = 0,
    scenes: Annotated[int, typer.Option(help="Scenes in the library.", min=0)] = 40,
    plugin: Annotated[list[Path] | None, typer.Option(help="Folder that holds plugins; repeatable.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Ask for this key.")] = None,
    prefix: Annotated[str, typer.Option(help="Where this Stash sees the files.")] = "/data",
    state: State = None,
) -> None:
    """A simulated Stash that runs real plugins; one line of JSON says when it answers."""
    from plexsync.sim.stash import StashOptions, main

    main(
        port,
        StashOptions(scenes=scenes, api_key=api_key, prefix=prefix, plugins=tuple(plugin or ()), state=state),
    )
