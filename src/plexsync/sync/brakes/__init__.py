"""Bulk work that takes away or renames: counted, held, judged, and asked about."""
