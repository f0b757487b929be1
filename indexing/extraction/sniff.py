"""The type of a file, found from its content; its name decides only between kinds of text."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from indexing.extraction import media
from indexing.extraction.charset import decoded
from indexing.extraction.compound import MAGIC, streams
from indexing.extraction.damage import BROKEN_ARCHIVE

HEAD_BYTES = 1 << 16
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", media.RTF),
    (b"\x89PNG\r\n\x1a\n", media.PNG),
    (b"\xff\xd8\xff", media.JPEG),
    (b"II*\x00", media.TIFF),
    (b"MM\x00*", media.TIFF),
    (b"GIF8", media.GIF),
    (b"BM", media.BMP),
    (b"\x1f\x8b", media.GZIP),
    (b"BZh", media.BZIP2),
    (b"\xfd7zXZ\x00", media.XZ),
    (b"7z\xbc\xaf'\x1c", media.SEVEN_ZIP),
    (b"Rar!\x1a\x07", media.RAR),
    # Word 2, WordPerfect, and Excel 2, 3 and 4, which wrote no compound files yet.
    (b"\xdb\xa5\x2d\x00", media.DOC),
    (b"\xffWPC", media.WORD_PERFECT),
    (b"\x09\x00\x04\x00", media.XLS),
    (b"\x09\x02\x06\x00", media.XLS),
    (b"\x09\x04\x06\x00", media.XLS),
)
_HEIF = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif"})
# The main part's content type names the kind; templates, shows and macro files are read alike.
_OPEN_XML = (
    (b"wordprocessingml", media.DOCX),
    (b"ms-word", media.DOCX),
    (b"sheet.binary", media.XLSB),
    (b"spreadsheetml", media.XLSX),
    (b"ms-excel", media.XLSX),
    (b"presentationml", media.PPTX),
    (b"ms-powerpoint", media.PPTX),
)
_FOLDERS = (("word/", media.DOCX), ("xl/", media.XLSX), ("ppt/", media.PPTX))
_OLE_STREAMS = (
    ("EncryptedPackage", media.ENCRYPTED_OFFICE),
    ("WordDocument", media.DOC),
    ("PowerPoint Document", media.PPT),
    # PowerPoint 95 and 4.
    ("PP40", media.PPT),
    ("Workbook", media.XLS),
    ("Book", media.XLS),
    ("__properties_version1.0", media.MSG),
    ("MatOST", media.WORKS),
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_XML = re.compile(r"\s*<\?xml\b", re.I)
_MAIL_LINE = re.compile(
    r"(?:from|to|cc|subject|date|received|return-path|mime-version|message-id|delivered-to|x-[\w-]+|"
    r"content-type|reply-to|sender|dkim-signature|arc-[\w-]+|authentication-results):",
    re.I,
)
_BY_NAME = {
    "md": media.MARKDOWN,
    "markdown": media.MARKDOWN,
    "csv": media.CSV,
    "tsv": media.CSV,
    "html": media.HTML,
    "htm": media.HTML,
    "xhtml": media.HTML,
}


def sniff(path: Path, filename: str) -> str:
    """Return the media type of a file that is not empty. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return _binary(head, path) or _text(head, filename)


def _binary(head: bytes, path: Path) -> str | None:
    if head.startswith(b"PK"):
        return _zipped(path)
    if head.startswith(MAGIC):
        return _compound(path)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return media.HEIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return media.WEBP
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return media.TAR
    # The standard lets a kilobyte of anything stand before the mark; a text may talk about it.
    if head.startswith(b"%PDF-") or (b"%PDF-" in head[:1024] and re.search(rb"\d \d obj", head)):
        return media.PDF
    for magic, media_type in _MAGIC:
        if head.startswith(magic) and not (magic == b"BM" and head[6:10] != b"\0\0\0\0"):
            return media_type
    return None


def _is_old_tar(head: bytes) -> bool:
    """True for the archives of before 1988, which have no mark but a sum over their header."""
    stored = head[148:156].strip(b" \0")
    if len(head) < 512 or not re.fullmatch(rb"[0-7]{2,6}", stored):
        return False
    return sum(head[:148]) + sum(head[156:512]) + 8 * 32 == int(stored, 8)


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = frozenset(archive.namelist())
            if "[Content_Types].xml" in names:
                return _open_xml(archive, names)
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    return media.OPEN_DOCUMENT.get(file.read(100).strip(), media.ZIP)
    except BROKEN_ARCHIVE:
        return _damaged(path)
    return media.ZIP


def _damaged(path: Path) -> str:
    """Tell what a cut archive was by its first parts, so that the message names the right kind."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if b"[Content_Types].xml" in head:
        for folder, media_type in _FOLDERS:
            if folder.encode() in head:
                return media_type
    if head[30:38] == b"mimetype":
        for name, media_type in media.OPEN_DOCUMENT.items():
            if head[38:].startswith(name + b"PK"):
                return media_type
    return media.ZIP


def _open_xml(archive: zipfile.ZipFile, names: frozenset[str]) -> str:
    with archive.open("[Content_Types].xml") as file:
        types = file.read(1 << 20)
    found = re.findall(rb'ContentType="([^"]+\.main\+xml|[^"]+sheet\.binary[^"]*main)"', types)
    for kind, media_type in _OPEN_XML:
        if any(kind in content_type for content_type in found):
            return media_type
    for folder, media_type in _FOLDERS:
        if any(name.startswith(folder) for name in names):
            return media_type
    return media.ZIP


def _compound(path: Path) -> str:
    names = streams(path)
    return next((kind for name, kind in _OLE_STREAMS if name.lower() in names), media.UNKNOWN)


def _text(head: bytes, filename: str) -> str:
    text = decoded(head)[0]
    if not _is_text(text):
        return media.UNKNOWN
    extension = filename.rpartition(".")[2].lower()
    if (
        text.startswith("From ")
        and extension != "eml"
        and _mail_lines(text.partition("\n")[2]) >= 2
    ):
        return media.MBOX
    if _mail_lines(text[text.startswith("From ") and text.find("\n") + 1 :]) >= 2:
        return media.EML
    if _HTML.match(text[:4096]):
        return media.HTML
    if extension in _BY_NAME:
        return _BY_NAME[extension]
    return media.XML if _XML.match(text) else media.TEXT


def _is_text(text: str) -> bool:
    strange = sum(
        (char < " " and char not in "\t\n\r\f\x0b\x1b") or char == "\ufffd" for char in text
    )
    return strange * 20 <= len(text)


def _mail_lines(text: str) -> int:
    """Count the well-known header lines before the first empty line."""
    known = 0
    for line in text.lstrip("\ufeff\r\n").splitlines()[:80]:
        if not line.strip():
            break
        if _MAIL_LINE.match(line):
            known += 1
        elif line[0] not in " \t" and not re.match(r"[\w-]+:", line):
            return 0
    return known
