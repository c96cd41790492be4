"""Reconciliation: both sides are searched for gaps."""
