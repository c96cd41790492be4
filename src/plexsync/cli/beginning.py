"""The first verb that a person calls, and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plexsync.cli.call import call_of


def setup(  # noqa: PLR0913, PLR0917  # an option each
    context: typer.Context,
    stash_url: Annotated[str | None, typer.Option(help="Address of Stash.")] = None,
    stash_api_key: Annotated[
        str | None, typer.Option(help="API key of Stash; PLEXSYNC_STASH_API_KEY hides it.")
    ] = None,
    plex_url: Annotated[str | None, typer.Option(help="Address of Plex.")] = None,
    plex_token: Annotated[
        str | None, typer.Option(help="X-Plex-Token of its owner; PLEXSYNC_PLEX_TOKEN hides it.")
    ] = None,
    server: Annotated[str | None, typer.Option(help="Which server, of several in the account or settings.")] = None,
    library: Annotated[
        list[str] | None, typer.Option(help="A library to be written, by title or key; repeatable.")
    ] = None,
    path_rule: Annotated[
        list[str] | None, typer.Option(metavar="'PLEX => STASH'", help="A folder under both names; repeatable.")
    ] = None,
    plugins_folder: Annotated[
        Path | None, typer.Option(help="Stash's plugins folder, as this computer sees it.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust besides the usual ones (PEM).")] = None,
    plex_tv: Annotated[str | None, typer.Option(hidden=True)] = None,
    usual_stash: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    usual_plex: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    patience: Annotated[float | None, typer.Option(hidden=True)] = None,
    *,
    sign_in: Annotated[bool, typer.Option("--sign-in", help="Get the token with a code at plex.tv/link.")] = False,
    tls_verify: Annotated[bool | None, typer.Option(help="Whether to look at certificates.")] = None,
    plugin: Annotated[
        bool, typer.Option(help="Put the plugin into Stash, where this computer sees its folder.")
    ] = True,
    start: Annotated[bool, typer.Option(help="Let the plugin start the daemon when none runs.")] = True,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is proposed, and write.")] = False,
) -> None:
    """First steps: find Stash and Plex, sign in, choose libraries and path rules, and write the settings file."""
    from plexsync.cli.screen import Screen
    from plexsync.cli.setup import course, options
    from plexsync.plex.signin import PlexTv

    said = options.Options(
        stash_url=stash_url,
        stash_api_key=stash_api_key,
        plex_url=plex_url,
        plex_token=plex_token,
        sign_in=sign_in,
        server=server,
        libraries=tuple(library or ()),
        path_rules=tuple(path_rule or ()),
        plugins_folder=plugins_folder,
        plugin=plugin,
        start=start,
        tls_verify=tls_verify,
        ca_file=ca_file.absolute() if ca_file else None,
        yes=yes,
        plex_tv=PlexTv.at(plex_tv) if plex_tv else PlexTv(),
        usual_stash=tuple(usual_stash or options.USUAL_STASH),
        usual_plex=tuple(usual_plex or options.USUAL_PLEX),
        patience=patience or options.PATIENCE,
    )
    call = call_of(context)
    course.setup(call, said, Screen(as_json=call.as_json))
