"""Who tells what the daemon's own servers show about its settings."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.app.parts import Parts
from plexsync.config import Config
from plexsync.model.fields import Field
from plexsync.pluginfiles import PLUGIN_NAME, plugin_version
from plexsync.store import posters
from plexsync.store.fence import Transactions
from plexsync.store.identity import Identity
from plexsync.sync.agents.address import ProviderAddress
from plexsync.sync.checks import Doctor
from plexsync.sync.checks.provider import OwnProvider
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
        provider=own_provider(parts.config, parts.me, rows),
        database=rows,
        remembers=True,
    )


def own_provider(config: Config, me: Identity, rows: Transactions | None) -> OwnProvider:
    """Our provider as the doctor needs to know it; `rows` tell what was uploaded."""

    async def uploaded(server: str, sections: Sequence[int]) -> int | None:
        return None if rows is None else await rows.run(lambda c: posters.uploaded_in(c, server, sections))

    return OwnProvider(
        address=ProviderAddress(base=config.url_from_plex or "", secret=me.provider_path),
        writes_posters=config.writes(Field.POSTER),
        uploaded=uploaded,
    )


def advice_of(parts: Parts, rows: Transactions) -> PathAdvice:
    """What can be told about path rules. The Plex clients have to be there."""
    sides = (
        PlexSide(name=one.name, plex=parts.plexes[one.name], chosen=tuple(one.libraries))
        for one in parts.config.servers
    )
    return PathAdvice(stash=parts.stash, servers=tuple(sides), rules=parts.paths, database=rows)
