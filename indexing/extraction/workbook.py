"""Reader of workbooks in binary formats: xls, xlsb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import python_calamine

from indexing.cells import Area
from indexing.extraction import media
from indexing.extraction.compound import is_compound
from indexing.extraction.number_format import plain
from indexing.extraction.sheet_rows import SheetRows
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

# A sheet's area is held in memory, empty cells too, some 32 bytes each.
_MOST_AREA = 16_000_000


def read(source: Source, sink: Sink) -> None:
    """Read sheet after sheet, each row under its header.

    Raises Unreadable (corrupt, encrypted_office, office_missing, too_many_cells).
    """
    if source.media_type == media.XLS and not is_compound(source.path):
        # Excel 4 and older.
        raise Unreadable("office_missing", media_type=media.XLS)
    try:
        with _panics():
            book = python_calamine.CalamineWorkbook.from_path(str(source.path))
    except python_calamine.PasswordError as error:
        raise Unreadable("encrypted_office") from error
    except (python_calamine.CalamineError, OSError) as error:
        raise Unreadable("corrupt", media_type=source.media_type) from error
    for name in book.sheet_names:
        try:
            with _panics():
                _read_sheet(book.get_sheet_by_name(name), name, sink)
        except (python_calamine.CalamineError, OSError):
            # A sheet of charts, or a damaged one.
            sink.part_not_read(name, "corrupt")


@contextmanager
def _panics() -> Iterator[None]:
    """Turn a panic of the library, which has no class that could be imported, into an OSError."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise OSError("the library gave up") from error


def _read_sheet(sheet: python_calamine.CalamineSheet, name: str, sink: Sink) -> None:
    if sheet.total_height * max(1, sheet.total_width) > _MOST_AREA:
        sink.part_not_read(name, "too_many_cells")
        return
    merged = [
        Area(top + 1, left, bottom + 1, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    ]
    begin = sheet.start or (0, 0)
    rows = SheetRows(sink, name, merged)
    try:
        for number, row in enumerate(sheet.iter_rows(), begin[0] + 1):
            cells = {begin[1] + column: _text(value) for column, value in enumerate(row)}
            rows.row(number, cells)
    finally:
        rows.close()


def _text(value: object) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            return plain(value)
        case datetime():
            midnight = value.time() == time.min
            return value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M:%S")
        case timedelta():
            seconds = int(value.total_seconds())
            return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)
