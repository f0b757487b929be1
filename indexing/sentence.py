"""Sentences of Chinese and English text, found by their punctuation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# After a Chinese full stop (and its closing quotes) at once; after a Western one only before space
# and something that starts a sentence, so that «3.14», «e.g. this» and «v2.0 beta» stay whole.
_BOUNDARY = re.compile(
    r"(?<=[。！？；])(?![。！？；」』”’）】])"
    r"|(?<=[。！？；][」』”’）】])"
    r"|(?<=[.!?])\s+(?=[A-Z0-9\"'“‘(\[\u3400-\u9fff])"
    r"|\n+"
)
_END = re.compile(r"[。！？；：.!?:;…][\"'”’」』）)\]】]*\s*$")
# Where a sentence that is too long is cut: after a mark or a space, or else beside a character that
# is a word of its own.
_SOFT = re.compile(r"(?<=[，、：,;:。！？；])|\s+")
_BESIDE_CHARACTER = re.compile(r"(?<=[\u2e80-\uffff])|(?=[\u2e80-\uffff])")


def sentences(text: str) -> list[str]:
    """Split text into sentences; joined again they hold every character but white space."""
    return [text[begin:end] for begin, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where the sentences stand, as (start, end), white space apart."""
    cuts = [0, *(at for match in _BOUNDARY.finditer(text) for at in match.span()), len(text)]
    parts = ((begin, text[begin:end]) for begin, end in zip(cuts[::2], cuts[1::2], strict=True))
    return [
        (begin + len(part) - len(part.lstrip()), begin + len(part.rstrip()))
        for begin, part in parts
        if part.strip()
    ]


def ends_sentence(text: str) -> bool:
    """True if the text ends the way a sentence, or a line that introduces one, ends."""
    return bool(_END.search(text))


def pieces(text: str, count_tokens: Callable[[str], int], limit: int) -> Iterator[str]:
    """Yield `text`, or parts of at most `limit` tokens each if it is longer.

    Parts end at a comma or a space where there is one, and inside a word of letters only if the
    word alone is too long. A single character is yielded however many tokens it has.
    """
    # A token is at least about a third of a character; counting a megabyte line to learn that it
    # is too long would cost more than cutting it.
    if len(text) <= limit or (len(text) <= 12 * limit and count_tokens(text) <= limit):
        yield text
        return
    if len(text) < 2:
        yield text
        return
    middle = _soft_middle(text)
    yield from pieces(text[:middle].strip(), count_tokens, limit)
    yield from pieces(text[middle:].strip(), count_tokens, limit)


def _soft_middle(text: str) -> int:
    middle = len(text) // 2
    reach = len(text) // 4
    # Near the middle first, so that the parts are of like length.
    for begin, end in ((middle - reach, middle + reach), (0, len(text))):
        for kind in (_SOFT, _BESIDE_CHARACTER):
            places = (found.end() for found in kind.finditer(text, begin, end))
            inside = (place for place in places if 0 < place < len(text))
            nearest = min(inside, key=lambda place: abs(place - middle), default=0)
            if nearest:
                return nearest
    return middle
