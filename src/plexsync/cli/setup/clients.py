"""How the servers are spoken to while they are being set up."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from plexsync.model.errors import ConfigurationError
from plexsync.plex.client import PlexClient
from plexsync.plex.signin import PlexTv, SignIn
from plexsync.stash.client import StashClient


@dataclass(slots=True, kw_only=True)
class Clients:
    """Makes clients; `tls_verify` may be switched off by the person who is asked."""

    client_identifier: str
    connect_timeout: float
    read_timeout: float
    plex_tv: PlexTv
    tls_verify: bool = True
    ca_file: Path | None = None

    def stash(self, url: str, api_key: str | None) -> StashClient:
        """To be closed by `close`."""
        return StashClient(
            url,
            api_key,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            verify=self._verify(url),
        )

    def plex(self, url: str, token: str = "") -> PlexClient:
        """To be used in `async with`. Without a token it can ask for the identity only."""
        return PlexClient(
            url,
            token,
            client_identifier=self.client_identifier,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            verify=self._verify(url),
        )

    def sign_in(self) -> SignIn:
        """To be used in `async with`; plex.tv is never spoken to without looking at its certificate."""
        trusted = self._trusted() if self.ca_file is not None else True
        return SignIn(self.client_identifier, where=self.plex_tv, verify=trusted)

    def _verify(self, url: str) -> bool | ssl.SSLContext:
        if not self.tls_verify or not url.startswith("https:"):
            return False
        return self._trusted() if self.ca_file is not None else True

    def _trusted(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        try:
            context.load_verify_locations(cafile=str(self.ca_file))
        except OSError as error:
            raise ConfigurationError([f"ca_file {self.ca_file} cannot be used: {error}"]) from error
        return context
