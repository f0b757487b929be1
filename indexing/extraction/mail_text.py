"""Words of a mail's headers and bodies, decoded as far as they can be."""

from __future__ import annotations

import binascii
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from indexing.extraction.charset import decoded
from indexing.extraction.normal import normal, one_line

# Names under which mail programs send other encodings.
_MEANT = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "hz-gb-2312": "hz", "big5": "big5hkscs", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "iso-8859-1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8", "shift_jis": "cp932",
    "x-unknown": "utf-8", "unknown-8bit": "utf-8", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip


def header(message: Message, name: str) -> str:
    """Return a header as one line; ``""`` if there is none."""
    value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), None)
    if value is None:
        return ""
    # Bytes that no mail should carry bare, in whatever encoding: the parser kept them as halves.
    value = decoded(str(value).encode("utf-8", "surrogateescape"))[0]
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return one_line(value)
    text = ""
    for piece, encoding in pieces:
        text += piece if isinstance(piece, str) else _text(piece, encoding)
    return one_line(text)


def filename(part: Message) -> str:
    """Return an attachment's name, ``""`` if it has none."""
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    holder = Message()
    holder["n"] = str(name).replace("\n", " ").replace("\r", " ")
    return header(holder, "n")


def body(part: Message) -> str:
    """Return the text of a part, in the encoding it names or, where that fails, a found one."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_param("charset")
    return normal(_text(data, charset if isinstance(charset, str) else None))


def _text(data: bytes, encoding: str | None) -> str:
    if encoding:
        name = _MEANT.get(encoding.strip().lower(), encoding.strip())
        try:
            text = data.decode(name)
        except (LookupError, ValueError):
            pass
        else:
            return text
    return decoded(data)[0]
