"""The language of a text, as far as the portal needs it: Chinese, English, or both."""

from __future__ import annotations

import re

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_KANA = re.compile("[\u3040-\u30ff]+")
_EASTERN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W\d_\u3040-\u9fff]+")
_ENGLISH = frozenset(
    _WORD.findall(
        "the of and to in is for that with on as by this are be it or from at not you we have an "
        "will can your if all was has which their our"
    )
)
# The same of texts in ASCII, which are cut at blanks after all else has become one: three times as
# fast as looking for words.
_LETTERS = bytes(byte if chr(byte).isalpha() else 32 for byte in range(128)).ljust(256)
_ENGLISH_BYTES = frozenset(word.encode() for word in _ENGLISH)
# A Chinese word has about 1.6 characters; counted in words the two languages weigh the same.
_HAN_PER_WORD = 1.6
_SAMPLE = 50_000


class LanguageCount:
    """Counts words while a text goes by; reads the first 50,000 characters."""

    def __init__(self) -> None:
        self._left = _SAMPLE
        self._han = self._kana = self._words = self._english = 0

    def add(self, text: str) -> None:
        """Count one more text."""
        if self._left <= 0:
            return
        text = text[: self._left]
        self._left -= len(text)
        if text.isascii():
            plain = text.lower().encode().translate(_LETTERS).split()
            self._words += len(plain)
            self._english += sum(map(_ENGLISH_BYTES.__contains__, plain))
            return
        words = _WORD.findall(text.lower())
        if _EASTERN.search(text):
            self._han += sum(map(len, _HAN.findall(text)))
            self._kana += sum(map(len, _KANA.findall(text)))
        self._words += len(words)
        self._english += sum(map(_ENGLISH.__contains__, words))

    @property
    def language(self) -> str | None:
        """``zh``, ``en``, ``mixed`` for both, None for others and for too little text."""
        chinese = self._han / _HAN_PER_WORD
        total = chinese + self._words
        if total < 3 or self._kana > self._han / 5:
            return None
        if chinese >= 0.75 * total:
            return "zh"
        if chinese >= 0.15 * total:
            return "mixed"
        # Every twentieth word of running English is one of these; a short text may have only one.
        return "en" if self._english >= max(1, self._words / 20) else None
