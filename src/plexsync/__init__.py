"""PlexSync: metadata that changes in Stash reaches Plex."""
