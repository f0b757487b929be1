"""Makers of small files, well-formed and hostile, for the tests of reading."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from indexing.extraction import Extraction, Limits, extract

# Short, so that a reader that hangs fails its test instead of the run.
LIMITS = Limits(seconds=30)

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def read(
    folder: Path, name: str, data: bytes, password: str | None = None, **limits: object
) -> Extraction:
    """Write a file and read it as the portal does, in the reading process."""
    path = folder / "file"
    path.write_bytes(data)
    return extract(path, name, replace(LIMITS, **limits), password)


def texts(extraction: Extraction) -> list[str]:
    """The blocks' texts."""
    return [block.text for block in extraction.blocks]


def kinds(extraction: Extraction) -> list[tuple[str, str]]:
    """Kind and text of each block; a heading's kind carries its level."""
    return [(f"{block.kind}{block.level or ''}", block.text) for block in extraction.blocks]


def reason(extraction: Extraction) -> str | None:
    """The code of the reason."""
    return extraction.reason.code if extraction.reason else None


def warnings(extraction: Extraction) -> list[str]:
    """The codes of the warnings."""
    return [warning.code for warning in extraction.warnings]


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(*links: tuple[str, str, str]) -> str:
    """A relations part of (id, type, target)."""
    inner = "".join(
        f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}"/>'
        for key, kind, target in links
    )
    return f'<Relationships xmlns="{_RELS}">{inner}</Relationships>'


def content_types(main: str, part: str) -> str:
    """A content types part that names the main part."""
    return (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{main}+xml"/></Types>'
    )


def docx(body: str, links: Sequence[tuple[str, str, str]] = (), **parts: str) -> bytes:
    """A Word document: `body` is the inside of ``w:body``; further parts by their short name."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main"
    names = {f"word/{name}.xml": content for name, content in parts.items()}
    return zipped(
        {
            "[Content_Types].xml": content_types(kind, "word/document.xml"),
            "_rels/.rels": relations(("rId1", "officeDocument", "word/document.xml")),
            "word/document.xml": f'<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}'
            "</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(*links),
            **names,
        }
    )


def paragraph(text: str, properties: str = "") -> str:
    """A Word paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf(
    *pages: Sequence[tuple[float, float, float, str]],
    rotate: int = 0,
    box: str = "0 0 600 800",
    bold: bool = False,
    drawing: str = "",
) -> bytes:
    """A PDF whose pages hold lines: x and y from the bottom left, size, text. Each has a drawing.

    Chinese is set in a font that is named, not embedded.
    """
    font = "Helvetica-Bold" if bold else "Helvetica"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong /Encoding /UniGB-UTF16-H "
        "/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 5 >> "
        "/FontDescriptor << /Type /FontDescriptor /FontName /STSong /Flags 4 "
        "/FontBBox [0 -120 1000 880] /Ascent 880 /Descent -120 >> >>] >>",
    ]
    kids = []
    for lines in pages:
        stream = drawing + "".join(map(_shown, lines))
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Rotate {rotate} "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return _numbered(objects)


def _shown(line: tuple[float, float, float, str]) -> str:
    x, y, size, text = line
    if text.isascii():
        return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n"
    return f"BT /F2 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET\n"


def _numbered(objects: Sequence[str]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF"
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def seven_zip(members: Mapping[str, bytes]) -> bytes:
    """A 7z archive."""
    import libarchive

    buffer = io.BytesIO()
    with libarchive.custom_writer(buffer.write, "7zip") as archive:
        for name, content in members.items():
            archive.add_file_from_memory(name, len(content), content)
    return buffer.getvalue()


def rar(members: Mapping[str, bytes], flags: int = 0) -> bytes:
    """A rar archive of the fifth kind, its members stored as they are; flags: of the whole."""
    data = b"Rar!\x1a\x07\x01\x00" + _rar_header(bytes([1, 0, flags]))
    for name, content in members.items():
        size, named = _vint(len(content)), name.encode()
        fields = [b"\x02\x02", size, b"\x04", size, _vint(0o644), _rar_sum(content), b"\x00\x01"]
        data += _rar_header(b"".join((*fields, _vint(len(named)), named))) + content
    return data + _rar_header(b"\x05\x00\x00")


def _rar_header(fields: bytes) -> bytes:
    sized = _vint(len(fields)) + fields
    return _rar_sum(sized) + sized


def _rar_sum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")


def _vint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _vint(rest) if rest else bytes([low])
