"""Reading plain text, sniffing, and the bounds that hold for every format."""

from __future__ import annotations

import pytest

from indexing.extraction import extract
from indexing.extraction.sniff import sniff
from tests.indexing.extraction.makers import (
    LIMITS,
    docx,
    kinds,
    paragraph,
    pdf,
    read,
    reason,
    texts,
)

CHINESE = "离职交接清单:客户资料、合同原件与未完成的订单都在这里。请在最后一个工作日之前完成。"
TRADITIONAL = "離職交接清單:客戶資料、合約正本與未完成的訂單都在這裡。請於最後一個工作日之前完成。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16"),
        (CHINESE + " ASCII words beside it", "utf-16-le"),
        (CHINESE, "utf-32"),
        (TRADITIONAL, "big5"),
        ("Café déjà vu, naïve façade: the «très» long señor résumé of Zürich.", "cp1252"),
        ("Передача дел при увольнении: клиенты, договоры и незавершённые заказы.", "cp1251"),
    ],
)
def test_encodings(tmp_path, text, encoding):
    assert texts(read(tmp_path, "a.txt", text.encode(encoding))) == [text]


def test_paragraphs_and_lists(tmp_path):
    found = read(tmp_path, "a.txt", b"One.\nStill one.\n\n\n- a\n- b\n\nEnd\x00.\r\n")
    assert kinds(found) == [
        ("paragraph", "One.\nStill one."),
        ("list", "- a\n- b"),
        ("paragraph", "End."),
    ]


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("report.docx", pdf([(50, 700, 10, "x")]), "application/pdf"),
        ("report.pdf", docx(paragraph("x")), "wordprocessingml.document"),
        ("page.txt", b"<!DOCTYPE html><html><body>x", "text/html"),
        ("a.md", b"# x", "text/markdown"),
        ("a.csv", b"a,b\n1,2", "text/csv"),
        ("a.txt", b"about %PDF-1.4 files", "text/plain"),
        ("a.xlsx", b"just text", "text/plain"),
        ("a", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\x03\0>\0", "application/octet-stream"),
    ],
)
def test_content_decides(tmp_path, name, data, media_type):
    path = tmp_path / "file"
    path.write_bytes(data)
    assert sniff(path, name).endswith(media_type)


def test_empty_file(tmp_path):
    found = read(tmp_path, "a.docx", b"")
    assert (found.status, reason(found)) == ("failed", "empty_file")


def test_unknown_type(tmp_path):
    found = read(tmp_path, "a.bin", bytes(range(256)) * 10)
    assert (found.status, reason(found)) == ("failed", "unsupported_type")


def test_missing_file_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        extract(tmp_path / "none", "none.txt", LIMITS)


def test_text_is_cut_at_its_bound(tmp_path):
    found = read(tmp_path, "a.txt", b"word " * 1000, characters=100)
    assert (found.status, reason(found), found.characters) == ("partial", "text_cut", 100)


def test_progress_is_told(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(*[[(50, 700, 10, "x")]] * 3))
    told = []
    extract(path, "a.pdf", LIMITS, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 3)


def test_what_progress_raises_stops_the_reading(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(*[[(50, 700, 10, "x")]] * 3))

    def stop(done: int, total: int | None) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        extract(path, "a.pdf", LIMITS, progress=stop)


def test_strange_characters_are_made_harmless(tmp_path):
    text = "evil\u202efdp.exe and so\u00adft hyphen, zero\u200bwidth, \ufb01ligature ⻚"
    assert texts(read(tmp_path, "a.txt", text.encode())) == [
        "evil[U+202E]fdp.exe and soft hyphen, zerowidth, filigature 页"
    ]
