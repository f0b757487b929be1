"""Names of files: what a browser sends, made safe to keep, to show and to save again."""

from __future__ import annotations

import re
import unicodedata

# ext4 and most others take 255 bytes for a name; Chinese characters are three each. The room left
# is for the « (1)» a browser adds when the name is taken.
NAME_BYTES = 240
EXTENSION_LENGTH = 16
NAMELESS = "file"
# What Windows refuses in a name.
_UNUSABLE = re.compile(r'[<>:"|?*]')
# Control, format (direction overrides can make «exe.pdf» of «fdp.exe»), surrogate, private use and
# unassigned characters; line and paragraph separators.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_filename(name: str) -> str:
    """The last part of a path without what cannot be shown or saved; shortened before its ending.

    Never empty, never with a slash of either kind, at most `NAME_BYTES` bytes of UTF-8.
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(_usable(sign) for sign in name)
    name = _UNUSABLE.sub("_", " ".join(name.split())).rstrip(". ")
    return _shortened(name) if name.strip(".") else NAMELESS


def stem(name: str) -> str:
    """The name without its ending: what a document is first called."""
    before, dot, _ = name.rpartition(".")
    return before.strip() if dot and before.strip() else name


def extension(name: str) -> str:
    """The ending in lower case, without its dot; empty when there is none worth the name."""
    before, _, ending = name.rpartition(".")
    known = before and len(ending) <= EXTENSION_LENGTH and ending.isalnum()
    return ending.lower() if known else ""


def _usable(sign: str) -> str:
    if sign in "\t\r\n":
        return " "
    return "" if unicodedata.category(sign) in _DROPPED else sign


def _shortened(name: str) -> str:
    if len(name.encode()) <= NAME_BYTES:
        return name
    ending = extension(name)
    tail = f"….{ending}" if ending else "…"
    room = NAME_BYTES - len(tail.encode())
    begin = name[: -len(ending) - 1] if ending else name
    # Cut between characters: half of one is dropped by the decoder.
    return begin.encode()[:room].decode("utf-8", "ignore").rstrip() + tail
