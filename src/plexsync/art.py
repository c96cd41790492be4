"""Pictures on their way from Stash to Plex: fetched once, brought into shape, told apart by their bytes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from plexsync.log import logger
from plexsync.model.errors import OwnDiskError
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.store import pictures
from plexsync.store.fence import Transactions

_log = logger("plexsync.art")

#: Changes whenever `shaped` would give other bytes for the same source, so that pictures are sent again.
RECIPE = "jpeg-1500-q85-1"
_LONGEST_EDGE = 1500
_QUALITY = 85
#: A picture that is fine as it is, is sent as it is.
_KEEP_BELOW_BYTES = 2 * 1024**2
_FOLDER_LIMIT_BYTES = 500 * 1024**2


class UnreadablePictureError(Exception):
    """The bytes are no picture that can be read."""


def shaped(content: bytes) -> bytes:
    """The JPEG that Plex gets: at most 1,500 pixels on its longest edge; the same for the same bytes."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.format == "JPEG" and max(picture.size) <= _LONGEST_EDGE and len(content) <= _KEEP_BELOW_BYTES:
                picture.load()
                return content
            plain = _on_black(picture)
            plain.thumbnail((_LONGEST_EDGE, _LONGEST_EDGE), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=_QUALITY, optimize=True)
            return out.getvalue()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadablePictureError(str(error)) from error


def _on_black(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGB", "L"):
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    ground = Image.new("RGBA", layered.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, layered).convert("RGB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Art:
    """Covers of one Stash. `folder` keeps the shaped bytes until they are uploaded, within about `limit` bytes."""

    folder: Path
    stash: StashClient
    database: Transactions
    limit: int = _FOLDER_LIMIT_BYTES

    async def cover(self, scene: Scene, now: float, *, look: bool = False) -> str | None:
        """The sha1 of the scene's shaped cover, None when it has no own.

        Asks Stash only if the scene was touched, or if told to `look`: by our clock alone one cannot be sure.
        """
        known = await self.database.run(lambda c: pictures.cover(c, scene.id))
        if known is not None and known.recipe != RECIPE:
            known = None
        if known is not None and not look and _still_good(known, scene):
            return known.sha1 or None
        found = await self.stash.cover(scene, known.etag if known is not None else None)
        if found.kind == "unchanged" and known is not None:
            sha1 = known.sha1
        else:
            sha1 = await self._keep(scene, found.content) if found.kind == "picture" else ""
        # What could not be read may have been cut on its way: it is fetched anew at every look.
        read = bool(sha1) or found.kind == "none"
        row = pictures.Cover(
            scene=scene.id,
            etag=(found.etag or "") if read else "",
            sha1=sha1,
            recipe=RECIPE,
            checked_for=scene.updated_at if read else "",
            checked_at=now,
        )
        await self.database.run(lambda c: pictures.set_cover(c, row))
        return sha1 or None

    async def content(self, scene: Scene, sha1: str) -> bytes | None:
        """The bytes of a cover that `cover` told of; None when Stash shows another one by now."""
        kept = await asyncio.to_thread(self._load, sha1)
        if kept is not None:
            return kept
        found = await self.stash.cover(scene)
        if found.kind != "picture" or await self._keep(scene, found.content) != sha1:
            return None
        return await asyncio.to_thread(self._load, sha1)

    def _load(self, sha1: str) -> bytes | None:
        """The bytes that were kept, unless they are gone or a power cut left something else in their place."""
        try:
            content = (self.folder / f"{sha1}.jpg").read_bytes()
        except OSError:
            return None
        return content if _sha1(content) == sha1 else None

    async def _keep(self, scene: Scene, content: bytes) -> str:
        """The sha1 of the shaped bytes, which are kept; "" when they are no picture."""
        try:
            return await asyncio.to_thread(self._store, content)
        except UnreadablePictureError as error:
            _log.warning("the cover cannot be read as a picture, the poster stays", scene=scene.id, reason=str(error))
            return ""
        except OSError as error:
            raise OwnDiskError(
                f"the cover cannot be kept in {self.folder} ({error.strerror}): make room on its disk, or let "
                "PlexSync's user write there"
            ) from error

    def _store(self, content: bytes) -> str:
        ready = shaped(content)
        sha1 = _sha1(ready)
        self.folder.mkdir(parents=True, exist_ok=True)
        # Two scenes with one cover may be here at the same time.
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".tmp", delete=False) as half:
            written = Path(half.name)
            try:
                half.write(ready)
                half.flush()
                written.replace(self.folder / f"{sha1}.jpg")
            except OSError:
                written.unlink(missing_ok=True)
                raise
        # The folder may be large, and one look in a while is enough.
        if sha1.startswith("0"):
            self._trim()
        return sha1

    def _trim(self) -> None:
        kept: list[tuple[float, int, Path]] = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                facts = path.stat()
                kept.append((facts.st_mtime, facts.st_size, path))
        total = 0
        for _, size, path in sorted(kept, reverse=True):
            total += size
            if total > self.limit:
                path.unlink(missing_ok=True)


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _still_good(known: pictures.Cover, scene: Scene) -> bool:
    """The cover cannot have changed: every change of it moves `updated_at`."""
    settled = scene.surely_touched_before
    return settled is not None and known.checked_for == scene.updated_at and known.checked_at > settled
