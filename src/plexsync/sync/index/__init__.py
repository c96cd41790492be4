"""The libraries of Plex and the index of their items, kept in step by looks and by what Plex tells."""
