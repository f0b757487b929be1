"""Names of the media types that are told apart."""

from __future__ import annotations

from types import MappingProxyType

UNKNOWN = "application/octet-stream"
ENCRYPTED_OFFICE = "application/x-encrypted-office"

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
PPTX = f"{_OFFICE}.presentationml.presentation"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
WORKS = "application/vnd.ms-works"
WORD_PERFECT = "application/vnd.wordperfect"
MSG = "application/vnd.ms-outlook"
RTF = "application/rtf"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
# Templates are read like what is made from them.
OPEN_DOCUMENT = MappingProxyType(
    {
        kind.encode() + suffix: kind
        for kind in (ODT, ODS, ODP)
        for suffix in (b"", b"-template", b"-master")
    }
)

TEXT = "text/plain"
MARKDOWN = "text/markdown"
HTML = "text/html"
XML = "text/xml"
CSV = "text/csv"
EML = "message/rfc822"
MBOX = "application/mbox"

PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
GIF = "image/gif"
BMP = "image/bmp"
WEBP = "image/webp"
HEIF = "image/heif"
IMAGES = frozenset({PNG, JPEG, TIFF, GIF, BMP, WEBP, HEIF})

ZIP = "application/zip"
TAR = "application/x-tar"
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
SEVEN_ZIP = "application/x-7z-compressed"
RAR = "application/vnd.rar"
