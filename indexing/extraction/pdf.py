"""Reader of PDF files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from indexing.extraction import media
from indexing.extraction.line import Line
from indexing.extraction.parts import read_part
from indexing.extraction.pdf_form import read_form
from indexing.extraction.pdf_lines import PageLines
from indexing.extraction.pdf_notes import has_fields, notes
from indexing.extraction.pdf_outline import Outline
from indexing.extraction.pdf_rules import rules
from indexing.extraction.pdf_scan import needs_recognition
from indexing.extraction.pdf_tables import may_hold_tables, with_ruled_rows
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.stream import Note, PageStream, Scan
from indexing.extraction.unreadable import Unreadable


def read(source: Source, sink: Sink) -> None:
    """Read text, boxes and notes page by page.

    Raises Unreadable (encrypted_pdf, wrong_password, corrupt).
    """
    with closing(opened(source.path, source.password)) as document:
        total = len(document)
        if not total:
            raise Unreadable("corrupt", media_type=media.PDF)
        sink.set_pages(total)
        sink.progress(0, min(total, source.limits.pages))
        reader = _Pages(document, source, sink)
        for number in range(1, min(total, source.limits.pages) + 1):
            reader.read(number)
            sink.progress(number, min(total, source.limits.pages))
        reader.close()
        read_form(document, source, sink)
        _read_attachments(document, source, sink)
        if total > source.limits.pages:
            sink.stop("too_many_pages", pages=total, limit=source.limits.pages)


def opened(path: object, password: str | None) -> Any:
    """Open a PDF. Raises Unreadable (encrypted_pdf, wrong_password, corrupt)."""
    try:
        return pypdfium2.PdfDocument(str(path), password=password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Unreadable("wrong_password" if password else "encrypted_pdf") from error
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise Unreadable("encrypted_pdf") from error
        raise Unreadable("corrupt", media_type=media.PDF) from error


class _Pages:
    """Reads the pages of an open document, by optical recognition where they have no text."""

    def __init__(self, document: Any, source: Source, sink: Sink) -> None:
        self._document = document
        self._source = source
        self._sink = sink
        self._stream = PageStream(sink, Outline.of(document, source.limits.pages))
        self._ocr = source.limits.ocr
        self._has_form = pdfium.FPDF_GetFormType(document) != pdfium.FORMTYPE_NONE

    def close(self) -> None:
        """Give the sink what is held back."""
        self._stream.close()

    def read(self, number: int) -> None:
        """Read one page, counted from 1."""
        try:
            page = self._document[number - 1]
        except pypdfium2.PdfiumError:
            self._sink.page_not_read("page_unreadable", number)
            return
        with closing(page):
            turn = page.get_rotation()
            lines = _lines(page, self._has_form)
            remarks = list(notes(page))
            # The lines may have been read from the page turned upright.
            page.set_rotation(turn)
            if needs_recognition(page, lines):
                self._recognise(page, number, lines, remarks)
            else:
                self._stream.page(number, page.get_height(), lines, remarks)

    def _recognise(
        self, page: Any, number: int, lines: Sequence[Line], remarks: Sequence[Note]
    ) -> None:
        """Read a page as a picture; keep its own text if that finds nothing."""
        if self._ocr:
            try:
                if self._read_picture(page, number, remarks):
                    return
            except Unreadable as stopped:
                self._ocr = False
                self._sink.warn(stopped.notice.code, **stopped.notice.facts)
            else:
                # A drawing or a photograph without words: nothing was missed.
                self._sink.warn("page_without_text", page=number)
                self._stream.page(number, page.get_height(), lines, remarks)
                return
        if not lines and not remarks:
            self._sink.page_not_read("page_without_text", number)
        self._stream.page(number, page.get_height(), lines, remarks)

    def _read_picture(self, page: Any, number: int, remarks: Sequence[Note]) -> bool:
        # Imported here: most files have no such page, and the models take a second to load.
        from indexing.extraction.image import read_picture
        from indexing.extraction.ocr import SIDE

        width, height = page.get_size()
        scale = SIDE / max(width, height, 1.0)
        try:
            picture = page.render(scale=scale).to_pil()
        except (pypdfium2.PdfiumError, ValueError):
            self._sink.page_not_read("page_unreadable", number)
            return True
        return read_picture(picture, number, self._stream, self._sink, Scan(scale, remarks))


def _read_attachments(document: Any, source: Source, sink: Sink) -> None:
    """Read the files that lie in the document."""
    for number in range(min(max(0, document.count_attachments()), source.limits.members)):
        try:
            attachment = document.get_attachment(number)
            name, data = attachment.get_name(), bytes(attachment.get_data())
        except (pypdfium2.PdfiumError, ValueError):
            sink.part_not_read(str(number + 1), "corrupt")
            continue
        read_part(source, sink, name or str(number + 1), data)


def _lines(page: Any, has_form: bool) -> list[Line]:
    with closing(PageLines(page)) as found:
        lines = list(found)
        # The boxes of a form are drawn around its fields: they are no cells of a table.
        if not may_hold_tables(lines) or (has_form and has_fields(page)):
            return lines
        return with_ruled_rows(found, lines, rules(page))
