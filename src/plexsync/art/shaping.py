"""From any picture to the JPEG that Plex gets. Pure: the same bytes for the same source and recipe."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import ExifTags, Image, ImageFilter, ImageOps, UnidentifiedImageError

from plexsync.model.pictures import Recipe, Shape

#: A picture that is fine as it is, is sent as it is.
KEEP_BELOW_BYTES = 2 * 1024**2
#: Plex takes about 10 MB at most; quality, and then size, go down before a picture has more than this.
LARGEST_BYTES = 5_000_000
#: Pixels of the largest picture that is decoded: 200 MB of memory.
LARGEST_PIXELS = 50_000_000
_LOWEST_QUALITY = 45
_QUALITY_STEP = 10
#: Bytes of the largest profile of colours that is kept: nothing makes a picture smaller than that.
_LARGEST_PROFILE = 1_000_000
#: So near to 2:3 a picture is a poster as it is.
_NEARLY = 0.02
#: What browsers show, and so what people put into Stash.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP")
_UNKNOWN = "it is no picture as JPEG, PNG, GIF, WebP, AVIF or BMP, or only a piece of one"
#: What sets a picture upright, by the orientation that its camera noted.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: What Pillow raises, depending on the format, where a file is not what its first bytes promise.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    UserWarning,
)


class UnreadablePictureError(Exception):
    """The bytes are no picture that can be read."""


def shaped(content: bytes, recipe: Recipe) -> bytes:
    """The JPEG of a picture. UnreadablePictureError where it is none, is cut short, or is too large to decode."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise UnreadablePictureError(f"it has {picture.width} x {picture.height} pixels, which is too many")
            if _is_fine(picture, content, recipe):
                picture.load()
                return content
            return _encoded(_framed(_plain(picture, recipe.edge), recipe), recipe.quality)
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(_UNKNOWN) from error
    except _BROKEN as error:
        raise UnreadablePictureError(str(error) or type(error).__name__) from error


def _is_fine(picture: Image.Image, content: bytes, recipe: Recipe) -> bool:
    plain = picture.format == "JPEG" and picture.mode in ("RGB", "L") and _turn(picture) is None
    fits = max(picture.size) <= recipe.edge and len(content) <= KEEP_BELOW_BYTES
    return plain and fits and (recipe.shape is Shape.ORIGINAL or _is_poster(picture.size))


def _turn(picture: Image.Image) -> Image.Transpose | None:
    try:
        return _UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        # Notes of a camera that cannot be read do not make the picture unreadable.
        return None


def _is_poster(size: tuple[int, int]) -> bool:
    return abs(size[0] * 3 / (size[1] * 2) - 1) <= _NEARLY


def _plain(picture: Image.Image, edge: int) -> Image.Image:
    """The first frame, upright, in 8 bits of red, green and blue, no larger than `edge`."""
    # A JPEG is decoded in a fraction of its size where that is enough.
    picture.draft("RGB", (edge, edge))
    profile = picture.info.get("icc_profile") if picture.mode == "RGB" else None
    profile = profile if profile and len(profile) <= _LARGEST_PROFILE else None
    turn = _turn(picture)
    ready = _of_eight_bits(picture)
    # Before anything else is made of it: a large picture is large in memory each time.
    ready.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    ready = _on_black(ready)
    ready = ready if turn is None else ready.transpose(turn)
    ready.info = {"icc_profile": profile} if profile else {}
    return ready


def _of_eight_bits(picture: Image.Image) -> Image.Image:
    """The same in red, green and blue, with its transparency if it has one."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("RGB", "L", "CMYK", "YCbCr", "F") and "transparency" not in picture.info:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    return picture if picture.mode == "RGBA" else picture.convert("RGBA")


def _on_black(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _framed(picture: Image.Image, recipe: Recipe) -> Image.Image:
    if recipe.shape is Shape.ORIGINAL or _is_poster(picture.size):
        return picture
    size = _poster_size(picture.size, recipe.edge)
    ground = ImageOps.fit(picture, size, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(size[0] / 25))
    ground = ground.point(lambda value: value * 0.6)
    whole = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    ground.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    ground.info = picture.info
    return ground


def _poster_size(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """The smallest 2:3 that holds the picture in its own size, or the largest that `edge` allows."""
    width = max(2, min(max(size[0], round(size[1] * 2 / 3)), edge * 2 // 3))
    return width, max(3, round(width * 3 / 2))


def _encoded(picture: Image.Image, quality: int) -> bytes:
    while True:
        out = io.BytesIO()
        profile = picture.info.get("icc_profile")
        picture.save(out, "JPEG", quality=quality, optimize=True, icc_profile=profile)
        if out.tell() <= LARGEST_BYTES:
            return out.getvalue()
        if quality - _QUALITY_STEP >= _LOWEST_QUALITY:
            quality -= _QUALITY_STEP
        else:
            smaller = (max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4))
            picture = picture.resize(smaller, Image.Resampling.LANCZOS)
