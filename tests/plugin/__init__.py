"""The plugin as Stash runs it: a whole process with a call on stdin."""
