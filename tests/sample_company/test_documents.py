"""The sample's documents are read like anybody's, and hold the answers to the questions."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from indexing.extraction import Extraction, Limits, Status, extract
from portal.sample_company import Question, load, load_questions
from portal.sample_company.build_documents import build
from portal.sample_company.loading import FOLDER

DOCUMENTS = {document.file: document for document in load().documents}
ANSWERED = [question for question in load_questions() if question.file]


@cache
def read(file: str) -> Extraction:
    document = DOCUMENTS[file]
    return extract(document.path, document.filename, Limits())


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("file", DOCUMENTS)
def test_every_document_is_read_whole_without_recognition(file: str) -> None:
    extraction = read(file)
    assert extraction.status is Status.READ
    assert extraction.ocr_pages == 0
    assert extraction.characters > 250
    assert {warning.code for warning in extraction.warnings} <= {"encoding_guessed"}
    if file.endswith(".pdf"):
        assert extraction.pages is not None
        assert 1 <= extraction.pages <= 4


@pytest.mark.parametrize("question", ANSWERED, ids=lambda question: question.text)
def test_the_answer_stands_where_the_question_says(question: Question) -> None:
    assert question.file is not None
    wanted = without_spaces(question.passage)
    blocks = [b for b in read(question.file).blocks if wanted in without_spaces(b.text)]
    assert blocks, "the passage is nowhere"
    assert question.page in (None, blocks[0].place.page)
    if question.heading is not None:
        assert blocks[0].place.heading_path[-1] == question.heading


@pytest.mark.parametrize("file", [file for file in DOCUMENTS if file.endswith(".pdf")])
def test_pdf_text_is_written_in_ordinary_characters(file: str) -> None:
    """Not in radicals, which look the same and are found by nobody."""
    text = "".join(block.text for block in read(file).blocks)
    assert re.findall("[\u2e80-\u2fdf\uf900-\ufaff]", text) == []


REBUILT = [path for path in sorted(FOLDER.glob("sources/*/*")) if ".pdf." not in path.name]


@pytest.mark.parametrize("source", REBUILT, ids=lambda path: path.name)
def test_documents_are_what_their_sources_give(source: Path, tmp_path: Path) -> None:
    """PDF apart, whose making needs a browser."""
    made = build(source, tmp_path)
    committed = FOLDER / made.relative_to(tmp_path)
    assert made.read_bytes() == committed.read_bytes()


@pytest.mark.parametrize(
    "source", sorted(FOLDER.glob("sources/*/*.pdf.md")), ids=lambda path: path.name
)
def test_pdf_holds_every_heading_of_its_source(source: Path) -> None:
    file = f"{source.parent.name}/{source.name.removesuffix('.md')}"
    headings = re.findall(r"^#+ (.+)$", source.read_text(encoding="utf-8"), re.M)
    text = without_spaces("".join(block.text for block in read(file).blocks))
    assert headings
    assert [each for each in headings if without_spaces(each) not in text] == []


def test_a_source_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not say"):
        build(tmp_path / "notes.rtf", tmp_path)
