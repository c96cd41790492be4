"""What a Stash has installed, and where."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where Stash's plugins folder and its settings file lie, as Stash sees them; "" where it does not tell."""

    plugins: str
    settings: str


class GeneralFacts(Answer, frozen=True):
    pluginsPath: str  # noqa: N815  # Stash's name
    configFilePath: str  # noqa: N815  # Stash's name


class GeneralConfiguration(Answer, frozen=True):
    general: GeneralFacts


class PlacesAnswer(Answer, frozen=True):
    """Stash's own settings."""

    configuration: GeneralConfiguration


class ReloadAnswer(Answer, frozen=True):
    """Whether it did."""

    reloadPlugins: bool  # noqa: N815  # Stash's name


async def places(stash: StashClient) -> Places:
    """Where its own files lie."""
    general = (await stash.query(documents.PLACES, {}, PlacesAnswer)).configuration.general
    return Places(plugins=general.pluginsPath, settings=general.configFilePath)


async def reload_plugins(stash: StashClient) -> None:
    """Have Stash read its plugins folder anew."""
    await stash.query(documents.RELOAD_PLUGINS, {}, ReloadAnswer)


async def installed_plugins(stash: StashClient) -> list[InstalledPlugin]:
    """All plugins that Stash has loaded, the disabled ones too."""
    answer = await stash.query(documents.PLUGINS, {}, PluginsAnswer)
    return [
        InstalledPlugin(id=one.id, name=one.name, version=one.version or "", enabled=one.enabled)
        for one in answer.plugins or ()
    ]
