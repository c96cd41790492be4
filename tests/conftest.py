"""Fixtures of every room."""

pytest_plugins = ["postgres"]
