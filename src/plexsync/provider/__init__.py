"""The metadata provider: Plex asks it while it scans, and it asks Stash."""

from plexsync.provider.provider import Provider, Rest
from plexsync.provider.routes import provider_routes

__all__ = ["Provider", "Rest", "provider_routes"]
