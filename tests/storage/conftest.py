"""The same store twice: in a folder, and in a bucket of an S3 server on the loopback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from storage import BlobStore, open_store
from tests.storage.places import Place, bucket_place, folder_place


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3 server of this test run; its keys are any."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of a new bucket's prefix."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"b{uuid.uuid4().hex[:20]}"
    boto3.client("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=name)
    return f"s3://{name}/blobs?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place blobs are kept in, with the means to look at it and to harm it."""
    if request.param == "local":
        return folder_place(tmp_path / "blobs")
    return bucket_place(request.getfixturevalue("bucket"), tmp_path / "spool")


@pytest.fixture
def store(place: Place) -> BlobStore:
    """The store at that place."""
    return open_store(place.url, spool=place.spool, reserve=0)
