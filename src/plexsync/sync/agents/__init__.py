"""How Plex comes to ask our metadata provider: what it knows of it, and the steps that register it."""
