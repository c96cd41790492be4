"""This machine: the disk under the data folder, and the folders where the plugin leaves its events."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from plexsync.model.spans import many, span
from plexsync.sync.checks.finding import Finding, failure, note, warning, well

_MB = 1024 * 1024
#: Free megabytes below which the store may soon not be able to grow, and below which it cannot work.
_LITTLE, _NONE = 1000, 100
#: Seconds after which an event that nobody takes is old.
_OLD = 300.0


def disk_finding(data_dir: Path) -> Finding:
    """How much room is left under the data folder."""
    folder = next((one for one in (data_dir, *data_dir.parents) if one.exists()), Path("/"))
    try:
        free = shutil.disk_usage(folder).free // _MB
    except OSError as error:
        return failure("disk", f"The data folder {data_dir} cannot be looked at: {error.strerror}", "Mount it")
    said = f"{free:,} MB are free in {data_dir}"
    remedy = f"Make room on the disk of {data_dir}, or move data_dir"
    if free < _NONE:
        return failure("disk", f"Only {said}", remedy)
    return warning("disk", f"Only {said}", remedy) if free < _LITTLE else well("disk", said)


def spool_findings(folders: Sequence[Path], now: float) -> list[Finding]:
    """Whether each spool folder can be used, and what waits in it."""
    if not folders:
        remedy = "Set spool_folders to the folder `data` of the plugin, or run `plexsync plugin connect`"
        return [note("spool", "No spool folder is set: the plugin has to send its events over HTTP", remedy)]
    return [_spool(folder, now) for folder in folders]


def _spool(folder: Path, now: float) -> Finding:
    check = f"spool {folder}"
    try:
        written = [entry.stat().st_mtime for entry in os.scandir(folder) if entry.name.endswith(".json")]
    except OSError as error:
        return failure(
            check,
            f"The spool folder {folder} cannot be read: {error.strerror}",
            "Share the plugin's folder `data` with this machine (or container), or correct spool_folders",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return failure(
            check,
            f"Nothing can be taken out of the spool folder {folder}",
            "Give the user of the daemon the right to write there",
        )
    oldest = now - min(written, default=now)
    if oldest > _OLD:
        return warning(
            check,
            f"{many(len(written), 'event')} not taken from {folder}, the oldest for {span(oldest)}",
            "Start the daemon (`plexsync run`), and look at `plexsync status`",
        )
    return well(check, f"The spool folder {folder} can be used")
