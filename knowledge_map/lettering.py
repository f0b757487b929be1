"""How much room letters take, and where a name is broken into lines.

The server does not know the browser's font; widths are those of the bold face of the widest common
system font (DejaVu Sans), so that in others a line is shorter than reckoned, never longer.
"""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("iljtfrI.,:;'|!()[]· ")
_WIDE = frozenset("mwMW@%—")
# Step in which the width of even lines is looked for, in em.
EVENLY = 0.25
# What stood between two parts of a name says nothing at the end of a line.
_LEFT_OUT = " ·"
# Never at the beginning of a line.
_CLOSING = frozenset("，。、；：？！）》」』】”’,.;:?!)]}%·")


def width_of(text: str) -> float:
    """Return the width of a line in em."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in ("W", "F", "A"):
        return 1.0
    if letter in _NARROW:
        return 0.4
    if letter in _WIDE:
        return 1.05
    return 0.8 if letter.isupper() else 0.67


def wrap(text: str, width: float, most: int) -> list[str]:
    """Return the text in at most `most` lines of at most `width` em; what does not fit ends in «…».

    Words of alphabets stay whole unless one is wider than a line; Chinese breaks anywhere but
    before closing marks.
    """
    parts = _parts(text)
    lines = _filled(parts, width)
    if len(lines) > most:
        return [*lines[: most - 1], _cut(lines[most - 1] + "…", width)]
    # As even as it goes: a last line of one character looks like a mistake.
    narrower = max([width_of(text) / max(len(lines), 1)] + [width_of(p.rstrip()) for p in parts])
    while narrower < width:
        tried = _filled(parts, narrower)
        if len(tried) <= len(lines) and all(width_of(line) <= width for line in tried):
            return tried
        narrower += EVENLY
    return lines


def _filled(parts: list[str], width: float) -> list[str]:
    """Each line as full as it can be."""
    lines: list[str] = []
    line = ""
    for part in parts:
        if width_of(line + part.rstrip()) <= width or not line:
            line += part
            continue
        lines.append(line.rstrip(_LEFT_OUT))
        line = part.lstrip(_LEFT_OUT)
    lines.append(line.rstrip())
    return [piece for whole in lines if whole for piece in _broken(whole, width)]


def _parts(text: str) -> list[str]:
    """The smallest pieces a line may be broken between."""
    parts: list[str] = []
    for letter in " ".join(text.split()):
        ideograph = unicodedata.east_asian_width(letter) in ("W", "F")
        last = parts[-1] if parts else " "
        after_ideograph = unicodedata.east_asian_width(last[-1]) in ("W", "F")
        joins = letter in _CLOSING or letter == " "
        if parts and (joins or not (ideograph or after_ideograph or last[-1] == " ")):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _broken(line: str, width: float) -> list[str]:
    """A line in pieces that fit: a single word may be wider than any line. A hyphen is the best
    place to break one."""
    pieces = [""]
    for letter in line:
        if pieces[-1] and width_of(pieces[-1] + letter) > width:
            joint = max(pieces[-1].rfind("-"), pieces[-1].rfind("_")) + 1
            rest = pieces[-1][joint:] if joint else ""
            pieces[-1] = pieces[-1][: len(pieces[-1]) - len(rest)]
            pieces.append(rest)
        pieces[-1] += letter
    return pieces


def _cut(line: str, width: float) -> str:
    while width_of(line) > width and len(line) > 1:
        line = line[:-2].rstrip() + "…"
    return line
