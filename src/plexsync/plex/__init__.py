"""The client for Plex Media Server; nothing outside this package speaks to it, and only its writer writes."""
