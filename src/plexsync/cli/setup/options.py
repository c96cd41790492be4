"""What was said on the command line of `plexsync setup`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plexsync.plex.signin import PlexTv

#: Where Stash and Plex are looked for: on this computer, under the names that containers usually have, and Plex beside
#: Stash.
USUAL_STASH = ("http://localhost:9999", "http://stash:9999", "http://host.docker.internal:9999")
USUAL_PLEX = (
    "http://localhost:32400",
    "http://plex:32400",
    "http://host.docker.internal:32400",
    "http://{stash}:32400",
)
PATIENCE = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None, False or empty where nothing was said. `usual_stash` and `usual_plex` are where the two are looked for, and
    `patience` the seconds in which a server that is there has said so."""

    stash_url: str | None = None
    stash_api_key: str | None = field(default=None, repr=False)
    plex_url: str | None = None
    plex_token: str | None = field(default=None, repr=False)
    sign_in: bool = False
    server: str | None = None
    libraries: tuple[str, ...] = ()
    path_rules: tuple[str, ...] = ()
    plugins_folder: Path | None = None
    plugin: bool = True
    start: bool = True
    tls_verify: bool | None = None
    ca_file: Path | None = None
    yes: bool = False
    plex_tv: PlexTv = field(default_factory=PlexTv)
    usual_stash: tuple[str, ...] = USUAL_STASH
    usual_plex: tuple[str, ...] = USUAL_PLEX
    patience: float = PATIENCE

    def said(self) -> dict[str, tuple[Any, str]]:
        """Raw values by the setting's name, each with the option that says it."""
        found: dict[str, tuple[Any, str]] = {
            "stash_url": (self.stash_url, "--stash-url"),
            "stash_api_key": (self.stash_api_key, "--stash-api-key"),
            "plex_url": (self.plex_url, "--plex-url"),
            "plex_token": (self.plex_token, "--plex-token"),
            "libraries": (list(self.libraries) or None, "--library"),
            "path_rules": ("\n".join(self.path_rules) or None, "--path-rule"),
            "tls_verify": (self.tls_verify, "--tls-verify"),
            "ca_file": (str(self.ca_file) if self.ca_file else None, "--ca-file"),
        }
        return {name: one for name, one in found.items() if one[0] is not None}
