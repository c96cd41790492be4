"""The media servers of an account at plex.tv, and where each may be reached."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from plexsync.plex.documents import Document, Loose, flag, integer, text


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """One way to a server; a relay of plex.tv is slow and the last resort."""

    url: str
    local: bool
    relay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountServer:
    """A server that the account may use; `addresses` come the nearest first. `token` opens this server."""

    name: str
    machine_identifier: str
    owned: bool
    token: str = field(repr=False)
    addresses: tuple[ServerAddress, ...] = ()


class ConnectionRow(Document):
    address: Loose = None
    port: Loose = None
    uri: Loose = None
    local: Loose = None
    relay: Loose = None
    ipv6: Loose = msgspec.field(name="IPv6", default=None)


class ResourceRow(Document):
    """A device of the account, be it a server or not."""

    name: Loose = None
    provides: Loose = None
    machine_identifier: Loose = msgspec.field(name="clientIdentifier", default=None)
    owned: Loose = None
    token: Loose = msgspec.field(name="accessToken", default=None)
    connections: list[ConnectionRow] | None = None


def account_server(row: ResourceRow) -> AccountServer | None:
    """The server that a device is; None for one that is none, or that no token is given for."""
    identifier, token = text(row.machine_identifier), text(row.token)
    if "server" not in text(row.provides).split(",") or not identifier or not token:
        return None
    found = [address for one in row.connections or () for address in _addresses(one)]
    nearest = sorted(dict.fromkeys(found), key=lambda one: (one.relay, not one.local))
    return AccountServer(
        name=text(row.name) or identifier,
        machine_identifier=identifier,
        owned=flag(row.owned),
        token=token,
        addresses=tuple(nearest),
    )


def _addresses(row: ConnectionRow) -> list[ServerAddress]:
    """The address, and for one at home the same without TLS: many a router hides plex.direct names from its network."""
    local, relay = flag(row.local), flag(row.relay)
    host, port, uri = text(row.address), integer(row.port), text(row.uri).rstrip("/")
    plain = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    found = [uri] if uri.startswith(("http://", "https://")) else []
    if local and not relay and host and port:
        found.append(plain)
    return [ServerAddress(url=url, local=local, relay=relay) for url in found]
