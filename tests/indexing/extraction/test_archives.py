"""Reading archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from indexing.extraction import Limits, media, packed_archive, volumes
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from tests.indexing.extraction.makers import (
    docx,
    paragraph,
    rar,
    read,
    reason,
    seven_zip,
    texts,
    zipped,
)

FILES = Path(__file__).parents[2] / "files"
LIBARCHIVE = pytest.mark.skipif(
    not packed_archive.is_installed(), reason="libarchive is not installed"
)


def tar(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


MEMBERS = {"客户/合同.docx": docx(paragraph("contract")), "notes.txt": b"some notes"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped(MEMBERS)),
        ("a.tar", tar(MEMBERS)),
        ("a.tar.gz", gzip.compress(tar(MEMBERS))),
        ("a.tbz2", bz2.compress(tar(MEMBERS))),
        ("a.tar.xz", lzma.compress(tar(MEMBERS))),
        pytest.param("a.7z", lambda: seven_zip(MEMBERS), marks=LIBARCHIVE),
        pytest.param("a.rar", lambda: rar(MEMBERS), marks=LIBARCHIVE),
    ],
)
def test_members_are_parts(tmp_path, name, data):
    found = read(tmp_path, name, data() if callable(data) else data)
    assert [(block.place.part, block.text) for block in found.blocks] == [
        ("客户/合同.docx", "contract"),
        ("notes.txt", "some notes"),
    ]
    assert found.status == "read"


def test_one_packed_file(tmp_path):
    found = read(tmp_path, "notes.txt.gz", gzip.compress(b"some notes"))
    assert (found.blocks[0].place.part, texts(found)) == ("notes.txt", ["some notes"])


def test_old_names_are_decoded(tmp_path):
    data = zipped({"xxxxxxxx.txt": b"text"}).replace(b"xxxxxxxx", "客户合同".encode("gb18030"))
    found = read(tmp_path, "a.zip", data)
    assert found.blocks[0].place.part == "客户合同.txt"


def test_names_are_never_paths_and_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    data = tar({"../outside": b"text", "/etc/evil": b"text"}, {"link": "/etc/passwd"})
    found = read(tmp_path, "a.tar", data)
    assert texts(found) == ["text", "text"]
    assert not outside.exists()
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("..\\..\\outside", "text")
    assert texts(read(tmp_path, "a.zip", buffer.getvalue())) == ["text"]
    assert not outside.exists()


def test_members_that_cannot_be_read_are_named(tmp_path):
    data = zipped(
        {"a.txt": b"text", "b.docx": docx(paragraph("x"))[:300], "c.bin": bytes(range(256))}
    )
    found = read(tmp_path, "a.zip", data)
    assert (found.status, reason(found)) == ("partial", "parts_not_read")
    assert {warning.facts["part"] for warning in found.warnings} == {"b.docx", "c.bin"}


def test_rubbish_is_passed_over(tmp_path):
    members = {"__MACOSX/._a": b"\0\1", ".DS_Store": b"\0\1", "x/Thumbs.db": b"\0", "a.txt": b"a"}
    assert read(tmp_path, "a.zip", zipped(members)).status == "read"


def encrypted() -> bytes:
    data = bytearray(zipped({"a.txt": b"secret text"}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (encrypted(), {}, "encrypted_archive"),
        (zipped({"a.txt": b"a"})[:-30], {}, "corrupt"),
        (gzip.compress(bytes(30_000_000)), {"unpacked_bytes": 1_000_000}, "archive_bomb"),
        (zipped({"a.txt": bytes(30_000_000)}), {"unpacked_bytes": 1_000_000}, "archive_bomb"),
        (zipped({f"{n}.txt": b"a" for n in range(50)}), {"members": 10}, "too_many_members"),
        (gzip.compress(tar(MEMBERS))[:-200], {}, "corrupt"),
        (tar({"a.txt": b"a" * 5000})[:3000], {}, "corrupt"),
        (zipped({}), {}, "no_text"),
    ],
    ids=["encrypted", "cut", "gzip bomb", "zip bomb", "many", "cut gzip", "cut tar", "empty"],
)
def test_refused(tmp_path, data, limits, code):
    assert reason(read(tmp_path, "a.bin", data, **limits)) == code


def test_archives_in_archives_end(tmp_path):
    data = b"text"
    for number in range(8):
        data = zipped({f"{number}.zip" if number else "a.txt": data})
    found = read(tmp_path, "a.zip", data)
    assert found.warnings[-1].facts["reason"] == "nested_too_deep"
    assert found.status == "failed"


@pytest.mark.parametrize("step", [13, 61, 97, 211])
@pytest.mark.parametrize("first", ["[Content_Types].xml", "word/document.xml"])
def test_overwritten_packages_end_with_a_reason(tmp_path, step, first):
    names = {first: "", "word/document.xml": "<a/>" * 300, "[Content_Types].xml": "<b/>" * 300}
    data = bytearray(zipped(names))
    for at in range(60, len(data), step):
        data[at] ^= 0x5A
    assert reason(read(tmp_path, "a.docx", bytes(data))) in ("corrupt", "no_text", "parts_not_read")


def test_damaged_member_is_named(tmp_path):
    data = zipped({"a.txt": b"text", "b.txt": b"other text"}, zipfile.ZIP_STORED)
    found = read(tmp_path, "a.zip", data.replace(b"other text", b"wrong text", 1))
    assert (found.status, reason(found)) == ("partial", "parts_not_read")
    assert dict(found.warnings[0].facts) == {"part": "b.txt", "reason": "corrupt"}


@LIBARCHIVE
@pytest.mark.parametrize("pack", [seven_zip, rar])
def test_packed_archives_keep_the_bounds(tmp_path, pack):
    """Too much inside, names that climb out, damage, archives in archives: said, never fatal."""
    outside = tmp_path / "outside"
    climbing = {"../outside": b"text", ".DS_Store": b"left", "in.zip": zipped({"a.txt": b"deep"})}
    found = read(tmp_path, "a", pack(climbing))
    assert [(part.path, part.reason) for part in found.parts] == [
        ("../outside", None),
        ("in.zip", None),
        ("in.zip/a.txt", None),
    ]
    assert not outside.exists()
    large = pack({"a.txt": b"first", "b.txt": bytes(100) * 10_000})
    found = read(tmp_path, "a", large, unpacked_bytes=200_000)
    assert (texts(found), reason(found)) == (["first"], "archive_bomb")
    found = read(tmp_path, "a", pack(dict.fromkeys("abcd", b"text")), members=3)
    assert (len(texts(found)), reason(found)) == (3, "too_many_members")
    found = read(tmp_path, "a", pack({"a.txt": b"text" * 100})[:-60])
    assert reason(found) in ("corrupt", "parts_not_read")


@LIBARCHIVE
def test_one_part_of_a_rar_in_several_says_what_to_do(tmp_path):
    """What lies whole in it is read; what goes on in the next part is named."""
    members = {"a.txt": b"whole", "b.txt": b"goes on in the next part" * 20}
    found = read(tmp_path, "a.part1.rar", rar(members, flags=1)[:-300])
    assert (texts(found), reason(found), found.status) == (["whole"], "archive_volumes", "partial")
    assert [(part.path, part.reason) for part in found.parts] == [
        ("a.txt", None),
        ("b.txt", "archive_volumes"),
    ]
    found = read(tmp_path, "a.part2.rar", rar({}, flags=1))
    assert (found.status, reason(found)) == ("failed", "archive_volumes")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip.001", zipped({"a.txt": b"text" * 100}, zipfile.ZIP_STORED)[:200]),
        ("a.z01", zipped({"a.txt": b"text" * 100}, zipfile.ZIP_STORED)[:200]),
        ("a.zip", zipped({"a.txt": b"text"})[30:].replace(b"PK\5\6\0\0", b"PK\5\6\2\0")),
        pytest.param("a.7z.001", lambda: seven_zip({"a.txt": b"text" * 99})[:90], marks=LIBARCHIVE),
    ],
    # The bytes hold the time they were made at, and every process needs the same names.
    ids=["zip", "z01", "last", "7z"],
)
def test_one_part_of_others_in_several_says_what_to_do(tmp_path, name, data):
    content = data() if callable(data) else b"PK\3\4" * name.endswith(".zip") + data
    found = read(tmp_path, name, content)
    assert (found.status, reason(found)) == ("failed", "archive_volumes")


def test_a_whole_archive_with_a_number_for_a_name_is_read(tmp_path):
    assert read(tmp_path, "a.zip.001", zipped({"a.txt": b"text"})).status == "read"


@pytest.mark.parametrize("flags", [b"\x00\x01", b"\x10\x01", b"\x00\x00"])
def test_volumes_of_old_rar_archives(tmp_path, flags):
    head = b"Rar!\x1a\x07\x00\0\0\x73" + flags[::-1] + b"\x0d\0" + bytes(6)
    path = tmp_path / "a.rar"
    path.write_bytes(head)
    source = Source(path, "a.rar", media.RAR, tmp_path, Limits())
    assert volumes.is_volume(source) == (flags[1] == 1)


def test_packed_archive_where_the_system_cannot_unpack_it(tmp_path, monkeypatch):
    monkeypatch.setattr(packed_archive, "_libarchive", None)
    source = Source(tmp_path / "a.7z", "a.7z", media.SEVEN_ZIP, tmp_path, Limits())
    with pytest.raises(Unreadable) as caught:
        packed_archive.read(source, Sink(bytes, Limits()))
    assert caught.value.notice.code == "archive_unsupported"


@LIBARCHIVE
@pytest.mark.parametrize("name", ["locked.7z", "locked_members.7z"])
def test_packed_archive_with_a_password(tmp_path, name):
    found = read(tmp_path, name, (FILES / name).read_bytes())
    assert reason(found) == "encrypted_archive"
