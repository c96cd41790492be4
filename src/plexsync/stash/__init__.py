"""Stash: its GraphQL interface and its covers, read over HTTP.

Nothing is written to it; only operations of plugins are run.
"""
