"""Forms that a PDF holds as XML alone (XFA): its pages only say that another program is needed."""

from __future__ import annotations

import ctypes
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from indexing.block import BlockKind
from indexing.extraction.package import Element, child, local, parsed
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source

_MOST_PACKETS = 100


def read_form(document: Any, source: Source, sink: Sink) -> None:
    """Write the words of such a form, with its fields as filled in; nothing for other documents.

    What has been filled in and has no field of its own, as in tables that grow, comes last.
    Raises Unreadable (archive_bomb).
    """
    if pdfium.FPDF_GetFormType(document) != pdfium.FORMTYPE_XFA_FULL:
        return
    packets: dict[str, Element | None] = {}
    for name, content in _packets(document, source, sink):
        packets[name] = parsed(content)[0]
    values = _values(packets.get("datasets"))
    template = packets.get("template")
    for element in () if template is None else template.iter("{*}draw", "{*}field"):
        text = _words(child(element, "value"))
        if local(element) == "field":
            filled = values.get(element.get("name", ""))
            text = _labelled(
                _words(child(element, "caption", "value")), filled.popleft() if filled else text
            )
        sink.add(BlockKind.PARAGRAPH, text)
    for name, rest in values.items():
        for text in rest:
            sink.add(BlockKind.PARAGRAPH, _labelled(name, text))


def _packets(document: Any, source: Source, sink: Sink) -> Iterator[tuple[str, bytes]]:
    """Yield the named pieces of the form's XML that matter, each within the bound of one part."""
    for number in range(min(pdfium.FPDF_GetXFAPacketCount(document), _MOST_PACKETS)):
        name = ctypes.create_string_buffer(64)
        pdfium.FPDF_GetXFAPacketName(document, number, name, len(name))
        if name.value not in (b"template", b"datasets"):
            continue
        size = ctypes.c_ulong()
        pdfium.FPDF_GetXFAPacketContent(document, number, None, 0, size)
        sink.unpack(size.value)
        if not 0 < size.value <= source.limits.xml_bytes:
            continue
        content = ctypes.create_string_buffer(size.value)
        pdfium.FPDF_GetXFAPacketContent(document, number, content, size.value, size)
        yield name.value.decode(), content.raw


def _values(datasets: Element | None) -> dict[str, deque[str]]:
    """Return what has been filled in by the fields' names, each in its order."""
    found: dict[str, deque[str]] = defaultdict(deque)
    data = child(datasets, "data")
    for element in () if data is None else data.iter("{*}*"):
        if not len(element) and (text := _words(element)):
            found[local(element)].append(text)
    return found


def _words(element: Element | None) -> str:
    return "" if element is None else " ".join(" ".join(element.itertext()).split())


def _labelled(label: str, text: str) -> str:
    label = label.rstrip(":： ")
    return f"{label}: {text}" if label and text else label or text
