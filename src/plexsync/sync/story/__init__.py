"""The story of one scene on one server: find, plan, write, read back, remember, and undo."""
