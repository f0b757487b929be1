"""Conversions that a reading asks for: of the file itself, and of what lies in it."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from indexing.extraction.converting import converted
from indexing.extraction.limits import Limits
from indexing.extraction.process import Message, ReaderEnded
from indexing.notice import Notice


class Conversions:
    """The conversions of one reading.

    All together take at most the seconds of a file, and for each what a page is given: an archive
    of many old files, two seconds each, is read to its end, and one that hangs leaves each of the
    others its own.
    """

    def __init__(self, path: Path, limits: Limits, beat: Callable[[], None]) -> None:
        """path: of the file that is read. beat: called each second while one goes on."""
        self._path = path
        self._limits = limits
        self._beat = beat
        self._seconds = limits.seconds
        self._number = 0

    def serve(self, question: object, folder: Path) -> Message:
        """Convert what the reading process asks for and put the new file into its folder.

        Answers the new file's name or the notice why there is none. Raises ReaderEnded for what is
        no question, and what the beat raises.
        """
        match question:
            case {"name": str() | None as name, "media_type": str(media_type)}:
                return self._answer(name, media_type, folder)
            case _:
                raise ReaderEnded(Notice("reader_crashed", {"error": "garbled output"}))

    def _answer(self, name: str | None, media_type: str, folder: Path) -> Message:
        path = self._path if name is None else folder / Path(name).name
        self._seconds += self._limits.seconds_per_page
        begin = time.monotonic()
        try:
            notice = self._into(folder, path, media_type)
        finally:
            self._seconds -= time.monotonic() - begin
        if notice is None:
            return {"name": self._new}
        if notice.code == "reader_timed_out":
            # Of what was left for this one, nobody knows.
            notice = Notice("reader_timed_out", {"seconds": round(self._limits.seconds)})
        return {"notice": notice.to_json()}

    def _into(self, folder: Path, path: Path, media_type: str) -> Notice | None:
        """Convert into the folder; return why not, or None."""
        if self._seconds <= 0:
            return Notice("reader_timed_out", {"seconds": 0})
        # The process may be in the hands of a hostile file, and the folder is its own.
        if not _is_plain(path):
            return Notice("corrupt", {"media_type": media_type})
        limits = replace(self._limits, seconds=self._seconds)
        with converted(path, media_type, limits, self._beat) as new:
            if isinstance(new, Notice):
                return new
            self._number += 1
            shutil.move(new, folder / self._new)
        return None

    @property
    def _new(self) -> str:
        return f"converted-{self._number}"


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
