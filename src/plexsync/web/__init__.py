"""PlexSync over HTTP: events in, facts out, and the wishes of people."""
