"""The address at which Plex asks, and what can be told of one by looking at it."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from plexsync.config import mask
from plexsync.config.masking import without_credentials
from plexsync.model.provider import FOLDER

_SECRET = re.compile(rf"({re.escape(FOLDER)})([^/?#]+)")
_ANY_PORT = 9
#: Names of which every network has its own.
_HOMELY = ("local", "lan", "home", "internal", "localdomain", "home.arpa")


class Reach(StrEnum):
    """From where an address can be reached."""

    SELF = "self"  #: only by the computer that it is on
    NETWORK = "network"  #: within a private network
    WORLD = "world"
    UNKNOWN = "unknown"  #: its name cannot be looked up here


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAddress:
    """Where our provider answers: `base` is how Plex reaches PlexSync, "" where nobody said, `secret` the rest."""

    base: str
    secret: str = field(repr=False)

    @property
    def path(self) -> str:
        """What comes behind the base."""
        return f"{FOLDER}{self.secret}"

    @property
    def whole(self) -> str:
        """As Plex needs it; whoever knows it may ask."""
        return f"{self.base}{self.path}"

    @property
    def shown(self) -> str:
        """The same to be shown."""
        return masked(self.whole)

    @property
    def alive(self) -> str:
        """What tells at that place whether PlexSync lives, to anybody."""
        return f"{self.base}/healthz"

    def is_at(self, uri: str) -> bool:
        """Whether that is this address."""
        return bool(self.base) and _plain(uri) == _plain(self.whole)

    def is_ours(self, uri: str) -> bool:
        """Whether the secret is ours, wherever the address leads."""
        return _plain(uri).endswith(self.path)


def masked(uri: str) -> str:
    """An address to be shown: of a secret in it the ends only, and nothing of a password or query."""
    return without_credentials(_SECRET.sub(lambda found: f"{found[1]}{mask(found[2])}", uri))


def on_this_computer_only(url: str) -> bool:
    """Whether the address leads every computer to itself, as far as its host shows."""
    host = _host(url)
    return host == "localhost" or host.endswith(".localhost") or _reach_of(host) is Reach.SELF


def is_this_computer(url: str) -> bool:
    """Whether the address leads from here to this computer itself, by any of its own. May look up its name."""
    if on_this_computer_only(url):
        return True
    try:
        rows = socket.getaddrinfo(_host(url), None, proto=socket.IPPROTO_UDP)
    except (OSError, UnicodeError):
        return False
    return any(_reach_of(str(row[4][0])) is Reach.SELF or _is_own(row[0], row[4]) for row in rows)


def _is_own(family: int, place: tuple[Any, ...]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            # Sends nothing: it only tells by which of its own addresses this computer would.
            line.connect((place[0], _ANY_PORT, *place[2:]))
            return bool(line.getsockname()[0] == place[0])
    except OSError:
        return False


def reach_of(url: str) -> Reach:
    """From where the address can be reached. Looks up its name, which may take seconds."""
    host = _host(url)
    if on_this_computer_only(url):
        return Reach.SELF
    found = _reach_of(host)
    if found is not None:
        return found
    if "." not in host or host.endswith(tuple(f".{end}" for end in _HOMELY)):
        return Reach.NETWORK
    return _looked_up(host)


def _looked_up(host: str) -> Reach:
    try:
        rows = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return Reach.UNKNOWN
    reaches = {_reach_of(str(row[4][0])) for row in rows}
    return next((one for one in (Reach.SELF, Reach.NETWORK, Reach.WORLD) if one in reaches), Reach.UNKNOWN)


def _reach_of(address: str) -> Reach | None:
    """Of an address in numbers; None for a name."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if found.is_loopback or found.is_unspecified:
        return Reach.SELF
    return Reach.WORLD if found.is_global else Reach.NETWORK


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()


def _plain(uri: str) -> str:
    parts = urlsplit(uri.strip())
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
