"""Pictures: the pages of a version as images, drawn once and kept in a cache.

The cache is keyed by the digest of the bytes, so a picture in it is right for ever; it may be
deleted at any time. Who may see a picture is asked before, each time; nothing here knows people.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from indexing.extraction import Limits, media
from indexing.extraction.picture import draw_page
from indexing.extraction.picture import page_sizes as sizes_of
from indexing.extraction.process import ReaderEnded
from portal.errors import FileRefused, NotFound, NotReady
from portal.models import Reading, Version
from portal.resources import Resources
from portal.services.readings import limits_of
from storage import BlobMissing, StorageError

# Two points of the picture for each of the page: sharp on the screens people have.
SCALE = 2.0
# A thumbnail of an A4 page is 150 pixels wide.
SMALL_SCALE = 0.25
# Drawing takes a processor for half a second; a page with twenty pictures must not take them all.
AT_ONCE = 2
DRAWING_SECONDS = 20.0
# The cache is cut back to this size, oldest pictures first.
CACHE_BYTES = 2 * 2**30
_drawing = threading.BoundedSemaphore(AT_ONCE)


def has_pages(reading: Reading | None) -> bool:
    """Whether the version has pages that can be drawn."""
    return reading is not None and reading.media_type == media.PDF


def page_image(resources: Resources, version: Version, number: int, *, small: bool = False) -> Path:
    """The PNG picture of a page (1-based), drawn now or before; small: its thumbnail.

    Raises NotFound when there is no such page, NotReady (render_failed, file_damaged) when it
    cannot be drawn, FileRefused (disk_full) when there is no room for it.
    """
    path = _folder(resources, version) / f"{number}{'-small' if small else ''}.png"
    scale = SMALL_SCALE if small else SCALE
    if path.exists():
        # The cache is cut back by age of use.
        with contextlib.suppress(OSError):
            os.utime(path)
        return path
    if not 1 <= number <= len(page_sizes(resources, version)):
        raise NotFound
    limits = _limits(resources)
    _make(resources, version, path, lambda file: draw_page(file, number, scale, limits))
    return path


def page_sizes(resources: Resources, version: Version) -> list[tuple[float, float]]:
    """Width and height of each page in points, in which the boxes of places are given too.

    Raises NotReady and FileRefused as `page_image` does.
    """
    path = _folder(resources, version) / "sizes.json"
    if not path.exists():
        limits = _limits(resources)
        _make(resources, version, path, lambda file: json.dumps(sizes_of(file, limits)).encode())
    return [(width, height) for width, height in json.loads(path.read_bytes())]


def cut_back(resources: Resources, limit: int = CACHE_BYTES) -> int:
    """Remove pictures not looked at for longest until the cache is below `limit` bytes.

    Returns how many were removed.
    """
    found = []
    for path in _cache(resources).rglob("*.*"):
        # Another process may be cutting back too.
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found.append((stat.st_mtime, stat.st_size, path))
    total, removed = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total, removed = total - size, removed + 1
    return removed


def _limits(resources: Resources) -> Limits:
    """A person waits for the picture, and a page that takes longer will not come at all."""
    return replace(limits_of(resources), seconds=DRAWING_SECONDS, seconds_per_page=0.0)


def _cache(resources: Resources) -> Path:
    return resources.settings.data_folder / "cache" / "pages"


def _folder(resources: Resources, version: Version) -> Path:
    return _cache(resources) / version.digest


def _make(
    resources: Resources, version: Version, path: Path, draw: Callable[[Path], bytes]
) -> None:
    """Draw and keep. Two may draw the same page: both pictures are right, the second one stays."""
    with _errors_told():
        with _drawing, resources.store.local_path(version.digest) as file:
            content = draw(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            waiting.write_bytes(content)
            # A reader sees the whole picture or none.
            waiting.replace(path)
        finally:
            waiting.unlink(missing_ok=True)


@contextlib.contextmanager
def _errors_told() -> Iterator[None]:
    try:
        yield
    except ReaderEnded as error:
        raise NotReady("render_failed") from error
    except BlobMissing as error:
        raise NotReady("file_damaged") from error
    except StorageError as error:
        raise NotReady("store_unavailable") from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FileRefused("disk_full") from error
