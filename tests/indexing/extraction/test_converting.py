"""Old formats: converted where LibreOffice is installed, fenced in; otherwise said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from email.message import EmailMessage
from pathlib import Path

import pytest

from indexing.extraction import Limits, conversions, converting, media
from indexing.extraction.office_start import UNFENCED
from indexing.extraction.process import ReaderEnded
from indexing.notice import Notice
from tests.indexing.extraction.makers import read, reason, texts, zipped

FILES = Path(__file__).parents[2] / "files"
WORD_6 = FILES / "word6.doc"
FOUND = converting.office()
NEEDS_OFFICE = pytest.mark.skipif(FOUND is None, reason="LibreOffice is not installed")


@NEEDS_OFFICE
def test_converted_and_read(tmp_path):
    before = set(os.listdir(tempfile.gettempdir()))
    found = read(tmp_path, "旧.doc", WORD_6.read_bytes())
    if reason(found) == "office_missing":
        pytest.skip("this system cannot fence LibreOffice in")
    assert texts(found) == ["The quick brown fox jumps over the lazy dog"]
    assert (found.status, found.media_type) == ("read", media.DOC)
    assert [warning.code for warning in found.warnings] == ["converted"]
    mine = f"handover-reading-{os.getpid()}"
    assert not [n for n in set(os.listdir(tempfile.gettempdir())) - before if n.startswith(mine)]


def mail(attachment: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "wang@example.com", "旧文件"
    message.set_content("See the file.")
    message.add_attachment(attachment, "application", "msword", filename="旧.doc")
    return message.as_bytes()


FOX = "The quick brown fox jumps over the lazy dog"


@NEEDS_OFFICE
@pytest.mark.parametrize(
    ("name", "data", "before", "part"),
    [
        (
            "a.zip",
            zipped({"1.txt": b"first", "客户/旧.doc": WORD_6.read_bytes(), "3.txt": b"last"}),
            ["first"],
            "客户/旧.doc",
        ),
        ("a.zip", zipped({"in.zip": zipped({"旧.doc": WORD_6.read_bytes()})}), [], "in.zip/旧.doc"),
        ("a.eml", mail(WORD_6.read_bytes()), ["旧文件", "See the file."], "旧.doc"),
    ],
)
def test_what_lies_in_a_file_is_converted_in_its_place(tmp_path, name, data, before, part):
    found = read(tmp_path, name, data)
    if "office_missing" in {each.reason for each in found.parts}:
        pytest.skip("this system cannot fence LibreOffice in")
    shown = [block.text for block in found.blocks if block.kind != "mail_header"]
    assert shown[: len(before) + 1] == [*before, FOX]
    assert {block.place.part for block in found.blocks if block.text == FOX} == {part}
    assert (found.status, found.media_type) == ("read", media.ZIP if "zip" in name else media.EML)
    assert [(each.code, dict(each.facts)) for each in found.warnings] == [
        ("part_converted", {"part": part})
    ]
    assert media.DOC in {each.media_type for each in found.parts}


@NEEDS_OFFICE
def test_slides_of_powerpoint_95_are_read(tmp_path):
    """As a member, too: this one is packed."""
    found = read(tmp_path, "old.ppt.xz", (FILES / "powerpoint95.ppt.xz").read_bytes())
    if reason(found) == "parts_not_read" and found.parts[0].reason == "office_missing":
        pytest.skip("this system cannot fence LibreOffice in")
    assert found.status == "read"
    assert max(block.place.slide or 0 for block in found.blocks) == 42
    assert "XML, HTML and All That" in texts(found)


def test_without_it_members_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(converting, "office", lambda: None)
    found = read(tmp_path, "a.zip", zipped({"旧.doc": WORD_6.read_bytes(), "a.txt": b"text"}))
    assert (texts(found), reason(found)) == (["text"], "parts_not_read")
    assert [(part.path, part.media_type, part.reason) for part in found.parts] == [
        ("旧.doc", media.DOC, "office_missing"),
        ("a.txt", media.TEXT, None),
    ]


def test_conversions_share_one_time_and_leave_the_readers_alone(tmp_path, monkeypatch):
    """Slow ones are ended when it is over, others not begun; what is not old is read all the same.

    The time of the reading itself, shorter than they take, is not theirs.
    """
    started = []

    def slow(path, media_type, limits, beat):
        started.append(limits.seconds)
        time.sleep(1.2)
        return nullcontext(Notice("reader_timed_out", {"seconds": 1}))

    monkeypatch.setattr(conversions, "converted", slow)
    members = {f"{number}.doc": WORD_6.read_bytes() for number in range(4)} | {"a.txt": b"text"}
    found = read(tmp_path, "a.zip", zipped(members), seconds=2, seconds_per_page=0)
    assert [round(seconds) for seconds in started] == [2, 1]
    assert texts(found) == ["text"]
    assert [part.reason for part in found.parts] == [*["reader_timed_out"] * 4, None]


def test_each_conversion_brings_time_of_its_own(tmp_path, monkeypatch):
    left = []

    def slow(path, media_type, limits, beat):
        left.append(limits.seconds)
        time.sleep(0.3)
        return nullcontext(Notice("corrupt", {"media_type": media_type}))

    monkeypatch.setattr(conversions, "converted", slow)
    members = {f"{number}.doc": WORD_6.read_bytes() for number in range(4)}
    read(tmp_path, "a.zip", zipped(members), seconds=10, seconds_per_page=100)
    assert [round(seconds / 100) for seconds in left] == [1, 2, 3, 4]


def test_what_came_out_counts_as_unpacked(tmp_path, monkeypatch):
    large = tmp_path / "large"

    def converted(path, media_type, limits, beat):
        large.write_bytes(bytes(300_000))
        return nullcontext(large)

    monkeypatch.setattr(conversions, "converted", converted)
    data = zipped({"a.doc": WORD_6.read_bytes(), "b.txt": b"text"})
    assert reason(read(tmp_path, "a.zip", data, unpacked_bytes=200_000)) == "archive_bomb"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"name": "link", "media_type": media.DOC}, "corrupt"),
        ({"name": "gone", "media_type": media.DOC}, "corrupt"),
        ({"name": "../outside", "media_type": media.DOC}, "corrupt"),
        ({"name": "plain", "media_type": media.PDF}, "office_missing"),
    ],
)
def test_a_reader_in_hostile_hands_gets_nothing_else(tmp_path, question, answer):
    folder = tmp_path / "private"
    folder.mkdir()
    for path in (tmp_path / "outside", folder / "plain"):
        path.write_bytes(WORD_6.read_bytes())
    (folder / "link").symlink_to(tmp_path / "outside")
    asked = conversions.Conversions(WORD_6, Limits(seconds=5), lambda: None)
    reply = asked.serve(question, folder)
    assert reply["notice"]["code"] == answer
    for garbled in (None, [], {"name": 1, "media_type": ""}, {"media_type": media.DOC}):
        with pytest.raises(ReaderEnded):
            asked.serve(garbled, folder)


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.doc", WORD_6.read_bytes(), media.DOC),
        ("a.doc", b"\xdb\xa5\x2d\x00" + bytes(600), media.DOC),
        ("a.xls", b"\x09\x04\x06\x00" + bytes(600), media.XLS),
        ("a.wpd", b"\xffWPC" + bytes(600), media.WORD_PERFECT),
    ],
)
def test_without_it_the_reason_says_so(tmp_path, monkeypatch, name, data, media_type):
    monkeypatch.setattr(converting, "office", lambda: None)
    found = read(tmp_path, name, data)
    assert (found.status, found.media_type, reason(found)) == (
        "failed",
        media_type,
        "office_missing",
    )


def test_too_slow_a_conversion_is_ended(tmp_path, monkeypatch):
    """The program and its folder are gone; what a beat raises comes through."""
    monkeypatch.setattr(converting, "office", lambda: Path("/bin/sleep"))
    monkeypatch.setattr(converting, "_BOOT", "import time; time.sleep(60)")
    begin = time.monotonic()
    found = read(tmp_path, "a.doc", WORD_6.read_bytes(), seconds=2)
    assert (reason(found), time.monotonic() - begin < 20) == ("reader_timed_out", True)

    def cancelled() -> None:
        raise KeyError

    with (
        pytest.raises(KeyError),
        converting.converted(WORD_6, media.DOC, Limits(), cancelled),
    ):
        pass
    assert not list(Path(tempfile.gettempdir()).glob(f"handover-reading-{os.getpid()}-*"))


def test_the_program_reaches_nothing_outside(tmp_path):
    """No file, no secret of another process, no network; it writes in its folder alone."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "inside"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = (
            f"cat {tmp_path}/secret; cat /proc/$PPID/environ; echo > {tmp_path}/made;"
            f"(echo > /dev/tcp/127.0.0.1/{port}) && echo connected; echo done > /tmp/result"
        )
        job = {
            "folder": str(folder),
            "seconds": 10,
            "memory_bytes": 1 << 30,
            "file_bytes": 1 << 20,
            "command": ["/bin/bash", "-c", script],
        }
        command = [sys.executable, "-I", "-S", "-c", converting._BOOT, converting._ROOT]
        done = subprocess.run([*command, json.dumps(job)], capture_output=True, timeout=30)
    if done.returncode == UNFENCED:
        pytest.skip("this system has no Landlock or no namespaces")
    assert (done.stdout, (folder / "result").read_text()) == (b"", "done\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "secret"]
