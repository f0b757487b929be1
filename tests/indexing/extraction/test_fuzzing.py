"""Damage at random: whatever is done to a file, its reading ends with a reason and leaves nothing.

`benchmarks/fuzzing.py` does the same for as long as one likes, with files of others.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexing.extraction import converting, number_format
from indexing.notice import NOTICE_CODES
from tests.indexing.extraction.makers import docx, paragraph, rar, read, reason, zipped
from tests.indexing.extraction.mutations import mutated

FILES = Path(__file__).parents[2] / "files"
SEEDS = {path.name: path.read_bytes() for path in FILES.iterdir() if path.suffix != ".md"} | {
    "made.docx": docx(paragraph("交接") * 20),
    "made.zip": zipped({"a.txt": b"text", "b.html": b"<p>text</p>" * 20}),
    "made.rar": rar({"a.txt": b"text"}),
    "made.rtf": rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard one\par\b two\par}",
    "made.eml": b"From: a@b.example\r\nSubject: s\r\nContent-Type: text/plain\r\n\r\ntext\r\n",
    "made.csv": "姓名,电话\n王芳,1\n".encode("gb18030") * 20,
}
ENTITY = b'<!DOCTYPE l [<!ENTITY a "b">]>&a;'
WORDS = (b"<x>" * 3000, b"{\\b" * 3000, b" " * 50_000, b"\x80", ENTITY)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.sampled_from(sorted(SEEDS)), random=st.randoms(use_true_random=False))
def test_damaged_files(tmp_path, monkeypatch, name, random):
    monkeypatch.setattr(converting, "office", lambda: None)
    data = mutated(SEEDS[name], random, list(SEEDS.values()), WORDS)
    found = read(tmp_path, name, data, ocr=False)
    assert (reason(found) is None) == (found.status == "read")
    assert reason(found) in (None, *NOTICE_CODES - {"reader_crashed", "reader_timed_out"})
    mine = f"handover-reading-{os.getpid()}-"
    assert not [left for left in os.listdir(tempfile.gettempdir()) if left.startswith(mine)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        # A run of blanks that ends no line, and one in a text with a sign out of the ordinary.
        ("a.txt", b"a" + b" " * 300_000 + b"b"),
        ("a.txt", ("中" + "\u3000" * 200_000 + "文").encode()),
        # Neither UTF-8 nor pairs of any other encoding.
        ("a.txt", b"caf\x80 \xa0 " * 50 + b"plain"),
        ("a.csv", b'a,b\n"' + b"c" * 200_000 + b'",d\n'),
    ],
)
def test_found_by_damage(tmp_path, name, data):
    assert reason(read(tmp_path, name, data, seconds=10)) is None


def test_format_code_of_a_million_characters():
    assert number_format.shown(41000.5, "yyyy:mm" * 200_000) == "41000.5"
