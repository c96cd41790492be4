"""The files of an item, as Plex describes them: versions, their parts, and the streams in them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from plexsync.sim.plex.rows import OtherFile
from plexsync.sim.plex.tree import Node, Scalar

if TYPE_CHECKING:
    from plexsync.sim.plex.rows import Item
    from plexsync.sim.plex.store import Store


def media_nodes(store: Store, item: Item, *, detail: bool, check: bool) -> list[Node]:
    """One element for each version, with its parts; streams only in details, existence only on request."""
    first = OtherFile(id=item.key, path=item.path, size=item.size, is_part=False)
    versions = [[first, *(other for other in item.others if other.is_part)]]
    versions += [[other] for other in item.others if not other.is_part]
    return [_version(store, item, files, detail=detail, check=check) for files in versions]


def _version(store: Store, item: Item, files: list[OtherFile], *, detail: bool, check: bool) -> Node:
    parts = [_part(store, item, file, detail=detail, check=check) for file in files]
    facts: dict[str, Scalar] = {
        "id": files[0].id,
        "duration": item.duration,
        "bitrate": 2680,
        "width": 1920,
        "height": 1080,
        "aspectRatio": 1.78,
        "audioChannels": 2,
        "audioCodec": "aac",
        "videoCodec": "h264",
        "videoResolution": "1080",
        "container": _suffix(files[0].path),
        "videoFrameRate": "24p",
        "optimizedForStreaming": 1,
        "audioProfile": "lc",
        "has64bitOffsets": False,
        "videoProfile": "high",
    }
    return Node("Media", facts, parts)


def _part(store: Store, item: Item, file: OtherFile, *, detail: bool, check: bool) -> Node:
    there = store.present(file.path) if check else None
    suffix = _suffix(file.path)
    facts: dict[str, Scalar] = {
        "accessible": there,
        "exists": there,
        "id": file.id,
        "key": f"/library/parts/{file.id}/{item.added_at}/file.{suffix}",
        "duration": item.duration,
        "file": file.path,
        "size": file.size,
        "audioProfile": "lc",
        "container": suffix,
        "has64bitOffsets": False,
        "optimizedForStreaming": True,
        "videoProfile": "high",
    }
    return Node("Part", facts, _streams(file.id) if detail else [])


def _streams(part: int) -> list[Node]:
    picture: dict[str, Scalar] = {
        "id": part * 2,
        "streamType": 1,
        "default": True,
        "codec": "h264",
        "index": 0,
        "bitrate": 2552,
        "frameRate": 24.0,
        "height": 1080,
        "width": 1920,
        "displayTitle": "1080p (H.264)",
    }
    sound: dict[str, Scalar] = {
        "id": part * 2 + 1,
        "streamType": 2,
        "selected": True,
        "default": True,
        "codec": "aac",
        "index": 1,
        "channels": 2,
        "bitrate": 128,
        "samplingRate": 48000,
        "displayTitle": "Unknown (AAC Stereo)",
    }
    return [Node("Stream", picture), Node("Stream", sound)]


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lstrip(".") or "mp4"
