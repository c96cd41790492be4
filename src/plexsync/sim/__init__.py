"""Simulators of Stash and Plex with real HTTP and faults on demand; shipped, and used by demo and tests."""
