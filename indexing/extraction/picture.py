"""Pictures of pages: drawn in the reading process, asked for from outside.

A page is one of a PDF, of a scan, or the one of a picture file.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from indexing.extraction import media
from indexing.extraction.limits import Limits
from indexing.extraction.process import Message, run
from indexing.extraction.unreadable import Unreadable

if TYPE_CHECKING:
    from PIL import Image

# Files that have pages which can be drawn.
DRAWN = frozenset({media.PDF}) | media.IMAGES
# Photographs: without loss they would be ten times as large and look the same.
_PHOTOGRAPHS = frozenset({media.JPEG, media.HEIF})
_PHOTOGRAPH_QUALITY = 88
# Four times 72 dots an inch is more than a screen shows of a page; larger ones only cost memory.
_MOST_SCALE = 6.0
_LEAST_SCALE = 0.05
# About A3 at 300 dots an inch, 70 MB while it is drawn.
_MOST_PIXELS = 18_000_000
# Of a picture file more is no sharper on a screen, however far one zooms.
_MOST_PICTURE_PIXELS = 6_000_000


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn of a file of the kind `media_type`: one page, counted from 1.

    scale: pixels for a page unit (a point of 1/72 inch; of a picture file its own pixel, never
    enlarged), bounded so that no picture has more than 18 million pixels. Boxes of places times the
    scale are pixels of the picture. side: instead, the longest side in pixels. mark: words drawn
    over the whole of it.
    """

    page: int
    media_type: str = media.PDF
    scale: float = 2.0
    side: int | None = None
    mark: str = ""


def ending(media_type: str | None) -> str:
    """Return the ending of a picture of a page of such a file: «jpg» for photographs."""
    return "jpg" if media_type in _PHOTOGRAPHS else "png"


def draw_page(
    path: Path,
    drawing: Drawing,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    password: str | None = None,
) -> bytes:
    """Return a page as a PNG picture, or JPEG as `ending` says, drawn in a process of its own.

    Raises ReaderEnded if it cannot be drawn (its notice says why; page_unreadable where there is
    no such page), OSError if the file cannot be opened.
    """
    job = {"do": "draw", **asdict(drawing)}
    return base64.b64decode(str(_asked(job, path, limits, password)["picture"]))


def page_sizes(
    path: Path,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    password: str | None = None,
    media_type: str = media.PDF,
) -> list[tuple[float, float]]:
    """Return width and height of each page as shown, in points, of a picture file in its pixels.

    At most `limits.pages` of them. Raises ReaderEnded and OSError as `draw_page` does.
    """
    job: Message = {"do": "sizes", "media_type": media_type}
    sizes = _asked(job, path, limits, password)["sizes"]
    return [(float(width), float(height)) for width, height in cast("list[list[float]]", sizes)]


def draw(job: Mapping[str, Any], limits: Limits) -> Message:
    """Do a drawing job inside the reading process. Raises Unreadable."""
    pages = _pdf_pages if job["media_type"] == media.PDF else _picture_pages
    if job["do"] == "sizes":
        return {"sizes": pages(job, limits, None)}
    wanted = Drawing(**{name: job[name] for name in Drawing.__slots__})
    return {"picture": _encoded(pages(job, limits, wanted), wanted)}


def _pdf_pages(job: Mapping[str, Any], limits: Limits, wanted: Drawing | None) -> Any:
    """The page as a picture; the sizes of all where none is wanted."""
    import pypdfium2

    from indexing.extraction.pdf import opened

    with closing(opened(job["path"], job["password"])) as document:
        if wanted is None:
            count = min(len(document), limits.pages)
            return [document.get_page_size(number) for number in range(count)]
        if not 1 <= wanted.page <= len(document):
            raise Unreadable("page_unreadable", page=wanted.page)
        try:
            with closing(document[wanted.page - 1]) as page:
                return page.render(scale=_scale(page.get_size(), wanted)).to_pil()
        except (pypdfium2.PdfiumError, ValueError) as error:
            raise Unreadable("page_unreadable", page=wanted.page) from error


def _picture_pages(job: Mapping[str, Any], limits: Limits, wanted: Drawing | None) -> Any:
    """The same of a picture file."""
    from indexing.extraction import raster

    kind = job["media_type"]
    with raster.opened(Path(job["path"]), kind) as picture:
        count = min(raster.frames(picture, kind), limits.pages)
        if wanted is None:
            return [raster.upright_size(picture, number) for number in range(1, count + 1)]
        if not 1 <= wanted.page <= count:
            raise Unreadable("page_unreadable", page=wanted.page)
        raster.turn_to(picture, wanted.page, limits)
        return raster.drawn(picture, picture_scale(picture.size, wanted))


def _scale(size: tuple[float, float], wanted: Drawing) -> float:
    side = max(*size, 1.0)
    return bounded_scale(*size, wanted.side / side if wanted.side else wanted.scale)


def bounded_scale(width: float, height: float, scale: float) -> float:
    """Return the scale, or the largest at which a page of this size (points) stays in bounds."""
    area = max(width, 1.0) * max(height, 1.0)
    largest = min(_MOST_SCALE, math.sqrt(_MOST_PIXELS / area))
    return max(min(scale, largest), min(_LEAST_SCALE, largest))


def picture_scale(size: tuple[int, int], wanted: Drawing) -> float:
    """Return the share of a picture file's own pixels in which it is drawn: at most 1."""
    largest = math.sqrt(_MOST_PICTURE_PIXELS / (size[0] * size[1]))
    return min(1.0, largest, wanted.side / max(size) if wanted.side else wanted.scale)


def _encoded(picture: Image.Image, wanted: Drawing) -> str:
    if wanted.mark:
        from indexing.extraction.watermark import marked

        picture = marked(picture, wanted.mark)
    buffer = BytesIO()
    if ending(wanted.media_type) == "jpg":
        picture.convert("RGB").save(buffer, "JPEG", quality=_PHOTOGRAPH_QUALITY)
    else:
        # Level 1: half a second faster for a page than the usual level, and a tenth larger.
        picture.save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _asked(job: Message, path: Path, limits: Limits, password: str | None) -> Message:
    """Have the reading process do a job with one answer."""
    answers: list[Message] = []
    whole = {**job, "path": str(path.resolve(strict=True)), "password": password}
    run(whole, limits, answers.append)
    return answers[-1] if answers else {}
