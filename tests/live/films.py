"""Files that Stash has never met, and the scenes that it makes of them."""

from __future__ import annotations

import uuid
from pathlib import Path

from live.server import Scene, Stash


def film(stash: Stash, path: Path) -> None:
    """A playable file that is like no other: a scene's own, with a box at its end that players skip."""
    path.write_bytes(unlike_any_other(Path(stash.scenes()[0]["files"][0]["path"]).read_bytes()))


def unlike_any_other(content: bytes) -> bytes:
    """The same film in other bytes."""
    return with_filling(content, uuid.uuid4().hex)


def with_filling(content: bytes, text: str) -> bytes:
    """The same film with a text, many times, in a box at its end that players skip."""
    filling = text.encode() * 2048
    return content + (len(filling) + 8).to_bytes(4, "big") + b"free" + filling


def scene_at(stash: Stash, path: Path) -> Scene:
    """The scene of a file."""
    return next(scene for scene in stash.scenes() if str(path) in [file["path"] for file in scene["files"]])
