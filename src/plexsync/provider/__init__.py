"""The metadata provider: Plex asks it while it scans, and it asks Stash."""
