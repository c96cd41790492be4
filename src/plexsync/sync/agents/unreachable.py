"""Why Plex may not reach our provider, and what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from plexsync.model.errors import SyncError
from plexsync.sync.agents.address import ProviderAddress, is_this_computer, on_this_computer_only

URL_MISSING = (
    "url_from_plex is missing: how does Plex reach PlexSync? Set it to the address of this computer as Plex's computer "
    'or container sees it, for example url_from_plex = "http://192.168.1.5:9797"'
)
_USUAL_PORTS = {"http": 80, "https": 443}
#: What answers at an address, asked from this computer: a sentence without its end.
Look = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the daemon listens by its settings. A daemon that was started before they were made does not yet."""

    host: str
    port: int

    @property
    def to_itself_only(self) -> bool:
        """Whether no other computer reaches it."""
        return on_this_computer_only(f"http://{f'[{self.host}]' if ':' in self.host else self.host}") and (
            self.host not in ("0.0.0.0", "::")  # noqa: S104 -- compared, not bound
        )


def unusable(address: ProviderAddress, plex_url: str, server: str) -> str:
    """Why Plex cannot ask there, as far as the address itself shows; "" where nothing speaks against it."""
    if not address.base:
        return f"{URL_MISSING}, and start the daemon anew"
    if on_this_computer_only(address.base) and not is_this_computer(plex_url):
        return (
            f"url_from_plex is {address.base}, which leads Plex to itself: Plex ({server}) runs elsewhere, at "
            f"{plex_url}. Set url_from_plex to the address of this computer in your network, for example "
            '"http://192.168.1.5:9797", and start the daemon anew'
        )
    return ""


async def refusal(error: SyncError, *, address: ProviderAddress, server: str, listening: Listening, look: Look) -> str:
    """That Plex did not take the provider, what was tried, and the usual causes."""
    state = "Plex may still be trying" if error.outcome_unknown else "Nothing was changed"
    tried = (
        f"Plex ({server}) was to ask PlexSync at {address.shown}, and did not take it for a provider: "
        f"{error.message.rstrip('.')}. "
        f"{state}. Asked from this computer, {address.alive} {await look(address.alive)}."
    )
    causes = [f"  {number}. {cause}" for number, cause in enumerate(_causes(address, listening), 1)]
    closing = (
        f"To see what Plex sees, open {address.alive} on Plex's computer, or inside its container: it answers "
        '{"status":"ok"}. Then run this again.'
    )
    return "\n".join([tried, "The usual causes:", *causes, closing])


def _causes(address: ProviderAddress, listening: Listening) -> Sequence[str]:
    """The certain one first, where there is one."""
    place = urlsplit(address.base)
    port = place.port or _USUAL_PORTS[place.scheme]
    closed = (
        f'The daemon listens to its own computer only: `host` is {listening.host}. Set host = "0.0.0.0", and start '
        "it anew"
        if listening.to_itself_only and not on_this_computer_only(address.base)
        else f"No daemon runs there, or it was started before `host` ({listening.host}) and url_from_plex were set: "
        "start it anew with `plexsync run`"
    )
    container = (
        "Plex runs in a container, where localhost is the container itself: set url_from_plex to the address of this "
        "computer in your network, or to the name of PlexSync's container on a network that both are in"
    )
    firewall = f"A firewall on this computer keeps Plex's computer or container from port {port}: let it in"
    certificate = (
        f"Plex does not trust the certificate of {place.hostname}: it takes those of known authorities. Where it has "
        "another one, give url_from_plex an address that begins with http://"
    )
    causes = (closed, container, firewall, *((certificate,) if place.scheme == "https" else ()))
    return [f"{one}." for one in causes]
