"""Addresses at which Plex may fetch pictures without a key: signed, and valid for ever."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from plexsync.art.sources import PictureKind
from plexsync.model.pictures import Recipe, Shape

#: The first part of the path.
ROOT = "art"
_SUFFIX = ".jpg"
_VERSION = 12
_SIGNED = 32
#: Nothing else is served, whoever signed it.
SERVED = frozenset({PictureKind.SCENE, PictureKind.PERFORMER, PictureKind.STUDIO, PictureKind.GROUP})
_KINDS = frozenset(kind.value for kind in SERVED)
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_OF_SCENE = re.compile(rf"https?://.+/{ROOT}/{PictureKind.SCENE}/\d+/[^/]+/[0-9a-f]{{{_SIGNED}}}{re.escape(_SUFFIX)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Whose picture it is, and the first digits of the sha1 that it had when the address was made.

    `recipe` is what is made of it; None: what is made of all that belong to no library.
    """

    kind: PictureKind
    id: int
    version: str
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Makes and reads addresses. `base` is where Plex reaches PlexSync, without a final slash."""

    key: str = field(repr=False)
    base: str

    def of(self, kind: PictureKind, number: int, sha1: str, recipe: Recipe | None = None) -> str:
        """The whole address of a picture; another one once the picture is another one."""
        version = sha1[:_VERSION] + ("" if recipe is None else f".{recipe.shape.value}-{recipe.edge}-{recipe.quality}")
        return f"{self.base}/{ROOT}/{kind.value}/{number}/{version}/{self._signature(kind, number, version)}{_SUFFIX}"

    def read(self, kind: str, number: str, version: str, name: str) -> Address | None:
        """What the parts of a path mean; None where we did not sign them."""
        if kind not in _KINDS or not _NUMBER.fullmatch(number):
            return None
        owner = PictureKind(kind)
        signed = self._signature(owner, int(number), version) + _SUFFIX
        if not hmac.compare_digest(signed.encode(), name.encode()):
            return None
        sha1, _, recipe = version.partition(".")
        return Address(kind=owner, id=int(number), version=sha1, recipe=_recipe(recipe))

    def made(self, address: str) -> bool:
        """Whether it is one of ours, wherever Plex reached us when it was made."""
        parts = address.split("/")[-5:]
        return len(parts) == 5 and parts[0] == ROOT and self.read(*parts[1:]) is not None

    def _signature(self, kind: PictureKind, number: int, version: str) -> str:
        text = f"{ROOT}/{kind.value}/{number}/{version}"
        return hmac.new(self.key.encode(), text.encode(), hashlib.sha256).hexdigest()[:_SIGNED]


def is_of_scene(address: str) -> bool:
    """Whether it has the form of our addresses of covers, whoever signed it."""
    return _OF_SCENE.fullmatch(address) is not None


def _recipe(text: str) -> Recipe | None:
    """The recipe that we signed."""
    if not text:
        return None
    shape, edge, quality = text.split("-")
    return Recipe(shape=Shape(shape), edge=int(edge), quality=int(quality))
