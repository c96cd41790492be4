"""Against a real Stash: what it does with the plugin, and what then is in Plex.

They run where PLEXSYNC_LIVE_STASH is set, edit that Stash without mercy, and print what they measured with `-s`.
"""
