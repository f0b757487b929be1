"""Blobs in an S3 bucket."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage.blob import (
    BlobCorrupt,
    BlobMissing,
    StoredBlob,
    StoreNotWritable,
    StoreUnreachable,
    check_bytes,
    fan_out,
    is_digest,
)
from storage.object_reader import ObjectReader
from storage.spool import Spool

# S3 wants parts of at least 5 MiB and at most 10,000 of them: 16 MiB reach 156 GiB.
PART_BYTES = 16 * 1024 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_THERE_ALREADY = frozenset({"PreconditionFailed", "412"})
_REFUSED = frozenset({"403", "AccessDenied", "NoSuchBucket", "InvalidAccessKeyId"})
# Older S3 work-alikes do not know conditional writes.
_NO_CONDITIONS = frozenset({"NotImplemented", "501"})
_OPTIONS = frozenset({"endpoint", "region"})


def open_bucket(
    bucket: str, prefix: str, options: Mapping[str, str], spool: Path | None, reserve: int
) -> S3Store:
    """Make a store below `prefix` of the bucket; options are `endpoint` and `region`.

    Raises ValueError for an empty bucket name or any other option.
    """
    if not bucket or options.keys() - _OPTIONS:
        raise ValueError("an S3 store is s3://bucket/prefix?endpoint=…&region=…")
    client = boto3.client(
        "s3",
        endpoint_url=options.get("endpoint"),
        region_name=options.get("region"),
        config=Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5),
    )
    folder = spool or Path(tempfile.gettempdir()) / "handover-spool"
    return S3Store(client, bucket, prefix, Spool(folder, reserve))


class S3Store:
    """Keeps each blob as the object ``prefix/ab/cd/abcd…``; see `BlobStore` for the contract.

    The layout is that of a local store, so copying one into the other moves a company's blobs.
    Bytes are spooled and hashed on the local disk first, because their key is their hash.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, spool: Spool) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._spool = spool

    def put(self, stream: BinaryIO, limit: int) -> StoredBlob:
        """Keep the stream. An object appears whole or not at all, so a kill leaves no half one."""
        with self._spool.write(stream, limit) as (path, blob), self._translated():
            if not self._renewed(blob):
                with open(path, "rb") as file:
                    self._upload(file, blob)
        return blob

    def open(self, digest: str) -> BinaryIO:
        """Open the blob for reading; bytes come as they are read. Raises BlobMissing."""
        size = self.size(digest)
        return io.BufferedReader(ObjectReader(self._read_from(digest), size), 256 * 1024)

    @contextlib.contextmanager
    def local_path(self, digest: str) -> Iterator[Path]:
        """Lend a checked copy in the spool. Raises BlobMissing, BlobCorrupt, DiskFull."""
        size = self.size(digest)
        with self.open(digest) as stream, self._spool.write(stream, size) as (path, blob):
            if blob.digest != digest:
                raise BlobCorrupt(digest)
            yield path

    def exists(self, digest: str) -> bool:
        """Whether the blob is there."""
        return self._head(digest) is not None

    def size(self, digest: str) -> int:
        """Size in bytes. Raises BlobMissing."""
        if (head := self._head(digest)) is None:
            raise BlobMissing(digest)
        return int(head["ContentLength"])

    def age(self, digest: str) -> float:
        """Seconds since the blob was last put. Raises BlobMissing."""
        if (head := self._head(digest)) is None:
            raise BlobMissing(digest)
        return _age(head["LastModified"])

    def verify(self, digest: str) -> None:
        """Hash the blob again. Raises BlobMissing or BlobCorrupt."""
        with self.open(digest) as stream:
            check_bytes(digest, stream)

    def digests(self) -> Iterator[str]:
        """Give all digests in ascending order; S3 lists keys in that order."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for entry in page.get("Contents", ()):
                    name = entry["Key"].rpartition("/")[2]
                    if is_digest(name) and entry["Key"] == self._prefix + fan_out(name):
                        yield name

    def remove(self, digest: str, older_than_seconds: float = 0) -> bool:
        """Remove the blob if it is old enough; returns whether it is gone.

        S3 cannot make «look at the age, then delete» one step: give seconds enough that no put of
        the same bytes falls between the two unnoticed.
        """
        head = self._head(digest)
        if head is None:
            return True
        if older_than_seconds and _age(head["LastModified"]) < older_than_seconds:
            return False
        with self._translated():
            self._client.delete_object(**self._object(digest))
        return True

    def sweep(self, older_than_seconds: float) -> int:
        """Remove abandoned spool files and unfinished uploads; returns how many."""
        removed = self._spool.sweep(older_than_seconds)
        pages = self._client.get_paginator("list_multipart_uploads")
        with self._translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for upload in page.get("Uploads", ()):
                    if _age(upload["Initiated"]) >= older_than_seconds:
                        self._abort(upload["Key"], upload["UploadId"])
                        removed += 1
        return removed

    def _read_from(self, digest: str) -> Callable[[int], Iterator[bytes]]:
        def parts(position: int) -> Iterator[bytes]:
            target = self._object(digest)
            with self._translated():
                try:
                    answer = self._client.get_object(Range=f"bytes={position}-", **target)
                except ClientError as error:
                    if _code(error) in _MISSING:
                        raise BlobMissing(digest) from error
                    raise
                with contextlib.closing(answer["Body"]) as body:
                    yield from body.iter_chunks(256 * 1024)

        return parts

    def _object(self, digest: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + fan_out(digest)}

    def _head(self, digest: str) -> dict[str, Any] | None:
        target = self._object(digest)
        with self._translated():
            try:
                return cast(dict[str, Any], self._client.head_object(**target))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def _renewed(self, blob: StoredBlob) -> bool:
        """Whether the blob was there, whole; it is then as young as one put now, for `remove`."""
        if not self.exists(blob.digest):
            return False
        try:
            self.verify(blob.digest)
        except (BlobCorrupt, BlobMissing):
            # These bytes are the good ones: without the corrupt object the upload may take its key.
            self._client.delete_object(**self._object(blob.digest))
            return False
        target = self._object(blob.digest)
        # boto3's copy does more than 5 GB part by part, inside the bucket.
        self._client.copy(
            {"Bucket": target["Bucket"], "Key": target["Key"]},
            target["Bucket"],
            target["Key"],
            ExtraArgs={"MetadataDirective": "REPLACE"},
        )
        return True

    def _upload(self, file: BinaryIO, blob: StoredBlob) -> None:
        send = self._put_parts if blob.size > PART_BYTES else self._put_whole
        try:
            send(file, blob, {"IfNoneMatch": "*"})
        except ClientError as error:
            if _code(error) in _THERE_ALREADY:
                return
            if _code(error) not in _NO_CONDITIONS:
                raise
            file.seek(0)
            send(file, blob, {})

    def _put_whole(self, file: BinaryIO, blob: StoredBlob, condition: dict[str, str]) -> None:
        checksum = b64encode(bytes.fromhex(blob.digest)).decode()
        target = self._object(blob.digest)
        self._client.put_object(Body=file, ChecksumSHA256=checksum, **target, **condition)

    def _put_parts(self, file: BinaryIO, blob: StoredBlob, condition: dict[str, str]) -> None:
        target = self._object(blob.digest)
        upload = self._client.create_multipart_upload(**target)["UploadId"]
        try:
            parts: list[dict[str, str | int]] = []
            while chunk := file.read(PART_BYTES):
                number = len(parts) + 1
                sent = self._client.upload_part(
                    Body=chunk, PartNumber=number, UploadId=upload, **target
                )
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            whole = {"MultipartUpload": {"Parts": parts}}
            self._client.complete_multipart_upload(UploadId=upload, **whole, **target, **condition)
        except BaseException:
            self._abort(target["Key"], upload)
            raise

    def _abort(self, key: str, upload: str) -> None:
        # Best effort: an upload that is finished, aborted or out of reach by now is left to the
        # next sweep, and the reason we are here is the error worth telling.
        with contextlib.suppress(ClientError, BotoCoreError):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        location = f"s3://{self._bucket}/{self._prefix}"
        try:
            yield
        except ClientError as error:
            if _code(error) in _REFUSED:
                raise StoreNotWritable(location) from error
            raise StoreUnreachable(location) from error
        except BotoCoreError as error:
            raise StoreUnreachable(location) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _age(moment: Any) -> float:
    return time.time() - float(moment.timestamp())
