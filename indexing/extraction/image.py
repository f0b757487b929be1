"""Reader of pictures: photographs, screenshots, scans of one or many pages."""

from __future__ import annotations

import struct

from PIL import Image, ImageOps, UnidentifiedImageError

from indexing.extraction import media
from indexing.extraction.ocr import recognised
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.stream import PageStream, Scan
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
_UNCERTAIN = 0.75
_WHOLE = Scan()


def read(source: Source, sink: Sink) -> None:
    """Read the text of a picture, page by page, by optical recognition.

    Raises Unreadable (corrupt, image_too_large, ocr_unavailable).
    """
    if not source.limits.ocr:
        raise Unreadable("ocr_unavailable")
    # The bound is ours, and counts before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with _opened(source) as picture:
            _read_frames(picture, source, sink)
    except _BROKEN as error:
        raise Unreadable("corrupt", media_type=source.media_type) from error


def _opened(source: Source) -> Image.Image:
    if source.media_type == media.HEIF:
        try:
            import pi_heif
        except ImportError as error:
            raise Unreadable("unsupported_type", media_type=media.HEIF) from error
        pi_heif.register_heif_opener()
    return Image.open(source.path)


def _read_frames(picture: Image.Image, source: Source, sink: Sink) -> None:
    frames = getattr(picture, "n_frames", 1) if source.media_type in _PAGED else 1
    wanted = min(frames, source.limits.pages)
    sink.set_pages(frames)
    stream = PageStream(sink)
    for number in range(1, wanted + 1):
        sink.progress(number - 1, wanted)
        picture.seek(number - 1)
        pixels = picture.width * picture.height
        if pixels > source.limits.pixels:
            raise Unreadable("image_too_large", pixels=pixels, limit=source.limits.pixels)
        read_picture(ImageOps.exif_transpose(picture), number, stream, sink)
    stream.close()
    if frames > wanted:
        sink.stop("too_many_pages", pages=frames, limit=wanted)


def read_picture(
    picture: Image.Image, number: int, stream: PageStream, sink: Sink, scan: Scan = _WHOLE
) -> bool:
    """Read one page as a picture; return whether anything was found on it."""
    found = recognised(picture)
    if not found.lines:
        return False
    sink.ocr_page(found.confidence)
    if found.confidence < _UNCERTAIN:
        sink.warn("ocr_uncertain", page=number, confidence=round(found.confidence, 2))
    lines = [line.scaled(1 / scan.scale) for line in found.lines]
    stream.page(number, picture.height / scan.scale, lines, scan.notes)
    return True
