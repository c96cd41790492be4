"""Why a request is not carried out."""

from __future__ import annotations


class Refused(Exception):
    """The request fails with this text among the answer's `errors`."""
