"""Pictures: the pages of a version as images, drawn once and kept in a cache.

The cache is keyed by the digest of the bytes and by the words over the page, so a picture in it is
right for ever and never shows one person the mark of another; it may be deleted at any time. Who
may see a picture is asked before, each time.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from indexing.extraction import Limits
from indexing.extraction.picture import DRAWN, Drawing, draw_page, ending
from indexing.extraction.picture import page_sizes as sizes_of
from indexing.extraction.process import ReaderEnded
from portal.errors import FileRefused, NotFound, NotReady
from portal.models import Reading, Version
from portal.permissions import Action
from portal.resources import Resources
from portal.services import readings, viewing
from portal.services.file_kinds import OTHER, kind_of
from portal.services.readings import limits_of
from portal.unit_of_work import UnitOfWork
from storage import BlobMissing, StorageError

# Two points of the picture for each of the page: sharp on the screens people have.
SCALE = 2.0
# The longer side of a thumbnail in pixels: an A4 page is 170 wide.
SMALL_SIDE = 240
# Drawing takes a processor for half a second; a page with twenty pictures must not take them all.
AT_ONCE = 2
DRAWING_SECONDS = 20.0
# The cache is cut back to this size, oldest pictures first.
CACHE_BYTES = 2 * 2**30
_drawing = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Pages:
    """The pages of a version this person may see, to be drawn outside of any transaction.

    mark: the words over them; empty where the person may have the original too.
    """

    digest: str
    media_type: str
    mark: str = ""


@dataclass(frozen=True)
class Preview:
    """What a list shows of a version before its name: the kind of file, as in `file_kinds`, and
    whether there is a small picture of its first page."""

    kind: str = OTHER
    drawn: bool = False


def preview(reading: Reading | None) -> Preview:
    """The preview by what the reading knows of the file; None before there is one."""
    if reading is None:
        return Preview()
    drawn = reading.media_type in DRAWN and bool(reading.pages)
    return Preview(kind_of(reading.media_type), drawn)


def previews(uow: UnitOfWork, versions: Iterable[Version]) -> dict[int, Preview]:
    """Previews of versions this person was permitted to see before, by their row ids."""
    wanted = [version.id for version in versions]
    found = uow.session.scalars(
        select(Reading).where(Reading.version_id.in_(wanted), Reading.current)
    )
    return dict.fromkeys(wanted, Preview()) | {each.version_id: preview(each) for each in found}


def pages(uow: UnitOfWork, version_id: str) -> Pages | None:
    """The pages of a version; None where its file has none that can be drawn.

    Raises NotFound and Forbidden.
    """
    version = uow.load(Version, version_id, Action.VIEW_VERSION)
    reading = readings.current(uow, version)
    if reading is None or reading.media_type not in DRAWN:
        return None
    return Pages(version.digest, reading.media_type, viewing.mark(uow, version))


def page_image(resources: Resources, pages: Pages, number: int, *, small: bool = False) -> Path:
    """The picture of a page (1-based), drawn now or before; small: its thumbnail.

    Raises NotFound when there is no such page, NotReady (render_failed, file_damaged) when it
    cannot be drawn, FileRefused (disk_full) when there is no room for it.
    """
    path = _folder(resources, pages) / _name(pages, number, small)
    if path.exists():
        # The cache is cut back by age of use.
        with contextlib.suppress(OSError):
            os.utime(path)
        return path
    # There is a first page; lists, which show it, need not wait until all are counted.
    if number != 1 and not 1 <= number <= len(page_sizes(resources, pages)):
        raise NotFound
    side = SMALL_SIDE if small else None
    drawing = Drawing(number, pages.media_type, SCALE, side, pages.mark)
    limits = _limits(resources)
    _make(resources, pages, path, lambda file: draw_page(file, drawing, limits))
    return path


def page_sizes(resources: Resources, pages: Pages) -> list[tuple[float, float]]:
    """Width and height of each page in points, of a picture file in its pixels, in which the boxes
    of places are given too.

    Raises NotReady and FileRefused as `page_image` does.
    """
    path = _folder(resources, pages) / "sizes.json"
    if not path.exists():
        limits, kind = _limits(resources), pages.media_type
        _make(
            resources,
            pages,
            path,
            lambda file: json.dumps(sizes_of(file, limits, media_type=kind)).encode(),
        )
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


def _folder(resources: Resources, pages: Pages) -> Path:
    return _cache(resources) / pages.digest


def _name(pages: Pages, number: int, small: bool) -> str:
    size = "-small" if small else ""
    mark = f"-{hashlib.sha256(pages.mark.encode()).hexdigest()[:32]}" if pages.mark else ""
    return f"{number}{size}{mark}.{ending(pages.media_type)}"


def _make(resources: Resources, pages: Pages, path: Path, draw: Callable[[Path], bytes]) -> None:
    """Draw and keep. Two may draw the same page: both pictures are right, the second one stays."""
    with _errors_told():
        with _drawing, resources.store.local_path(pages.digest) as file:
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
