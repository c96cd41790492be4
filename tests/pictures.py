"""Pictures that are told from each other when they come back."""

from __future__ import annotations

import base64
import hashlib
import io

from PIL import Image, ImageChops, ImageDraw, ImageStat

#: Of 255; what JPEG and another size may change on average.
_NEAR = 6.0


def picture(text: str, kind: str = "JPEG", size: tuple[int, int] = (640, 360)) -> bytes:
    """A picture with a text on it, in colours of its own."""
    shade = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    drawn = Image.new("RGB", size, (shade[0], shade[1], shade[2]))
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 0, size[0] // 2, size[1] // 2), fill=(shade[3], shade[4], shade[5]))
    pen.text((size[0] // 10, size[1] // 2), text, fill="white", font_size=size[1] // 10)
    out = io.BytesIO()
    drawn.save(out, kind)
    return out.getvalue()


def data_url(content: bytes, kind: str = "JPEG") -> str:
    """The content as a page uploads it."""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content).decode()}"


def cover(text: str) -> tuple[str, str]:
    """A picture with a text on it: as a data URL, and the hash of its bytes."""
    content = picture(text)
    return data_url(content), sha1_of(content)


def sha1_of(content: bytes) -> str:
    """As Plex names an uploaded picture."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def alike(one: bytes, other: bytes) -> bool:
    """Whether both show the same, whatever their format and size."""
    small = [Image.open(io.BytesIO(each)).convert("RGB").resize((48, 27)) for each in (one, other)]
    means: list[float] = ImageStat.Stat(ImageChops.difference(*small)).mean
    return max(means) < _NEAR


def form(content: bytes) -> tuple[str, tuple[int, int]]:
    """Format and size."""
    opened = Image.open(io.BytesIO(content))
    return str(opened.format), opened.size
