"""`handover extract`: what the portal reads in a file, without a portal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from indexing.block import BlockKind
from indexing.extraction import Extraction, Limits, Status, describe, extract
from indexing.extraction.picture import DRAWN, Drawing, draw_page, ending
from indexing.extraction.process import ReaderEnded
from indexing.notice import Notice


@click.command("extract")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file.")
@click.option(
    "--images",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    help="Draw the pages of PDF and picture files into this folder.",
)
@click.option("--password", envvar="HANDOVER_EXTRACT_PASSWORD", help="Opens encrypted PDF files.")
@click.option("--no-ocr", is_flag=True, help="Do not recognise the text of pictures and scans.")
def extract_command(
    files: tuple[Path, ...], as_json: bool, images: Path | None, password: str | None, no_ocr: bool
) -> None:
    """Read files as the portal reads them, and show what was found.

    Needs no database and no running portal. The exit status is 0 if all files were read as a
    whole, 1 if one was not or only in part, 2 for misuse.

    \b
    Examples
      handover extract contract.docx
      handover extract --json *.pdf | jq -r '.file + " " + .status'
    """
    limits = Limits(ocr=not no_ocr)
    whole = True
    for number, path in enumerate(files, 1):
        found = extract(path, path.name, limits, password)
        whole = whole and found.status is Status.READ
        name = printable(path)
        if as_json:
            click.echo(json.dumps(describe(found, name), ensure_ascii=False))
        else:
            click.echo("\n".join(shown(found, name)))
        if images is not None and found.media_type in DRAWN:
            folder = images / f"{number:03}-{printable(Path(path.name))}"
            draw_pages(path, folder, found, password)
    sys.exit(0 if whole else 1)


def printable(path: Path) -> str:
    """Return a path as text, whatever bytes its name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def shown(found: Extraction, name: str) -> Iterator[str]:
    """Yield the lines that show a person what was found in a file."""
    counts = [f"{found.pages} pages"] if found.pages is not None else []
    counts.append(f"{found.characters} characters")
    if found.ocr_pages:
        counts.append(f"{found.ocr_pages} pages by OCR, confidence {found.ocr_confidence:.2f}")
    yield f"== {name}: {found.status.value}, {', '.join(counts)}, {found.seconds:.1f} s"
    for notice in (*([found.reason] if found.reason else ()), *found.warnings):
        yield f"-- {said(notice)}"
    for block in found.blocks:
        yield ""
        mark = "#" * (block.level or 1) + " " if block.kind is BlockKind.HEADING else ""
        yield mark + block.text
    yield ""


def said(notice: Notice) -> str:
    """Return a notice's code and facts on one line."""
    facts = ", ".join(f"{name}={value}" for name, value in sorted(notice.facts.items()))
    return f"{notice.code} ({facts})" if facts else notice.code


def draw_pages(path: Path, folder: Path, found: Extraction, password: str | None) -> None:
    """Draw each page into the folder; one that cannot be drawn is named on standard error.

    Raises OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for page in range(1, (found.pages or 0) + 1):
        try:
            picture = draw_page(path, Drawing(page, str(found.media_type)), password=password)
        except ReaderEnded as ended:
            click.echo(f"{printable(path)}, page {page}: {said(ended.notice)}", err=True)
            continue
        (folder / f"{page:04}.{ending(found.media_type)}").write_bytes(picture)
