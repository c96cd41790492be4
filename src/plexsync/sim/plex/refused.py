"""What the server does not do."""

from __future__ import annotations


class Refused(Exception):
    """The server does not do this; `status` is what it answers."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status
