"""What only a bucket can show: parts, conditions, refusals, and a server that is away."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from storage import BlobMissing, StoreNotWritable, StoreUnreachable, open_store
from storage.blob import fan_out
from storage.s3 import PART_BYTES
from tests.platform.processes import free_port

pytestmark = pytest.mark.s3
LIMIT = 1 << 30


@pytest.fixture
def store(bucket, tmp_path):
    return open_store(bucket, spool=tmp_path / "spool", reserve=0)


def client_of(url: str):
    parts = urlsplit(url)
    client = boto3.client("s3", endpoint_url=parse_qs(parts.query)["endpoint"][0])
    return client, parts.netloc


def test_a_large_blob_goes_in_parts(store, bucket):
    content = os.urandom(PART_BYTES + 1000)
    blob = store.put(io.BytesIO(content), LIMIT)
    client, name = client_of(bucket)
    head = client.head_object(Bucket=name, Key=f"blobs/{fan_out(blob.digest)}")
    assert head["ETag"].strip('"').endswith("-2"), "two parts"
    store.verify(blob.digest)
    assert store.put(io.BytesIO(content), LIMIT) == blob


@pytest.mark.parametrize("size", [5, PART_BYTES + 5])
def test_who_comes_second_finds_the_work_done(store, bucket, size, monkeypatch):
    """Two uploads of the same bytes both see nothing; the later one's condition fails softly."""
    content = os.urandom(size)
    blob = store.put(io.BytesIO(content), LIMIT)
    client, name = client_of(bucket)
    key = f"blobs/{fan_out(blob.digest)}"
    before = client.head_object(Bucket=name, Key=key)["LastModified"]
    monkeypatch.setattr(store, "_renewed", lambda _: False)
    time.sleep(1.1)
    assert store.put(io.BytesIO(content), LIMIT) == blob
    assert client.head_object(Bucket=name, Key=key)["LastModified"] == before, "not overwritten"
    assert not client.list_multipart_uploads(Bucket=name).get("Uploads")


def test_objects_of_others_are_no_blobs(store, bucket):
    blob = store.put(io.BytesIO(b"ours"), LIMIT)
    client, name = client_of(bucket)
    for key in ("readme.txt", "blobs/notes", "blobs/" + "a" * 64, "else/" + fan_out("a" * 64)):
        client.put_object(Bucket=name, Key=key, Body=b"?")
    assert list(store.digests()) == [blob.digest]


def test_sweep_ends_unfinished_uploads(store, bucket):
    client, name = client_of(bucket)
    client.create_multipart_upload(Bucket=name, Key="blobs/aa/bb/unfinished")
    client.create_multipart_upload(Bucket=name, Key="elsewhere")
    assert store.sweep(3600) in (0, 1)  # the test server gives every upload an old date
    time.sleep(0.01)
    store.sweep(0)
    left = client.list_multipart_uploads(Bucket=name).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["elsewhere"]


def test_a_blob_removed_while_read_is_missing(store):
    digest = store.put(io.BytesIO(os.urandom(2_000_000)), LIMIT).digest
    with store.open(digest) as stream:
        store.remove(digest)
        with pytest.raises(BlobMissing):
            stream.read()


def test_no_bucket_is_told(s3_endpoint, bucket, tmp_path):
    store = open_store(f"s3://nobody-made-it?endpoint={s3_endpoint}", spool=tmp_path, reserve=0)
    with pytest.raises(StoreNotWritable) as error:
        store.put(io.BytesIO(b"x"), LIMIT)
    assert error.value.facts == {"location": "s3://nobody-made-it/"}
    assert os.listdir(tmp_path) == []


def test_a_server_that_is_away_is_told(bucket, tmp_path):
    url = f"s3://bucket/p?endpoint=http://127.0.0.1:{free_port()}"
    store = open_store(url, spool=tmp_path, reserve=0)
    with pytest.raises(StoreUnreachable) as error:
        store.exists(hashlib.sha256(b"x").hexdigest())
    assert error.value.facts == {"location": "s3://bucket/p/"}


def test_a_folder_copied_into_a_bucket_is_the_same_store(store, bucket, tmp_path):
    folder = open_store(str(tmp_path / "folder"), reserve=0)
    digest = folder.put(io.BytesIO(b"moved"), LIMIT).digest
    client, name = client_of(bucket)
    for path in Path(tmp_path / "folder").glob("??/??/*"):
        key = path.relative_to(tmp_path / "folder")
        client.upload_file(str(path), name, f"blobs/{key}")
    store.verify(digest)
    assert list(store.digests()) == [digest]
