"""`handover extract`, in a process of its own."""

from __future__ import annotations

import json

import pytest

from tests.indexing.extraction.makers import docx, paragraph, pdf
from tests.platform.processes import handover


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.pdf").write_bytes(pdf([(50, 700, 10, "The first page.")], []))
    (tmp_path / "交接.docx").write_bytes(docx(paragraph("正文。")))
    (tmp_path / "broken.docx").write_bytes(docx(paragraph("x"))[:-200])
    (tmp_path / "empty.txt").write_bytes(b"")
    return tmp_path


def test_one_object_a_line(folder):
    done = handover("extract", "--json", "a.pdf", "交接.docx", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first.keys() >= {
        "file", "media_type", "status", "reason", "pages", "characters", "ocr_pages", "language",
        "seconds", "blocks",
    }  # fmt: skip
    assert (first["file"], first["status"], first["pages"], first["reason"]) == (
        "a.pdf", "read", 2, None,
    )  # fmt: skip
    assert first["blocks"][0]["kind"] == "paragraph"
    assert first["blocks"][0]["place"]["page"] == 1
    assert second["blocks"] == [{"kind": "paragraph", "text": "正文。", "place": {}}]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["a.pdf"], 0),
        (["a.pdf", "broken.docx"], 1),
        (["empty.txt"], 1),
        ([], 2),
        (["missing.pdf"], 2),
        (["."], 2),
        (["--fast", "a.pdf"], 2),
    ],
)
def test_exit_status(folder, arguments, status):
    done = handover("extract", *arguments, cwd=folder)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_for_people(folder):
    done = handover("extract", "交接.docx", "broken.docx", cwd=folder)
    assert "== 交接.docx: read, 3 characters" in done.stdout
    assert "正文。" in done.stdout
    assert "-- corrupt (media_type=" in done.stdout


def test_pictures_of_pages(folder):
    done = handover("extract", "--images", "pictures", "a.pdf", "交接.docx", cwd=folder)
    assert done.returncode == 0
    made = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert made == ["pictures/001-a.pdf/0001.png", "pictures/001-a.pdf/0002.png"]
