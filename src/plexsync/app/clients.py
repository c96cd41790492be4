"""The clients of Stash and of each Plex, as the settings ask for them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from plexsync.config import Config, ServerSetting
from plexsync.log import Redactor
from plexsync.model.errors import PlexServerDown
from plexsync.plex.client import PlexClient
from plexsync.plex.listener import Listener
from plexsync.stash.client import StashClient
from plexsync.store.identity import Identity

#: Seconds within which a living Plex answers a health check.
_CHECK_SECONDS = 5.0


def plex_client(
    setting: ServerSetting,
    config: Config,
    me: Identity,
    redactor: Redactor,
    guard: Callable[[], Awaitable[None]],
) -> PlexClient:
    """Speaks to one Plex as this installation; `guard` is awaited right before each write."""
    return PlexClient(
        setting.url or "",
        setting.token.get_secret_value() if setting.token is not None else "",
        client_identifier=me.client_identifier,
        machine_identifier=me.machine_identifiers.get(setting.name),
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
        verify=_verify(config),
        redact=redactor.redact,
        guard=guard,
    )


def listener_of(setting: ServerSetting, config: Config, me: Identity, redactor: Redactor) -> Listener:
    """Hears what one Plex tells."""
    return Listener(
        setting.url or "",
        setting.token.get_secret_value() if setting.token is not None else "",
        client_identifier=me.client_identifier,
        verify=_verify(config),
        connect_timeout=config.connect_timeout,
        redact=redactor.redact,
    )


def stash_client(config: Config, redactor: Redactor, *, tag_parents: bool = False) -> StashClient:
    """Speaks to Stash; with `tag_parents` each scene's tags come with those above them."""
    key = config.stash_api_key
    return StashClient(
        config.stash_url or "",
        key.get_secret_value() if key is not None else None,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
        verify=_verify(config),
        redact=redactor.redact,
        tag_parents=tag_parents,
    )


def checking(plex: PlexClient) -> Callable[[], Awaitable[None]]:
    """A health check that ends in time."""

    async def check() -> None:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await plex.check()
        except TimeoutError as error:
            raise PlexServerDown(f"Plex gave no answer to a health check within {_CHECK_SECONDS:g} s") from error

    return check


def tls_of(config: Config, url: str) -> bool | ssl.SSLContext:
    """What to trust at an address; certificates are only read where they are needed."""
    return _verify(config) if url.startswith("https:") else False


def _verify(config: Config) -> bool | ssl.SSLContext:
    if not config.tls_verify or config.ca_file is None:
        return config.tls_verify
    return ssl.create_default_context(cafile=str(config.ca_file))
