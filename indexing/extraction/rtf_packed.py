"""The compression of Rich Text Format in Outlook messages, by [MS-OXRTFCP]."""

from __future__ import annotations

import struct

# The text that a packed message may refer back to before its own first byte.
_BEFORE = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_PACKED, _PLAIN = b"LZFu", b"MELA"
_MOST_BYTES = 64 << 20


def unpacked(data: bytes) -> bytes:
    """Return the text; ``b""`` for what is not packed this way, of damaged data what comes out."""
    if len(data) < 16:
        return b""
    size = min(struct.unpack_from("<I", data, 4)[0], _MOST_BYTES)
    kind = data[8:12]
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _PACKED:
        return b""
    out = bytearray(_BEFORE)
    at, flags, left = 16, 0, 0
    while at < len(data) and len(out) < size + len(_BEFORE):
        if not left:
            flags, left = data[at], 8
            at += 1
            continue
        if not flags & 1:
            out.append(data[at])
            at += 1
        elif at + 1 < len(data):
            token = data[at] << 8 | data[at + 1]
            at += 2
            # Offsets count in a ring of 4,096 bytes; this is how far back they point.
            back = (len(out) - (token >> 4)) % _WINDOW
            if not back:
                break
            for _ in range((token & 15) + 2):
                out.append(out[-back] if back <= len(out) else 0)
        else:
            break
        flags >>= 1
        left -= 1
    return bytes(out[len(_BEFORE) :])
