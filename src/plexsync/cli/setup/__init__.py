"""First steps: questions about Stash and Plex, and the settings file that comes of them."""
