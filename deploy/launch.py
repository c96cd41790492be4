#!/usr/bin/env -S python3 -IS
"""Starts every program of the container, under the name of the link by which it is called.

As root it becomes the user of PUID and PGID first, and sees to it that this user can work in the data folder. As
anybody else (`--user`) it changes nothing. Verbs of `docker exec` come this way too: no file ever belongs to root.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

#: What the data folder holds, by how its names begin. All else there was put there by others and is left alone.
OURS = (
    "plexsync",
    ".plexsync",
    "identity.json",
    ".identity.json",
    "daemon.json",
    ".daemon.json",
    "logs",
    "backups",
    "art",
)
#: Where the folder of the plugin may be mounted, which Stash sees among its plugins.
PLUGIN = Path("/plugins/PlexSyncDaemon")
#: It looks twice a minute and lets disks sleep.
HEALTH = "plexsync-health"
ZONES = Path("/usr/share/zoneinfo")
_USUAL_ID = 1000
_LARGEST_ID = 2**32 - 2
#: A rule as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3".
_ZONE_RULE = re.compile(r"(<[+-]?\w+>|[A-Za-z]{3,})[+-]?\d.*")


class Refusal(Exception):
    """Why nothing is started, with the remedy."""


class User(NamedTuple):
    """Who the program is to be."""

    uid: int
    gid: int


def main(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Become the user and then the program."""
    try:
        require_zone(environ.get("TZ", ""))
        user = User(number(environ, "PUID"), number(environ, "PGID"))
        name = Path(words[0]).name
        if os.geteuid() == 0:
            step_down(user, None if name == HEALTH else Path(environ.get("PLEXSYNC_DATA_DIR", "/data")))
        elif list(words[1:2]) == ["run"]:
            mention(user, environ)
        start(Path(__file__).resolve().parent / "bin" / name, words[1:])
    except Refusal as error:
        sys.stderr.write(f"plexsync: {error}\n")
        sys.exit(2)


def start(program: Path, words: Sequence[str]) -> None:
    """Become the program. Refusal where it is not there."""
    try:
        os.execv(program, [str(program), *words])  # noqa: S606 -- what was typed for it, without a shell between
    except OSError as error:
        raise Refusal(f"{program} cannot be started ({error.strerror}): build the image again") from error


def number(environ: Mapping[str, str], name: str) -> int:
    """The id that a variable holds."""
    text = environ.get(name, "").strip()
    if not text:
        return _USUAL_ID
    if not (text.isascii() and text.isdecimal()) or int(text) > _LARGEST_ID:
        option = "-u" if name == "PUID" else "-g"
        raise Refusal(f'{name} is "{text}", which is no id: write the number that `id {option}` tells on the host')
    return int(text)


def require_zone(zone: str) -> None:
    """Refusal where the C library would silently take UTC in place of TZ."""
    name = zone.strip().removeprefix(":")
    known = not name or (ZONES / name).is_file() or _ZONE_RULE.fullmatch(name)
    if not known and ZONES.is_dir():
        raise Refusal(f'TZ is "{zone}", which is no time zone: write it like "Europe/Berlin", or leave it out')


def mention(user: User, environ: Mapping[str, str]) -> None:
    """Say which of PUID and PGID has no effect, because the container was not started as root."""
    ids = {"PUID": (user.uid, os.geteuid()), "PGID": (user.gid, os.getegid())}
    for name, (wanted, held) in ids.items():
        if environ.get(name) and wanted != held:
            sys.stderr.write(
                f"plexsync: {name}={wanted} has no effect: the container was started with {held} (--user, or user:)\n"
            )


def step_down(user: User, data: Path | None) -> None:
    """From root to the user, for good; with a data folder, let him work there first. Refusal without the rights to."""
    try:
        # Those of `group_add` stay.
        os.setgroups([group for group in os.getgroups() if group])
        if user.uid and data is not None:
            give(data, user)
            give_plugin(PLUGIN, user)
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    except PermissionError as error:
        raise Refusal(
            f"The container may not become user {user.uid} ({error.strerror}): allow it with "
            f'cap_add: [CHOWN, SETGID, SETUID], or start it as that user with user: "{user.uid}:{user.gid}"'
        ) from error


def give(data: Path, user: User) -> None:
    """Give the user whatever of the data folder is not his and keeps him from working there."""
    if not data.is_dir():
        return
    with acting_as(user):
        strange = not usable(data, user)
    if strange:
        require_ours(data)
        chown(data, user)
    while True:
        with acting_as(user):
            found = [path for entry in listed(data) if entry.name.startswith(OURS) for path in unusable(entry, user)]
        if not found:
            return
        for path in found:
            chown(path, user)


def give_plugin(folder: Path, user: User) -> None:
    """The same for the folder of the plugin, where one is mounted; what Stash keeps in it stays Stash's."""
    if not folder.is_mount():
        return
    with acting_as(user):
        strange = not usable(folder, user)
    if strange:
        chown(folder, user)


def require_ours(data: Path) -> None:
    """Refusal where a foreign folder holds only other things: someone mounted another folder than he meant."""
    owner = data.stat()
    remedy = f"mount a folder of PlexSync's own there, or set PUID={owner.st_uid} and PGID={owner.st_gid}"
    try:
        names = {name for name in os.listdir(data) if name != "lost+found"}  # noqa: PTH208 -- names are enough
    except PermissionError:
        raise Refusal(f"{data} belongs to user {owner.st_uid}, who lets nobody else in: {remedy}") from None
    if names and not any(name.startswith(OURS) for name in names):
        raise Refusal(f"{data} belongs to user {owner.st_uid} and holds nothing of PlexSync's: {remedy}")


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    """With the user's rights, and back."""
    os.setegid(user.gid)
    os.seteuid(user.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def usable(path: Path, user: User) -> bool:
    """Whether a file or folder is the user's own, or open to him; asked with his rights. What is gone is in no way."""
    try:
        if path.lstat().st_uid == user.uid:
            return True
    except FileNotFoundError:
        return True
    return os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0), effective_ids=True)


def unusable(entry: Path, user: User) -> Iterator[Path]:
    """What is not usable of a file, or of a folder with all in it. Links are never followed."""
    if entry.is_symlink():
        return
    if not usable(entry, user):
        yield entry
    elif entry.is_dir():
        for inner in listed(entry):
            yield from unusable(inner, user)


def listed(folder: Path) -> list[Path]:
    """What lies in a folder; nothing where its owner closed it to himself."""
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        return []
    try:
        return [folder / name for name in os.listdir(folder)]  # noqa: PTH208 -- thousands of pictures, quickly
    except FileNotFoundError:
        return []


def chown(path: Path, user: User) -> None:
    """Give it away. Refusal where the system does not allow that."""
    try:
        # Found with the user's rights: without more than CHOWN, root may not enter a folder that the user keeps closed.
        with acting_as(user):
            found = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            os.chown(f"/proc/self/fd/{found}", user.uid, user.gid)
        finally:
            os.close(found)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refusal(
            f"{path} cannot be given to user {user.uid} ({error.strerror}): on the host, "
            f"chown -R {user.uid}:{user.gid} the folder that is mounted there, or set PUID and PGID to its owner"
        ) from error


if __name__ == "__main__":
    main(sys.argv, os.environ)
