"""The Stash plugin's files: where they come from, and how they get into Stash's plugins folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: The folder's name is the plugin's id in Stash.
PLUGIN_NAME = "PlexSyncDaemon"
SPOOL_NAME = "data"
_ALL_MAY = 0o777
_MANIFEST = f"{PLUGIN_NAME}.yml"
_START_FILE = "daemon.json"
#: The part of the manifest that tells of hooks.
_HOOKS = re.compile(rb"^hooks:\n(?: .*\n)*", re.MULTILINE)


def plugin_files() -> Path:
    """The folder with the plugin: inside an installed package, else beside the sources. FileNotFoundError."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_plugin", package.parent.parent / "plugin"):
        if (folder / _MANIFEST).is_file():
            return folder
    raise FileNotFoundError(f"the plugin's files are missing from {package}: install PlexSync again")


def plugin_version() -> str:
    """The version of the plugin that comes with this package."""
    manifest = (plugin_files() / _MANIFEST).read_text(encoding="utf-8")
    found = re.search(r"^version: *(\S+)", manifest, re.MULTILINE)
    return found[1] if found is not None else ""


def install(plugins_folder: Path, *, hooks: bool = True) -> Path:
    """Copy the plugin into Stash's plugins folder, over an older one; the spool folder it now has.

    Without `hooks` Stash starts nothing when something is saved; tasks and settings stay. Every file is there in full
    or not at all, the manifest last. What lies in the spool folder stays. OSError.
    """
    source, target = plugin_files(), plugins_folder / PLUGIN_NAME
    spool = target / SPOOL_NAME
    spool.mkdir(parents=True, exist_ok=True)
    # Stash may run as another user, and notes events there. Only the folder's owner may open it.
    if stat.S_IMODE(spool.stat().st_mode) != _ALL_MAY:
        spool.chmod(_ALL_MAY)
    modules = sorted(source.glob("*.py"))
    for file in modules:
        _replace(target / file.name, file.read_bytes(), 0o644)
    manifest = (source / _MANIFEST).read_bytes()
    _replace(target / _MANIFEST, manifest if hooks else _HOOKS.sub(b"", manifest), 0o644)
    for old in set(target.glob("*.py")) - {target / file.name for file in modules}:
        old.unlink()
    return spool


def let_hook_start(spool: Path, command: Sequence[str] | None) -> Path:
    """Tell the hook how to start a daemon when none listens; None: not at all. Other facts of the file stay.

    The hook heeds a file that only Stash's user or root can write; it is given to the owner of the plugin's folder
    where this process may do that.
    """
    path = spool / _START_FILE
    facts = _facts(path)
    facts.pop("command", None)
    if command is not None:
        facts["command"] = list(command)
    if facts:
        _replace(path, json.dumps(facts, indent=2).encode() + b"\n", 0o600, owner_of=spool.parent.parent)
    else:
        path.unlink(missing_ok=True)
    return path


def _facts(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _replace(path: Path, content: bytes, mode: int, *, owner_of: Path | None = None) -> None:
    half = path.with_name(f"{secrets.token_hex(8)}.tmp")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            if owner_of is not None and os.geteuid() == 0:
                owner = owner_of.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
