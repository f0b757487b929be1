"""Pictures of pages: drawn in the reading process, asked for from outside."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from indexing.extraction.limits import Limits
from indexing.extraction.process import Message, run
from indexing.extraction.unreadable import Unreadable

# Four times 72 dots an inch is more than a screen shows of a page; larger ones only cost memory.
_MOST_SCALE = 6.0
_LEAST_SCALE = 0.05
# About A3 at 300 dots an inch, 70 MB while it is drawn.
_MOST_PIXELS = 18_000_000


def draw_page(
    path: Path,
    page: int,
    scale: float = 2.0,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    password: str | None = None,
) -> bytes:
    """Return a page of a PDF as a PNG picture, drawn in a process of its own.

    page: 1-based. scale: pixels for a point (1/72 inch); bounded, so that no picture has more
    than 18 million pixels. Boxes of places times the scale are pixels of the picture.

    Raises ReaderEnded if it cannot be drawn (its notice says why; page_unreadable where there is
    no such page), OSError if the file cannot be opened.
    """
    job = {"do": "draw", "page": page, "scale": scale}
    return base64.b64decode(str(_asked(job, path, limits, password)["picture"]))


def page_sizes(
    path: Path,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    password: str | None = None,
) -> list[tuple[float, float]]:
    """Return width and height of each page of a PDF as shown, in points.

    At most `limits.pages` of them. Raises ReaderEnded and OSError as `draw_page` does.
    """
    sizes = _asked({"do": "sizes"}, path, limits, password)["sizes"]
    return [(float(width), float(height)) for width, height in cast("list[list[float]]", sizes)]


def draw(job: Mapping[str, Any], limits: Limits) -> Message:
    """Do a drawing job inside the reading process. Raises Unreadable."""
    from indexing.extraction.pdf import opened

    with closing(opened(job["path"], job["password"])) as document:
        if job["do"] == "sizes":
            count = min(len(document), limits.pages)
            return {"sizes": [document.get_page_size(number) for number in range(count)]}
        return {"picture": _picture(document, int(job["page"]), float(job["scale"]))}


def _picture(document: Any, number: int, scale: float) -> str:
    import pypdfium2

    if not 1 <= number <= len(document):
        raise Unreadable("page_unreadable", page=number)
    try:
        with closing(document[number - 1]) as page:
            width, height = page.get_size()
            bitmap = page.render(scale=bounded_scale(width, height, scale))
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise Unreadable("page_unreadable", page=number) from error
    buffer = BytesIO()
    # Level 1: half a second faster for a page than the usual level, and a tenth larger.
    bitmap.to_pil().save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def bounded_scale(width: float, height: float, scale: float) -> float:
    """Return the scale, or the largest at which a page of this size (points) stays in bounds."""
    area = max(width, 1.0) * max(height, 1.0)
    largest = min(_MOST_SCALE, math.sqrt(_MOST_PIXELS / area))
    return max(min(scale, largest), min(_LEAST_SCALE, largest))


def _asked(job: Message, path: Path, limits: Limits, password: str | None) -> Message:
    """Have the reading process do a job with one answer."""
    answers: list[Message] = []
    whole = {**job, "path": str(path.resolve(strict=True)), "password": password}
    run(whole, limits, answers.append)
    return answers[-1] if answers else {}
