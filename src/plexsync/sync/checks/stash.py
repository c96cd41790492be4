"""Stash, its clock, our plugin in it, and other plugins that write to Plex."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.errors import Incompatible, NeedsSignIn, SyncError
from plexsync.model.spans import span
from plexsync.stash.client import StashClient
from plexsync.stash.installation import InstalledPlugin, installed_plugins
from plexsync.sync.checks.finding import Finding, failure, note, warning, well

#: The oldest Stash that answers all that is asked.
OLDEST = (0, 28)
#: Seconds that two clocks may differ.
_SKEW = 60.0


async def stash_findings(stash: StashClient, *, plugin: str, ours: str, now: float) -> list[Finding]:
    """What there is to say of Stash; of one that does not answer only that. `ours` is the version of our plugin."""
    try:
        await stash.healthy()
        status = await stash.status()
        told, plugins = await stash.told_time(), await installed_plugins(stash)
    except SyncError as error:
        return [failure("stash", f"Stash cannot be used: {error.message}", _remedy(error))]
    return [_version(status.version), _clock(told, now), _plugin(plugins, plugin, ours), *_rivals(plugins, plugin)]


def _remedy(error: SyncError) -> str:
    if isinstance(error, NeedsSignIn):
        return "Set stash_api_key to the key under Settings > Security in Stash"
    if isinstance(error, Incompatible):
        return "Open Stash in a browser and do what it asks for, or update it"
    return "Start Stash, and set stash_url to the address by which this machine (or container) reaches it"


def _version(version: str) -> Finding:
    numbers = tuple(int(part) for part in version.lstrip("v").split("-")[0].split(".") if part.isdecimal())
    if numbers and numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return warning("stash", f"Stash answers, but {version} is older than {oldest}", "Update Stash")
    return well("stash", f"Stash {version} answers")


def _clock(told: float | None, now: float) -> Finding:
    if told is None:
        return note("clock", "Stash tells no time, so the clocks cannot be compared")
    if abs(told - now) <= _SKEW:
        return well("clock", "The clocks of Stash and of this machine agree")
    order = "behind" if told < now else "ahead of"
    return warning(
        "clock",
        f"Stash's clock is {span(told - now)} {order} this machine's, so recent changes may be looked for too late",
        "Set both clocks by NTP",
    )


def _plugin(plugins: Sequence[InstalledPlugin], plugin: str, ours: str) -> Finding:
    found = next((one for one in plugins if one.id == plugin), None)
    if found is None:
        return warning(
            "plugin",
            "The plugin is not installed in Stash: changes are found by asking only, up to stash_poll later",
            "Run `plexsync plugin install --plugins-folder DIR`, then Reload plugins in Stash",
        )
    if not found.enabled:
        return warning("plugin", "The plugin is switched off in Stash", "Enable it under Settings > Plugins in Stash")
    if found.version != ours:
        return warning(
            "plugin",
            f"The plugin in Stash has version {found.version or 'unknown'}, this PlexSync brings {ours}",
            "Run `plexsync plugin install --plugins-folder DIR` again, then Reload plugins in Stash",
        )
    return well("plugin", f"The plugin {found.version} is installed and enabled")


def _rivals(plugins: Sequence[InstalledPlugin], plugin: str) -> list[Finding]:
    named = [one for one in plugins if one.id != plugin and "plex" in f"{one.id} {one.name}".casefold()]
    active = [f"{one.name} ({one.id})" for one in named if one.enabled]
    if not active:
        return [well("other plugins", "No other plugin of Stash seems to write to Plex")]
    return [
        warning(
            "other plugins",
            f"Other plugins of Stash seem to write to Plex too: {', '.join(active)}. What one writes the other undoes",
            "Disable them under Settings > Plugins in Stash",
        )
    ]
