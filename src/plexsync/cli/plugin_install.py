"""Installing the plugin beside a Stash whose folders this computer sees."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from plexsync.app.folder import open_store
from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.config import CONFIG_NAME, Config
from plexsync.pluginfiles import install as copy_plugin
from plexsync.pluginfiles import let_hook_start
from plexsync.store import preferences
from plexsync.store.lock import FolderLock, holder

_PREFERENCE = "setting:spool_folders"
_CONFIG = "PLEXSYNC_CONFIG"
#: Variables whose value the command for the hook names itself.
_TOLD = frozenset({"PLEXSYNC_DATA_DIR", _CONFIG})


def install(call: Call, plugins_folder: Path, screen: Screen, *, start: bool, hooks: bool) -> None:
    """Copy, name the command that starts a daemon, and remember the spool folder."""
    facts, lines = installed(call, plugins_folder, start=start, hooks=hooks)
    screen.say(
        f"The plugin is in {facts['plugin']}. In Stash, press Settings > Plugins > Reload plugins.", style="green"
    )
    for line in lines:
        screen.say(line)
    screen.facts(facts)


def installed(call: Call, plugins_folder: Path, *, start: bool, hooks: bool) -> tuple[dict[str, Any], list[str]]:
    """The same without a word: the facts, and what there is to say of them."""
    config = call.config()
    if not plugins_folder.is_dir():
        raise Failed(
            f"{plugins_folder} is no folder. Stash shows its own under Settings > System > Application Paths > Plugins"
        )
    try:
        spool = copy_plugin(plugins_folder, hooks=hooks)
        command = _command(call, config) if start else None
        started_by = let_hook_start(spool, command)
    except OSError as error:
        raise Failed(f"The plugin cannot be copied ({error}): give this user the right to write there") from error
    watched = _watch(config, spool)
    lines = [watched, *(_about_starting(call, config, started_by) if command else ())]
    return {"plugin": str(spool.parent), "spool_folder": str(spool), "command": command, "watched": watched}, lines


def _command(call: Call, config: Config) -> list[str]:
    """How the hook starts this same program, from whatever folder and environment."""
    beside = Path(sys.executable).with_name("plexsync")
    found = str(beside) if beside.exists() else shutil.which("plexsync")
    program = [str(Path(found).absolute())] if found else [sys.executable, "-m", "plexsync"]
    file = _config_file(call)
    settings = ["--config", str(file.absolute())] if file else []
    return [*program, "run", "--data-dir", str(config.data_dir), *settings]


def _config_file(call: Call) -> Path | None:
    named = os.environ.get(_CONFIG, "").strip()
    return call.config_file or (Path(named) if named else None)


def _about_starting(call: Call, config: Config, path: Path) -> list[str]:
    owner = path.stat().st_uid
    lines = [
        f"When no daemon runs, the hook starts one as {path} says. It heeds that file only if it belongs to Stash's "
        f"user or root and nobody else may write it; it belongs to user {owner} now, mode 0600. If Stash runs as "
        "another user, give the file to that user."
    ]
    file = _config_file(call) or config.data_dir / CONFIG_NAME
    if not file.exists():
        lines.append(
            f"{file} is missing. A daemon that Stash starts does not see your environment: write stash_url, plex_url, "
            "plex_token, libraries and path rules into that file, or into the plugin's settings in Stash."
        )
    elif variables := sorted(name for name in os.environ if name.startswith("PLEXSYNC_") and name not in _TOLD):
        lines.append(f"A daemon that Stash starts does not see {', '.join(variables)}: settings belong into {file}.")
    return lines


def _watch(config: Config, spool: Path) -> str:
    """Have the daemon look into the spool folder from its next start on; what was done, in a sentence."""
    if spool in config.spool_folders:
        return f"{spool} is watched already."
    if "spool_folders" in config.origins:
        return f'Add "{spool}" to spool_folders ({config.origins["spool_folders"]}) and restart the daemon.'
    if holder(config.data_dir) is not None:
        return (
            "A daemon runs, so its settings were left alone. Stop it (plexsync stop), repeat this, and start it "
            f"again; or start it with --spool-folder {spool}."
        )
    config.data_dir.mkdir(parents=True, exist_ok=True)
    with FolderLock(config.data_dir) as lock:
        lock.acquire({"pid": os.getpid(), "verb": "plugin install"})
        database = open_store(config)
        try:
            with database.transaction() as connection:
                known = preferences.held(connection, _PREFERENCE) or []
                preferences.put(connection, _PREFERENCE, list(dict.fromkeys([*known, str(spool)])))
        finally:
            database.close()
    return f"The daemon watches {spool} from its next start on."
