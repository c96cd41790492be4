"""The plugin's way into Stash."""

from __future__ import annotations

import typer

plugin = typer.Typer(help="The Stash plugin.", no_args_is_help=True)
