"""PlexSync over HTTP."""
