"""Reader of pictures: photographs, screenshots, scans of one or many pages."""

from __future__ import annotations

from PIL import Image

from indexing.extraction.ocr import recognised
from indexing.extraction.raster import frames, opened, turn_to, upright
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.stream import PageStream, Scan
from indexing.extraction.unreadable import Unreadable

_UNCERTAIN = 0.75
_WHOLE = Scan()


def read(source: Source, sink: Sink) -> None:
    """Read the text of a picture, page by page, by optical recognition.

    Raises Unreadable (corrupt, image_too_large, ocr_unavailable).
    """
    if not source.limits.ocr:
        raise Unreadable("ocr_unavailable")
    with opened(source.path, source.media_type) as picture:
        _read_frames(picture, source, sink)


def _read_frames(picture: Image.Image, source: Source, sink: Sink) -> None:
    count = frames(picture, source.media_type)
    wanted = min(count, source.limits.pages)
    sink.set_pages(count)
    stream = PageStream(sink)
    for number in range(1, wanted + 1):
        sink.progress(number - 1, wanted)
        turn_to(picture, number, source.limits)
        read_picture(upright(picture), number, stream, sink)
    stream.close()
    if count > wanted:
        sink.stop("too_many_pages", pages=count, limit=wanted)


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
