"""Rich Text Format taken apart: control words, groups, and bytes in the encodings of fonts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)",
    re.DOTALL,
)
# Groups that hold something else than text.
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable info pict themedata datastore "
    b"colorschememapping latentstyles rsidtbl generator filetbl revtbl fldinst xmlnstbl mmathPr "
    b"bkmkstart bkmkend listtext pntext falt panose fontemb datafield objdata blipuid template "
    b"wgrffmtfilter htmltag mhtmltag sn sp shpinst nonshppict do pnseclvl userprops "
    b"atrfstart atrfend atnid atnauthor atnref atndate atntime atnparent ftnsep ftnsepc ftncn "
    b"aftnsep aftnsepc aftncn tc xe private passwordhash".split()
)
_NOTES = frozenset({b"footnote", b"annotation"})
_EDGES = frozenset(b"header headerl headerr headerf footer footerl footerr footerf".split())
_SIGNS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"emspace": " ", b"enspace": " ",
    b"~": "\xa0", b"_": "-", b"-": "", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n",
}  # fmt: skip
# Encodings by the number of a font's character set.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030",
    136: "big5hkscs", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
_PAGES = {
    936: "gb18030",
    950: "big5hkscs",
    932: "cp932",
    949: "cp949",
    10000: "mac_roman",
    65001: "utf-8",
}
_DEPTH = 2000


@dataclass(slots=True)
class Paragraph:
    """One paragraph, or one row of a table in `cells`. level: of a heading, else None."""

    text: str = ""
    cells: list[str] = field(default_factory=list)
    level: int | None = None
    note: bool = False


@dataclass(slots=True)
class _State:
    """What a group inherits from the one around it."""

    skipped: bool = False
    hidden: bool = False
    encoding: str = "cp1252"
    unicode_bytes: int = 1
    level: int | None = None
    in_table: bool = False
    note: bool = False
    ends_note: bool = False
    fonts: bool = False


def paragraphs(data: bytes) -> Iterator[Paragraph]:
    """Yield the paragraphs and table rows of a text in Rich Text Format, as far as it goes."""
    return _Reader(data).paragraphs()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._state = _State()
        self._stack: list[_State] = []
        self._bytes = bytearray()
        self._pieces: list[str] = []
        self._outer: list[list[str]] = []
        self._cells: list[str] = []
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default = "cp1252"
        self._to_skip = 0
        self._ready: list[Paragraph] = []
        self._starred = False
        self._at_start = False

    def paragraphs(self) -> Iterator[Paragraph]:
        at = 0
        while found := _TOKEN.match(self._data, at):
            at = found.end()
            word, number, code, sign, brace, plain = found.groups()
            if word:
                at = self._word(word, None if number is None else int(number), at)
            elif code:
                self._byte(bytes([int(code, 16)]))
            elif sign:
                self._sign(sign)
            elif brace:
                self._brace(brace)
            elif plain:
                self._starred = self._at_start = False
                self._byte(plain)
            if self._ready:
                yield from self._ready
                self._ready = []
        self._end_paragraph()
        self._end_row()
        yield from self._ready

    def _brace(self, brace: bytes) -> None:
        self._decode()
        self._starred = False
        self._at_start = brace == b"{"
        if brace == b"{":
            if len(self._stack) < _DEPTH:
                self._stack.append(self._state)
                self._state = replace(self._state, ends_note=False)
        elif self._stack:
            if self._state.ends_note:
                self._end_paragraph()
                self._pieces = self._outer.pop() if self._outer else []
            self._state = self._stack.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            # Elsewhere than at the start of a group it means nothing.
            self._starred = self._at_start
            return
        self._at_start = False
        self._decode()
        if sign in (b"\n", b"\r"):
            self._end_paragraph()
        else:
            self._put(_SIGNS.get(sign, ""))

    def _word(self, word: bytes, number: int | None, at: int) -> int:
        """Obey a control word; return where to read on."""
        starred, self._starred = self._starred, False
        self._at_start = False
        if word == b"bin":
            return min(len(self._data), at + max(0, number or 0))
        if word == b"u" and number is not None:
            self._unicode(number)
            return at
        self._decode()
        if word in _SIGNS:
            self._put(_SIGNS[word])
        elif not (self._structure(word) or self._property(word, number)):
            self._group(word, starred)
        return at

    def _group(self, word: bytes, starred: bool) -> None:
        """Enter a group of a special kind."""
        if word == b"fonttbl":
            self._state.fonts = True
        if word in _NOTES or word in _EDGES:
            # A note's text stands in the middle of the paragraph it belongs to.
            self._outer.append(self._pieces)
            self._pieces = []
            self._state.note = self._state.ends_note = True
        elif word in _SKIPPED or (starred and word not in (b"shptxt", b"pn")):
            self._state.skipped = True

    def _structure(self, word: bytes) -> bool:
        if word in (b"par", b"page", b"sect", b"column"):
            self._end_paragraph()
        elif word in (b"cell", b"nestcell"):
            if not self._state.skipped:
                self._cells.append("".join(self._pieces).strip())
                self._pieces = []
        elif word in (b"row", b"nestrow"):
            self._end_row()
        elif word == b"intbl":
            self._state.in_table = True
        elif word == b"pard":
            self._state.in_table, self._state.level = False, None
        else:
            return False
        return True

    def _property(self, word: bytes, number: int | None) -> bool:
        state = self._state
        if word == b"ansicpg" and number:
            self._default = _PAGES.get(number, f"cp{number}")
            state.encoding = self._default
        elif word == b"f" and number is not None:
            self._font = number
            if not state.fonts:
                state.encoding = self._fonts.get(number, self._default)
        elif word == b"fcharset" and number is not None:
            if number != 1 and number in _CHARSETS:
                # «0» says Western also where the text's own code page is meant.
                own = self._default if number == 0 else _CHARSETS[number]
                self._fonts[self._font] = own
        elif word == b"uc" and number is not None:
            state.unicode_bytes = max(0, min(number, 8))
        elif word == b"outlinelevel" and number is not None:
            state.level = number + 1 if 0 <= number < 9 else None
        elif word in (b"v", b"deleted"):
            state.hidden = number != 0
        elif word == b"plain":
            state.hidden = False
        else:
            return False
        return True

    def _unicode(self, number: int) -> None:
        self._decode()
        code = number & 0xFFFF if number < 0 else number
        if 0xD800 <= code < 0xDC00 or 0xDC00 <= code < 0xE000:
            # Halves of a pair; the second finds the first just before it.
            self._put_half(code)
        elif 0 < code < 0x110000:
            self._put(chr(code))
        self._to_skip = self._state.unicode_bytes

    def _put_half(self, code: int) -> None:
        self._put(chr(code))
        if code >= 0xDC00 and len(self._pieces) > 1 and not self._state.skipped:
            pair = "".join(self._pieces[-2:])
            if len(pair) == 2 and "\ud800" <= pair[0] < "\udc00":
                self._pieces[-2:] = [pair.encode("utf-16", "surrogatepass").decode("utf-16")]

    def _byte(self, data: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        if data and not (self._state.skipped or self._state.hidden):
            self._bytes += data

    def _decode(self) -> None:
        """Turn the bytes gathered so far into text; a character may be two of them."""
        self._to_skip = 0
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        try:
            self._pieces.append(data.decode(self._state.encoding, errors="replace"))
        except LookupError:
            self._pieces.append(data.decode("cp1252", errors="replace"))

    def _put(self, text: str) -> None:
        if text and not (self._state.skipped or self._state.hidden):
            self._pieces.append(text)

    def _end_paragraph(self) -> None:
        self._decode()
        if self._state.skipped:
            return
        if self._state.in_table and not self._state.note:
            self._pieces.append(" ")
            return
        self._end_row()
        text, self._pieces = "".join(self._pieces), []
        if text.strip():
            self._ready.append(Paragraph(text, [], self._state.level, self._state.note))

    def _end_row(self) -> None:
        if self._cells:
            self._ready.append(Paragraph(cells=self._cells))
            self._cells = []
