"""The exception with which a reader gives a file up."""

from __future__ import annotations

from indexing.notice import Fact, Notice


class Unreadable(Exception):
    """The file, or the rest of it, cannot be read; `notice` says why."""

    def __init__(self, code: str, **facts: Fact) -> None:
        super().__init__(code)
        self.notice = Notice(code, facts)
