"""A package: the archive of parts that modern office documents are, opened within bounds."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias
from urllib.parse import unquote

from lxml import etree

from indexing.extraction.damage import BROKEN_ARCHIVE
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

Element: TypeAlias = etree._Element

_CHUNK = 1 << 20
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
# More parts than any document has; their list alone would fill the memory.
_MOST_PARTS = 100_000


class Package:
    """The parts of an open package; each part that is read counts against the reading's bounds."""

    def __init__(self, archive: zipfile.ZipFile, source: Source, sink: Sink) -> None:
        self._archive = archive
        self._source = source
        self._sink = sink
        self._names = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return name.lstrip("/").lower() in self._names

    @property
    def names(self) -> list[str]:
        """Names of all parts, in the order of the archive."""
        return [info.filename.lstrip("/") for info in self._names.values()]

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Open a part for reading piece by piece; count it with `counted`. Raises KeyError."""
        with self._archive.open(self._names[name.lstrip("/").lower()]) as file:
            yield file

    def read(self, name: str) -> bytes:
        """Return a part. Raises KeyError, or Unreadable (archive_bomb) if it is too large."""
        pieces, size = [], 0
        with self.stream(name) as file:
            while piece := file.read(_CHUNK):
                self._sink.unpack(len(piece))
                size += len(piece)
                if size > self._source.limits.xml_bytes:
                    raise Unreadable("archive_bomb", limit_bytes=self._source.limits.xml_bytes)
                pieces.append(piece)
        return b"".join(pieces)

    def tree(self, name: str) -> Element | None:
        """Return a part's XML; None if there is no such part or nothing of it can be read.

        A part that is damaged is read as far as it goes, and the reading is partial.
        """
        if name not in self:
            return None
        try:
            data = self.read(name)
        except BROKEN_ARCHIVE:
            data = b""
        root, whole = parsed(data)
        if not whole:
            self._sink.stop("corrupt", media_type=self._source.media_type)
        return root

    def elements(self, name: str, tag: str) -> Iterator[Element]:
        """Yield the elements of one name in a part, one after another, each forgotten after use.

        For parts too large for a tree. A part that is damaged is read as far as it goes. Raises
        Unreadable (archive_bomb).
        """
        try:
            with self.stream(name) as file:
                events = etree.iterparse(
                    _Counted(file, self._sink),
                    tag=f"{{*}}{tag}",
                    resolve_entities=False,
                    load_dtd=False,
                    no_network=True,
                    huge_tree=False,
                    remove_comments=True,
                    remove_pis=True,
                )
                for _, element in events:
                    yield element
                    # The element, and what its parent still holds of those before it.
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except (etree.XMLSyntaxError, *BROKEN_ARCHIVE):
            self._sink.stop("corrupt", media_type=self._source.media_type)

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Return a part's relations: id to type (its last word) and target inside the package."""
        folder, base = posixpath.split(name)
        root = self.tree(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for relation in [] if root is None else root.iter(_RELATIONS):
            if relation.get("TargetMode") == "External":
                continue
            kind = relation.get("Type", "").rpartition("/")[2]
            target = posixpath.join("/", folder, unquote(relation.get("Target", "")))
            found[relation.get("Id", "")] = (kind, posixpath.normpath(target).lstrip("/"))
        return found

    def main_part(self, default: str) -> str:
        """Return the name of the part with which the document begins."""
        for kind, target in self.relations("").values():
            if kind == "officeDocument" and target in self:
                return target
        return default


class _Counted:
    """A part that counts what is read of it."""

    def __init__(self, file: IO[bytes], sink: Sink) -> None:
        self._file = file
        self._sink = sink

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._sink.unpack(len(data))
        return data


@contextmanager
def opened(source: Source, sink: Sink) -> Iterator[Package]:
    """Open a package. Raises Unreadable (corrupt)."""
    try:
        archive = zipfile.ZipFile(source.path)
    except BROKEN_ARCHIVE as error:
        raise Unreadable("corrupt", media_type=source.media_type) from error
    with archive:
        if len(archive.infolist()) > _MOST_PARTS:
            raise Unreadable("archive_bomb", limit_bytes=source.limits.unpacked_bytes)
        yield Package(archive, source, sink)


def parsed(data: bytes) -> tuple[Element | None, bool]:
    """Return XML as a tree and whether it was whole.

    Entities are never resolved and nothing is fetched; the parser's own bounds on depth and on
    the growth of text stay on (`huge_tree` off).
    """
    for recover in (False, True):
        parser = etree.XMLParser(
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            recover=recover,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None:
            return root, not recover
    return None, False


def local(element: Element) -> str:
    """Return an element's name without its namespace; ``""`` for what is not an element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str) -> str | None:
    """Return an attribute by its name without namespace; None if it, or the element, is missing.

    The strict and the usual form of these formats differ in their namespaces only.
    """
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first descendant along a path of names without namespace, or None."""
    for name in path:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element


def children(element: Element | None, *path: str) -> Iterator[Element]:
    """Yield what stands in a descendant along a path of names; nothing if there is none."""
    found = child(element, *path)
    yield from () if found is None else found
