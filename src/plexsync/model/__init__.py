"""The facts and decisions of PlexSync, as plain values. Standard library only; nothing here does I/O."""
