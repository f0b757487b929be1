"""What every store of blobs does, whatever it keeps them in."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import (
    BadDigest,
    BlobCorrupt,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    DiskFull,
    StorageError,
    StoredBlob,
    open_store,
)
from storage.blob import CHUNK_BYTES
from tests.storage.places import Place

LIMIT = 64 * 1024 * 1024
ABSENT = hashlib.sha256(b"nobody put this").hexdigest()


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep(store: BlobStore, content: bytes, limit: int = LIMIT) -> StoredBlob:
    return store.put(io.BytesIO(content), limit)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        "交接清单".encode(),
        os.urandom(CHUNK_BYTES),
        os.urandom(CHUNK_BYTES + 1),
        os.urandom(3 * CHUNK_BYTES - 1),
    ],
    ids=["empty", "one byte", "text", "one chunk", "a chunk and a byte", "three chunks"],
)
def test_what_is_put_is_read_again(store, content):
    blob = keep(store, content)
    assert blob == StoredBlob(digest_of(content), len(content))
    with store.open(blob.digest) as stream:
        assert stream.read() == content
    with store.local_path(blob.digest) as path:
        assert path.read_bytes() == content
    assert store.exists(blob.digest)
    assert store.size(blob.digest) == len(content)
    store.verify(blob.digest)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(contents=st.lists(st.binary(max_size=64), max_size=5))
def test_a_store_is_the_set_of_its_contents(store, contents):
    for content in contents:
        keep(store, content)
    kept = list(store.digests())
    assert kept == sorted(set(kept))
    assert {digest_of(content) for content in contents} <= set(kept)


def test_the_same_bytes_are_kept_once(store, place):
    first = keep(store, b"same")
    assert keep(store, b"same") == first
    assert place.names() == [first.digest]
    assert place.temporary() == []


@pytest.mark.parametrize(
    ("size", "limit", "fits"),
    [(0, 0, True), (1, 0, False), (9, 9, True), (10, 9, False), (5_000_000, 9, False)],
)
def test_the_limit_is_the_last_size_that_fits(store, place, size, limit, fits):
    stream = CountingStream(size)
    if fits:
        assert store.put(stream, limit).size == size
        return
    with pytest.raises(BlobTooLarge) as error:
        store.put(stream, limit)
    assert error.value.facts == {"limit": limit}
    assert stream.given <= limit + 1, "what is over the limit is not read to its end"
    assert place.names() == []
    assert place.temporary() == []


class CountingStream(io.RawIOBase):
    """So many zeros, given in small pieces as a socket does."""

    def __init__(self, size: int, fail_at: int | None = None):
        self.left, self.given, self.fail_at = size, 0, fail_at

    def read(self, size: int = -1) -> bytes:
        if self.fail_at is not None and self.given >= self.fail_at:
            raise ConnectionResetError("the browser went away")
        piece = min(size if size >= 0 else self.left, self.left, 60_000)
        self.left -= piece
        self.given += piece
        return bytes(piece)


def test_an_interrupted_stream_leaves_nothing(store, place):
    with pytest.raises(ConnectionResetError):
        store.put(CountingStream(1_000_000, fail_at=500_000), LIMIT)
    assert place.names() == []
    assert place.temporary() == []


def test_a_short_read_is_not_the_end(store):
    blob = store.put(CountingStream(200_001), LIMIT)
    assert blob == StoredBlob(digest_of(bytes(200_001)), 200_001)


def test_the_rest_of_a_stream_is_put(store):
    stream = io.BytesIO(b"head and body")
    stream.seek(9)
    assert store.put(stream, LIMIT).digest == digest_of(b"body")


def call(store: BlobStore, method: str, digest: str) -> None:
    result = getattr(store, method)(digest)
    if method == "local_path":
        result.__enter__()


@pytest.mark.parametrize(
    "digest",
    ["", "abc", "../../../../etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n",
     "/etc/passwd".ljust(64, "0"), "00/../" + "0" * 58, "\0" * 64, "０" * 64],
)  # fmt: skip
def test_a_bad_digest_reaches_nothing(store, place, digest):
    for method in ("open", "exists", "size", "verify", "remove", "local_path"):
        with pytest.raises(BadDigest) as error:
            call(store, method, digest)
        assert error.value.facts == {"digest": digest}
        assert isinstance(error.value, StorageError)
    assert place.names() == []


@pytest.mark.parametrize("method", ["open", "size", "verify", "local_path"])
def test_a_missing_blob_is_said_to_be_missing(store, method):
    with pytest.raises(BlobMissing) as error:
        call(store, method, ABSENT)
    assert error.value.facts == {"digest": ABSENT}
    assert not store.exists(ABSENT)


@pytest.mark.parametrize("damage", [b"", b"good byteS", b"good bytes and more"])
def test_corruption_is_seen_and_repaired_by_the_next_put(store, place, damage):
    blob = keep(store, b"good bytes")
    place.overwrite(blob.digest, damage)
    with pytest.raises(BlobCorrupt) as error:
        store.verify(blob.digest)
    assert error.value.facts == {"digest": blob.digest}
    assert keep(store, b"good bytes") == blob
    store.verify(blob.digest)
    assert place.names() == [blob.digest]


def test_a_blob_is_removed_once_and_for_all(store):
    kept, gone = keep(store, b"kept"), keep(store, b"gone")
    assert store.remove(gone.digest)
    assert store.remove(gone.digest), "a repeated removal finds its work done"
    assert not store.exists(gone.digest)
    assert list(store.digests()) == [kept.digest]


def test_a_blob_put_again_is_young_again(store):
    blob = keep(store, b"put twice")
    time.sleep(2.1)  # S3 tells ages in whole seconds
    keep(store, b"put twice")
    assert not store.remove(blob.digest, older_than_seconds=1.9)
    assert store.exists(blob.digest)


def test_an_old_blob_can_be_removed_by_age(store):
    blob = keep(store, b"old")
    assert not store.remove(blob.digest, older_than_seconds=3600)
    time.sleep(1.1)
    assert store.remove(blob.digest, older_than_seconds=0.05)
    assert not store.exists(blob.digest)


def test_reading_jumps_to_any_place(store):
    content = os.urandom(700_000)
    digest = keep(store, content).digest
    with store.open(digest) as stream:
        for place in (0, 699_999, 5, 300_000, 299_990):
            stream.seek(place)
            assert stream.tell() == place
            assert stream.read(100) == content[place : place + 100]
        assert stream.seek(-3, os.SEEK_END) == 699_997
        assert stream.read() == content[-3:]
        assert stream.read() == b""


def test_a_full_disk_is_refused_before_it_is_full(place: Place):
    store = open_store(place.url, spool=place.spool, reserve=1 << 60)
    with pytest.raises(DiskFull) as error:
        keep(store, b"too much")
    assert 0 < error.value.facts["free"] < error.value.facts["needed"]
    assert place.names() == []
    assert place.temporary() == []


def test_the_disk_is_looked_at_while_writing(place: Place, tmp_path):
    """A stream that eats the disk while it is read is stopped at the reserve, not at the end."""
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    store = open_store(place.url, spool=place.spool, reserve=free - 24 * CHUNK_BYTES)
    stream = CountingStream(4000 * CHUNK_BYTES)
    with pytest.raises(DiskFull):
        store.put(stream, 4000 * CHUNK_BYTES)
    assert stream.given < 2000 * CHUNK_BYTES
    assert place.temporary() == []


def test_many_threads_put_the_same_and_other_bytes(store, place):
    contents = [b"shared %d" % (number % 3) for number in range(12)]
    failures: list[BaseException] = []

    def work(content: bytes) -> None:
        try:
            keep(store, content)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert place.names() == sorted(digest_of(content) for content in set(contents))


def test_sweep_takes_old_leftovers_alone(store, place):
    keep(store, b"a blob stays")
    old, young = place.spool / "1-old", place.spool / "2-young"
    for leftover in (old, young):
        leftover.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    assert store.sweep(3600) == 1
    assert place.temporary() == ["2-young"]
    assert len(place.names()) == 1


def test_sweep_spares_a_slow_upload(store, place):
    """Nothing came for an hour by the clock of the file, but its writer is still there."""
    seen: list[int] = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            for name in place.temporary():
                os.utime(place.spool / name, (0, 0))
            seen.append(store.sweep(3600))
            return super().read(size)

    blob = store.put(Slow(b"slow but whole"), LIMIT)
    assert seen == [0, 0]
    store.verify(blob.digest)


def test_errors_survive_being_sent_between_processes():
    error = BlobTooLarge(5)
    assert str(error) == "blob_too_large: limit=5"
    assert error.args == (5,)


def test_the_age_of_a_blob_begins_anew_with_each_put(store):
    blob = keep(store, b"young")
    assert 0 <= store.age(blob.digest) < 60
    with pytest.raises(BlobMissing):
        store.age(ABSENT)
    with pytest.raises(BadDigest):
        store.age("../../etc/passwd")
