"""Rows of files: what stands beside a file for the person who looks, on every page of a case.

A row is drawn in three places from the same template: in the page, in the answer to an upload, and
in the answer to the page's question how far the reading is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flask import Response, jsonify, render_template
from flask_babel import gettext as _

from portal import formats, reading_words
from portal.blueprints.context import person_id, resources
from portal.models import IN_HAND, Handover, Item, Reading, RequirementKind, Version
from portal.services import cases, findings, pictures
from portal.services.cases import Case
from portal.services.documents import DocumentLine
from portal.services.pictures import Preview
from portal.services.progress import Progress
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Files:
    """What a row needs beside its document.

    me: the row id of the person; running: whether anything may change; targets: items a draft may
    be put on, as (public id, title); message: the sentence about a finished reading; wait: about
    one that goes on; preview: what stands before the name; undecided: whether a draft holds
    something that keeps it from being sealed.
    """

    me: int | None
    running: bool
    targets: list[tuple[str, str]]
    max_bytes: int
    help: str
    message: Callable[[Reading], str] = reading_words.message
    preview: Callable[[Reading | None], Preview] = pictures.preview
    wait: Callable[[Progress | None], str] = reading_words.progress
    undecided: Callable[[Version, Reading | None], bool] = findings.undecided


def of_case(case: Case) -> Files:
    """What the rows of this case need."""
    targets = [
        (line.item.public_id, line.requirement.title)
        for line in case.items
        if line.mine and takes_files(line.item)
    ]
    return of_handover(case.handover, targets)


def takes_files(item: Item) -> bool:
    """Whether files can be put on the item in the state it is in."""
    return item.state in IN_HAND and item.requirement.kind is not RequirementKind.SECRET


def of_handover(handover: Handover, targets: Sequence[tuple[str, str]] = ()) -> Files:
    """What rows need where the person sees documents without seeing the case."""
    limit = resources().settings.upload_limit_bytes
    return Files(
        me=person_id(),
        running=handover.running,
        targets=list(targets),
        max_bytes=limit,
        help=_(
            "Documents of any kind, up to %(limit)s each. Programs are refused.",
            limit=formats.file_size(limit),
        ),
    )


def answer(uow: UnitOfWork, version: Version) -> Response:
    """The answer to a script that sent a file: its row, the row it takes the place of, a sentence.

    `version` belongs to a case this person sees.
    """
    case = cases.show(uow, version.document.handover.public_id)
    line = next(line for line in lines(case) if line.document.id == version.document_id)
    before = line.versions[1].version.public_id if len(line.versions) > 1 else None
    return jsonify(
        html=render(case, line),
        id=f"file-{version.public_id}",
        replaces=f"file-{before}" if before else None,
        message=_("%(name)s is uploaded.", name=version.filename),
    )


def lines(case: Case) -> Iterator[DocumentLine]:
    """Every document of the case this person may list."""
    for line in case.items:
        yield from line.documents
    yield from case.extras


def unfinished(line: DocumentLine) -> bool:
    """Whether the reading of the newest version goes on."""
    reading = line.newest.reading
    return reading is None or not reading.finished


def render(case: Case, line: DocumentLine) -> str:
    """One row as HTML."""
    return render_template("documents/row.html", line=line, files=of_case(case))
