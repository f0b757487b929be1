"""The same store twice: in a folder, and in a bucket of an S3 server on the loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import BlobStore, open_store
from tests.storage.places import Place, bucket_place, folder_place


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
