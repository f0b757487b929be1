"""The outline (bookmarks) of a PDF: its own word on what is a heading, and of which level."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import pypdfium2

# More bookmarks than this are an index, or an attack.
_MOST = 20_000
_DEPTH = 8
_SKIPPED = re.compile(r"[\s.·…:：]+")
_LEADING_NUMBER = re.compile(
    r"^(?:第.{1,4}[章节篇部]|[\dIVX]{1,4}(?:\.\d{1,3})*\.?|[一二三四五六七八九十]{1,3}、)"
)
# What may go before the letter that a title is looked up by.
_MAY_LEAD = re.compile(r"[\s.·…:：第\dIVX一二三四五六七八九十]")


class Outline:
    """Levels of headings by page and title. A title may stand a page after its bookmark."""

    def __init__(self) -> None:
        self._levels: dict[tuple[int, str], int] = {}
        # By page, with what the titles begin that may stand there.
        self._initials: dict[int, set[str]] = {}

    @classmethod
    def of(cls, document: Any, pages: int) -> Outline:
        """Read the outline of an open document; empty where there is none or it is damaged."""
        outline = cls()
        try:
            for number, bookmark in enumerate(document.get_toc(max_depth=_DEPTH)):
                if number >= _MOST:
                    break
                target = bookmark.get_dest()
                page = target.get_index() if target else None
                if page is not None and 0 <= page < pages:
                    outline._add(page + 1, bookmark.get_title(), bookmark.level + 1)
        except (pypdfium2.PdfiumError, ValueError, RecursionError):
            # A bookmark that points nowhere says nothing about the text.
            return outline
        return outline

    def on(self, page: int) -> bool:
        """Return whether a bookmark may name something on `page`."""
        return page in self._initials

    def level(self, page: int, text: str) -> int | None:
        """Return the level of the heading `text` on `page`; None if no bookmark names it."""
        initials = self._initials.get(page)
        if initials is None or len(text) > 300:
            return None
        # Asked of each line of the page, few of which begin as a title does.
        first = text[:1]
        if first.casefold()[:1] not in initials and not _MAY_LEAD.match(first):
            return None
        for key in _keys(text):
            for at in (page, page - 1):
                if (level := self._levels.get((at, key))) is not None:
                    return level
        return None

    def _add(self, page: int, title: str, level: int) -> None:
        for key in _keys(title):
            self._levels.setdefault((page, key), level)
            for at in (page, page + 1):
                self._initials.setdefault(at, set()).add(key[0])


# Asked twice of each line: whether it is a title, and then of which level.
@lru_cache(maxsize=1024)
def _keys(title: str) -> tuple[str, ...]:
    """The title, and the title without its number, which often stands in one place only."""
    whole = _SKIPPED.sub("", title).casefold()
    bare = _SKIPPED.sub("", _LEADING_NUMBER.sub("", title.strip())).casefold()
    return tuple(key for key in dict.fromkeys((whole, bare)) if len(key) > 1)
