"""Damage done to files as an attacker or a broken disk would: to bytes, and inside the packing."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from random import Random

# Numbers at the edges of what fields hold.
_EDGES = (b"\0", b"\xff", b"\x7f\xff", b"\xff\xff", b"\xff\xff\xff\x7f", b"\xff" * 4, b"\xff" * 8)
_NUMBER = re.compile(rb"\d+")
_LARGEST = 4 << 20


def mutated(data: bytes, random: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Return the file with one to a few injuries.

    others: files to take pieces from. words: what is put in at random places.
    """
    for _ in range(random.choice((1, 1, 2, 4, 12))):
        data = _once(data, random, others, words)
    return data[:_LARGEST]


def _once(data: bytes, random: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    if data.startswith(b"PK") and random.random() < 0.8:
        return _in_package(data, random, others, words)
    if b"FlateDecode" in data and random.random() < 0.4:
        return _in_stream(data, random, others, words)
    return _in_bytes(data, random, others, words)


def _in_bytes(
    data: bytes, random: Random, others: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    begin = random.randrange(len(data) + 1)
    end = min(len(data), begin + random.choice((1, 1, 2, 4, 16, 256, 4096)))
    piece = data[begin:end]
    other = random.choice(others)
    start = random.randrange(len(other) + 1)
    numbers = list(_NUMBER.finditer(data, begin, min(len(data), begin + 4096)))
    match random.randrange(8):
        case 0:
            return data[:begin] + bytes(random.randrange(256) for _ in piece) + data[end:]
        case 1:
            edge = random.choice(_EDGES)
            return data[:begin] + edge + data[begin + len(edge) :]
        case 2:
            return data[:begin] + data[end:]
        case 3:
            return data[:begin] + piece * random.choice((2, 3, 100, 2000)) + data[end:]
        case 4:
            return data[:begin]
        case 5:
            return data[:begin] + random.choice(words) + data[begin:]
        case 6 if numbers:
            found = random.choice(numbers)
            number = random.choice((b"0", b"-1", b"65536", b"4294967295", b"9" * 30))
            return data[: found.start()] + number + data[found.end() :]
    return data[:begin] + other[start : start + len(piece) + 64] + data[end:]


def _in_package(
    data: bytes, random: Random, others: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    """Injure one member and pack the archive again, so that its reader meets the injury."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except Exception:  # noqa: BLE001 (injured before: whatever the library raises)
        return _in_bytes(data, random, others, words)
    if not members:
        return _in_bytes(data, random, others, words)
    name = random.choice(sorted(members))
    members[name] = _in_bytes(members[name], random, others, words)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for inner, content in members.items():
            archive.writestr(zipfile.ZipInfo(inner), content)
    return buffer.getvalue()


def _in_stream(
    data: bytes, random: Random, others: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    """Injure what lies packed in one stream of a PDF; readers find its end by the keyword."""
    streams = list(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S))
    if not streams:
        return _in_bytes(data, random, others, words)
    found = random.choice(streams)
    try:
        content = zlib.decompress(found[1])
    except zlib.error:
        return _in_bytes(data, random, others, words)
    packed = zlib.compress(_in_bytes(content, random, others, words)[:_LARGEST])
    return data[: found.start(1)] + packed + data[found.end(1) :]
