"""The body of an upload is read part by part, whatever a browser or an enemy sends."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.ctx import RequestContext
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from portal.blueprints.multipart import FIELD_BYTES, MOST_PARTS, READ_BYTES, Parts

BOUNDARY = "----a-boundary-7f3a"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
app = Flask("parts")


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def request_of(data: bytes, kind: str = FORM, length: int | None = None) -> RequestContext:
    return app.test_request_context(
        method="POST",
        input_stream=io.BytesIO(data),
        content_type=kind,
        content_length=len(data) if length is None else length,
    )


def read(data: bytes, kind: str = FORM) -> list[tuple[str, str | None, bytes]]:
    with request_of(data, kind):
        return [(one.name, one.filename, one.stream().read()) for one in Parts()]


def test_fields_and_files_come_in_their_order() -> None:
    sent = [
        ("token", None, b"t1"),
        ("file", "客户档案.docx", b"first\r\nsecond"),
        ("file", "../../etc/passwd", b""),
        ("last", None, "中文".encode()),
    ]
    assert read(body(*(part(name, value, filename) for name, filename, value in sent))) == sent


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(0, 3))
def test_bytes_arrive_as_they_were_sent(pieces: list[bytes], times: int) -> None:
    # Line breaks, dashes and almost-boundaries are what a parser stumbles over.
    awkward = f"\r\n--{BOUNDARY[:-1]}".encode() * times
    values = [piece + awkward + b"\r\n--" for piece in pieces]
    found = read(body(*(part("file", value, "a.bin") for value in values)))
    assert [value for _, _, value in found] == values


def test_a_part_longer_than_memory_for_it_is_a_stream() -> None:
    value = bytes(range(256)) * (READ_BYTES // 256) * 40
    assert read(body(part("file", value, "large.bin"), part("after", b"x"))) == [
        ("file", "large.bin", value),
        ("after", None, b"x"),
    ]


def test_parts_nobody_reads_are_skipped() -> None:
    data = body(part("file", b"x" * READ_BYTES * 3, "a"), part("file", b"y", "b"), part("c", b"z"))
    with request_of(data):
        assert [one.name for one in Parts()] == ["file", "file", "c"]


def test_a_part_read_halfway_ends_where_it_ends() -> None:
    data = body(part("file", b"abc" * READ_BYTES, "a"), part("file", b"next", "b"))
    with request_of(data):
        parts = iter(Parts())
        assert next(parts).stream().read(2) == b"ab"
        assert next(parts).stream().read() == b"next"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (body(part("a", b"b")), "application/x-www-form-urlencoded"),
        (body(part("a", b"b")), "multipart/form-data"),
        (body(part("a", b"b"))[:-20], FORM),
        (b"", FORM),
        (b"no parts at all", FORM),
        (f"--{BOUNDARY}\r\nX: y\r\n\r\nno disposition\r\n--{BOUNDARY}--\r\n".encode(), FORM),
        (f"--{BOUNDARY}\r\nContent-Disposition: \xff\r\n\r\n".encode("latin-1"), FORM),
    ],
    ids=["urlencoded", "no boundary", "cut off", "empty", "no parts", "no name", "not UTF-8"],
)
def test_a_broken_body_is_a_bad_request(data: bytes, kind: str) -> None:
    with pytest.raises(BadRequest):
        read(data, kind)


def test_a_field_has_a_limit() -> None:
    data = body(part("token", b"x" * (FIELD_BYTES + 1)))
    with (
        request_of(data),
        pytest.raises(BadRequest),
    ):
        next(iter(Parts())).text()


@pytest.mark.parametrize(
    "data",
    [
        body(*[part("a", b"b")] * (MOST_PARTS + 1)),
        f"--{BOUNDARY}\r\nX: {'y' * READ_BYTES * 8}".encode(),
        b"x" * READ_BYTES * 8,
    ],
    ids=["parts without end", "a header without end", "a preamble without end"],
)
def test_memory_is_bounded(data: bytes) -> None:
    with pytest.raises(RequestEntityTooLarge):
        read(data)


def test_a_body_shorter_than_announced_is_a_bad_request() -> None:
    data = body(part("file", b"x" * 1000, "a"))
    with (
        request_of(data[:500], length=len(data)),
        pytest.raises(BadRequest),
    ):
        [one.stream().read() for one in Parts()]
