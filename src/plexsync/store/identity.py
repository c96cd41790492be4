"""Who this installation is, and its secrets: a private JSON file beside the database, made once and backed up."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from plexsync.model.errors import StoreError
from plexsync.store import private_file

#: Its name in the data folder.
FILE_NAME = "identity.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`client_identifier` is what Plex knows us by; `machine_identifiers` pins each configured server by name."""

    client_identifier: str
    api_key: str = field(repr=False)
    events_token: str = field(repr=False)
    signing_key: str = field(repr=False)
    provider_path: str = field(repr=False)
    machine_identifiers: dict[str, str] = field(default_factory=dict)


def load_or_create(path: Path) -> Identity:
    """The identity in that file; a new one when there is no file. Call it under the folder lock.

    StoreError when the file is there and cannot be read: a new identity in its place would break every link made.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Identity)
    except FileNotFoundError:
        identity = _new()
        _save(path, identity)
        return identity
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"The identity file {path} cannot be read: {error}. Restore it from a backup; "
            "delete it only to start anew, with new keys everywhere"
        ) from error


def pin(path: Path, server: str, machine_identifier: str) -> Identity:
    """Remember which machine that server is; writes only when that is news."""
    identity = load_or_create(path)
    if identity.machine_identifiers.get(server) == machine_identifier:
        return identity
    pins = identity.machine_identifiers | {server: machine_identifier}
    identity = replace(identity, machine_identifiers=pins)
    _save(path, identity)
    return identity


def _new() -> Identity:
    return Identity(
        client_identifier=str(uuid.uuid4()),
        api_key=secrets.token_urlsafe(32),
        events_token=secrets.token_urlsafe(32),
        signing_key=secrets.token_urlsafe(32),
        provider_path=secrets.token_urlsafe(24),
    )


def _save(path: Path, identity: Identity) -> None:
    try:
        private_file.replace(path, msgspec.json.format(msgspec.json.encode(identity), indent=2).decode() + "\n")
    except OSError as error:
        raise StoreError(f"The identity file {path} cannot be written: {error}") from error
