"""Tests of the simulated Stash."""
