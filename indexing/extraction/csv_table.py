"""Reader of tables in text files: values parted by commas, semicolons, bars or tabs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from indexing.extraction.charset import encoding_of
from indexing.extraction.sheet_rows import SheetRows
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source

_SAMPLE = 1 << 20
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_FIELD_CHARACTERS = 1 << 20


def read(source: Source, sink: Sink) -> None:
    """Read row after row, each under the header. Raises Unreadable (too_many_cells, text_cut)."""
    # For the whole process; longer than the sample, in which one field may be all there is.
    csv.field_size_limit(_FIELD_CHARACTERS)
    with source.path.open("rb") as file:
        sample = file.read(_SAMPLE)
    encoding, certain = encoding_of(_whole_lines(sample))
    if not certain:
        sink.warn("encoding_guessed", encoding=encoding)
    delimiter = _delimiter(sample.decode(encoding, errors="replace").lstrip("\ufeff"))
    rows = SheetRows(sink, None)
    try:
        for number, cells in enumerate(_rows(source.path, encoding, delimiter), 1):
            rows.row(number, {column: text for column, text in enumerate(cells) if text})
    finally:
        rows.close()


def _whole_lines(sample: bytes) -> bytes:
    """Cut a sample after its last line, so that it does not end inside a character."""
    end = sample.rfind(b"\n")
    return sample[: end + 1] if end > 0 and sample[end + 1 : end + 2] != b"\0" else sample


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = (line.replace("\0", "").removeprefix("\ufeff") for line in file)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error:
                # A field without end: the rest of the line is lost, the lines after it are not.
                continue


def _delimiter(sample: str) -> str:
    """Return the sign that parts the first lines into the same number of fields, and most often."""
    lines = [line for line in sample.splitlines()[:_SAMPLE_LINES] if line.strip()]

    def fitness(delimiter: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, strict=False)]
        usual = max(set(counts), key=lambda count: (counts.count(count), count), default=1)
        return (counts.count(usual) / max(1, len(counts)) if usual > 1 else 0.0), usual

    return max(_DELIMITERS, key=fitness)
