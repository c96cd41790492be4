"""Who this installation is, and its secrets: a private JSON file beside the database, made once and backed up."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.store import private_file
from plexsync.store.backupfile import Contents

_log = logger("plexsync.store")

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
    except PermissionError as error:
        raise StoreError(f"The identity file {path} cannot be read: give it to PlexSync's user") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"The identity file {path} cannot be read: {error}. Move it away: the next start takes it from the newest "
            "backup, or makes new keys where there is none"
        ) from error


def load_or_new(path: Path) -> Identity:
    """The same, for one who only asks: a new one is kept nowhere."""
    return load_or_create(path) if path.exists() else _new()


def keep(path: Path, identity: Identity) -> None:
    """Make that the identity of a data folder that has none yet. Call it under the folder lock."""
    if not path.exists():
        _save(path, identity)


def recover(path: Path, backups: Iterable[tuple[Path, Contents]], now: float) -> str:
    """Take the identity from the first backup that holds one, if the file is gone or cannot be understood.

    What happened, in a sentence; "" where nothing was done. Call it under the folder lock.
    """
    try:
        msgspec.json.decode(path.read_bytes(), type=Identity)
    except (FileNotFoundError, msgspec.MsgspecError) as error:
        for backup, contents in backups:
            if contents.identity is not None:
                kept = put_back(path, contents.identity, now, kept_as="damaged")
                state = f"could not be read ({error}) and is kept as {kept.name}" if kept is not None else "was gone"
                told = f"The identity file {path} {state}. It was read back from the backup {backup.name}."
                _log.error("the identity file was made anew", reason=told)
                return told
    except OSError:
        # Whoever needs it says why it cannot be read.
        return ""
    return ""


def put_back(path: Path, facts: dict[str, Any], now: float, *, kept_as: str) -> Path | None:
    """Make the file hold the identity of a backup. The name of the one that was there, if it was another one."""
    identity, kept = msgspec.convert(facts, Identity), None
    try:
        held = path.read_bytes() if path.exists() else None
        if held is not None and not _is(held, identity):
            kept = path.with_name(f"{path.name}.{kept_as}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}")
            with private_file.replacing(kept) as copy:
                copy.write(held)
    except OSError as error:
        raise StoreError(f"The identity file {path} cannot be kept under another name: {error.strerror}") from error
    _save(path, identity)
    return kept


def _is(content: bytes, identity: Identity) -> bool:
    try:
        return msgspec.json.decode(content, type=Identity) == identity
    except msgspec.MsgspecError:
        return False


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
