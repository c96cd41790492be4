"""Who tells what the daemon's own servers show about its settings."""

from __future__ import annotations

from plexsync.app.parts import Parts
from plexsync.pluginfiles import PLUGIN_NAME, plugin_version
from plexsync.store.fence import Transactions
from plexsync.sync.checks import Doctor
from plexsync.sync.paths.advice import PathAdvice, PlexSide


def doctor_of(parts: Parts, rows: Transactions) -> Doctor:
    """What is looked at to see whether all is well. The Plex clients have to be there."""
    return Doctor(
        advice=advice_of(parts, rows),
        clock=parts.clock,
        data_dir=parts.config.data_dir,
        spool_folders=tuple(parts.config.spool_folders),
        plugin=PLUGIN_NAME,
        ours=plugin_version(),
        database=rows,
        remembers=True,
    )


def advice_of(parts: Parts, rows: Transactions) -> PathAdvice:
    """What can be told about path rules. The Plex clients have to be there."""
    sides = (
        PlexSide(name=one.name, plex=parts.plexes[one.name], chosen=tuple(one.libraries))
        for one in parts.config.servers
    )
    return PathAdvice(stash=parts.stash, servers=tuple(sides), rules=parts.paths, database=rows)
