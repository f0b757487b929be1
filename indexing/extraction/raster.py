"""Picture files opened with bounds: one picture, or the pages of a scan."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from indexing.extraction import media
from indexing.extraction.canvas import opaque
from indexing.extraction.limits import Limits
from indexing.extraction.unreadable import Unreadable

# What the decoders raise for damaged files.
_BROKEN = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    IndexError,
    KeyError,
    Image.DecompressionBombError,
)
# Of a moving picture the first frame is read; the pages of a scan are all read.
_PAGED = frozenset({media.TIFF})
_ORIENTATION = 0x0112
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})


@contextmanager
def opened(path: Path, media_type: str) -> Iterator[Image.Image]:
    """Open a picture file. Raises Unreadable (corrupt, unsupported_type), also for the body."""
    # The bound is ours, and counts before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    if media_type == media.HEIF:
        try:
            import pi_heif
        except ImportError as error:
            raise Unreadable("unsupported_type", media_type=media.HEIF) from error
        pi_heif.register_heif_opener()
    try:
        with Image.open(path) as picture:
            yield picture
    except _BROKEN as error:
        raise Unreadable("corrupt", media_type=media_type) from error


def frames(picture: Image.Image, media_type: str) -> int:
    """Return how many pages an open picture has."""
    return int(getattr(picture, "n_frames", 1)) if media_type in _PAGED else 1


def turn_to(picture: Image.Image, number: int, limits: Limits) -> None:
    """Go to a page (1-based), undecoded. Raises Unreadable (image_too_large)."""
    picture.seek(number - 1)
    pixels = picture.width * picture.height
    if pixels > limits.pixels:
        raise Unreadable("image_too_large", pixels=pixels, limit=limits.pixels)


def upright(picture: Image.Image) -> Image.Image:
    """Return the page turned as the camera was held; places are given on it as it is shown."""
    return ImageOps.exif_transpose(picture)


def upright_size(picture: Image.Image, number: int) -> tuple[int, int]:
    """Return width and height of a page as it is shown, without decoding it."""
    picture.seek(number - 1)
    width, height = picture.size
    turned = picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    return (height, width) if turned else (width, height)


def drawn(picture: Image.Image, share: float) -> Image.Image:
    """Return the page that was turned to as it is shown, each side reduced to this share."""
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    # A photograph is decoded no larger than it is needed, which takes a tenth of the time.
    picture.draft(None, size)
    shown = upright(picture)
    grey = shown.mode in ("1", "L") and "transparency" not in shown.info
    shown = shown.convert("L") if grey else opaque(shown)
    if (shown.width > shown.height) != (size[0] > size[1]):
        size = (size[1], size[0])
    return shown.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
