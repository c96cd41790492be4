"""What is made of a picture before Plex gets it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Raised whenever the same recipe gives other bytes for the same source, so that pictures are made anew.
SHAPING_VERSION = 2
#: Stands for the sha1 of a picture that a preview knows to be another one, and did not fetch for that.
UNMADE = "a new picture"


class Shape(StrEnum):
    """The proportion of the picture that Plex gets."""

    ORIGINAL = "original"  #: as it is, made smaller where it is too large
    POSTER = "poster"  #: 2:3: the picture whole, on a blurred copy of itself that fills the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`edge` is the longest edge in pixels, `quality` that of the JPEG from 1 to 95."""

    shape: Shape = Shape.ORIGINAL
    edge: int = 1500
    quality: int = 85

    @property
    def name(self) -> str:
        """What tables call it; another name whenever it gives other bytes."""
        return f"{self.shape.value}-{self.edge}-q{self.quality}-{SHAPING_VERSION}"
