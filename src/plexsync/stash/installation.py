"""What a Stash has installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plexsync.stash import documents
from plexsync.stash.answers import Answer

if TYPE_CHECKING:
    from plexsync.stash.client import StashClient


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPlugin:
    """A plugin of Stash, by its id there."""

    id: str
    name: str
    version: str
    enabled: bool


class PluginFacts(Answer, frozen=True):
    """As Stash tells it."""

    id: str
    name: str
    version: str | None
    enabled: bool


class PluginsAnswer(Answer, frozen=True):
    """All plugins; none before any was ever loaded."""

    plugins: list[PluginFacts] | None


async def installed_plugins(stash: StashClient) -> list[InstalledPlugin]:
    """All plugins that Stash has loaded, the disabled ones too."""
    answer = await stash.query(documents.PLUGINS, {}, PluginsAnswer)
    return [
        InstalledPlugin(id=one.id, name=one.name, version=one.version or "", enabled=one.enabled)
        for one in answer.plugins or ()
    ]
