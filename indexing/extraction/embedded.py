"""Documents that lie in office documents: a workbook in a text, a text on a slide."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from indexing.extraction.damage import BROKEN_ARCHIVE
from indexing.extraction.package import Package
from indexing.extraction.parts import read_part
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source

_KIND = "package"


def read_embedded(
    package: Package, relations: Iterable[tuple[str, str]], source: Source, sink: Sink
) -> None:
    """Read what the relations (type and target) of a part embed, each as a part of the file.

    The workbook behind a chart hangs on the chart, whose numbers are read from the chart itself.
    Raises Unreadable when a bound of the whole reading is reached.
    """
    for kind, target in relations:
        if kind == _KIND:
            read_member(package, target, source, sink)


def read_member(package: Package, name: str, source: Source, sink: Sink) -> None:
    """Read a member of the package, if there is one of this name, as a part of the file.

    Raises Unreadable when a bound of the whole reading is reached.
    """
    if name not in package:
        return
    shown = posixpath.basename(name)
    try:
        with package.stream(name) as content:
            read_part(source, sink, shown, content)
    except BROKEN_ARCHIVE:
        sink.part_not_read(shown, "corrupt")
