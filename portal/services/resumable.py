"""Uploads that go on where a connection broke, beside the plain ones of `uploads`.

The bytes gather in a partial file; what is confirmed of them is on the disk. When the last one is
there, the file goes the way of every upload: into the store, then its row. The partial file's name
is the upload's token, so doing the last step twice, because its answer was lost or the process was
killed in it, gives the version it made the first time. The partial file is removed after the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import select

from portal.errors import FileRefused, NotFound, NotReady, PortalError, Refused
from portal.models import Blob, Version
from portal.resources import Resources
from portal.services import uploads
from portal.services.filenames import clean_filename
from portal.services.uploads import Arrival, Target, ToDocument, ToHandover, ToItem
from portal.unit_of_work import UnitOfWork
from storage import (
    BlobTooLarge,
    DiskFull,
    Partial,
    PartialBusy,
    PartialFiles,
    PartialMissing,
    StoredBlob,
    StoreNotWritable,
    WrongOffset,
)

_TARGETS: dict[str, type[ToItem] | type[ToHandover] | type[ToDocument]] = {
    kind.__name__: kind for kind in (ToItem, ToHandover, ToDocument)
}
DIGEST_LENGTH = 64


@dataclass(frozen=True)
class Announced:
    """What a browser says of a file before it sends it. `size` in bytes.

    `digest`: SHA-256 in hex, where the browser could compute it. Only for bytes that this same
    person has stored before it replaces sending them: whoever merely knows a digest gets nothing.
    """

    filename: str
    size: int
    digest: str | None = None


@dataclass(frozen=True)
class Progress:
    """How far an upload is, in bytes; when all are there it is entered, too."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Sender:
    """Who sends, and from which network address; None where that is not known."""

    person_id: int
    address: str | None = None


def begin(resources: Resources, sender: Sender, target: Target, file: Announced) -> Progress:
    """Begin an upload; one whose bytes this person stored before is complete at once.

    Raises as `uploads.check`, FileRefused (file_empty, file_too_large, disk_full), NotReady
    (store_unavailable); for known bytes as `uploads.add`.
    """
    with resources.read(sender.person_id, sender.address) as uow:
        uploads.check(uow, target)
        known = _own_blob(uow, file)
    if file.size == 0:
        raise FileRefused("file_empty")
    limit = resources.settings.upload_limit_bytes
    if file.size > limit:
        raise FileRefused("file_too_large", limit_bytes=limit)
    facts = _facts(sender, target, file.filename)
    try:
        partial = _files(resources).begin(file.size, facts)
    except DiskFull as error:
        raise FileRefused("disk_full") from error
    except StoreNotWritable as error:
        raise NotReady("store_unavailable") from error
    if known is None or not resources.store.exists(known.digest):
        return Progress(partial.name, 0, partial.size)
    return _enter(resources, sender, partial, known)


def find(resources: Resources, sender: Sender, name: str) -> Progress:
    """How far the upload is. Raises NotFound, also for somebody else's."""
    if (done := _entered(resources, sender, name)) is not None:
        return done
    partial = _own(resources, sender, name)
    return Progress(name, partial.offset, partial.size)


def take(
    resources: Resources, sender: Sender, name: str, offset: int, stream: BinaryIO
) -> Progress:
    """Take more bytes, the first of which is number `offset`; with the last one enter the file.

    Bytes that came before the stream broke are kept; that error passes through. Raises NotFound,
    Refused (upload_busy; wrong_offset with the right `offset`), FileRefused (file_too_large for
    more bytes than were announced, disk_full); with the last byte as `uploads.store` and
    `uploads.add`, after which nothing is kept.
    """
    if (done := _entered(resources, sender, name)) is not None:
        return done
    partial = _own(resources, sender, name)
    try:
        partial = _files(resources).append(name, offset, stream)
    except WrongOffset as error:
        raise Refused("wrong_offset", **error.facts) from error
    except PartialBusy as error:
        raise Refused("upload_busy") from error
    except PartialMissing as error:
        raise NotFound from error
    except BlobTooLarge as error:
        raise FileRefused("file_too_large", limit_bytes=partial.size) from error
    except DiskFull as error:
        raise FileRefused("disk_full") from error
    if not partial.complete:
        return Progress(name, partial.offset, partial.size)
    return _finish(resources, sender, partial)


def entered(uow: UnitOfWork, name: str) -> Version | None:
    """The version the actor's upload has become; None as long as it is not complete."""
    return uploads.sent_before(uow, name)


def cancel(resources: Resources, sender: Sender, name: str) -> None:
    """Forget an upload that is not complete. Raises NotFound."""
    _files(resources).remove(_own(resources, sender, name).name)


def sweep(resources: Resources, older_than_seconds: float) -> int:
    """Remove uploads nobody has gone on with for so long; returns how many."""
    return _files(resources).sweep(older_than_seconds)


def _finish(resources: Resources, sender: Sender, partial: Partial) -> Progress:
    limit = resources.settings.upload_limit_bytes
    try:
        with _files(resources).opened(partial.name) as file:
            blob = uploads.store(resources, file, limit)
    except PartialBusy as error:
        raise Refused("upload_busy") from error
    except FileRefused as error:
        # With room made on the disk the same bytes can still be taken.
        if error.code != "disk_full":
            _files(resources).remove(partial.name)
        raise
    return _enter(resources, sender, partial, blob)


def _enter(resources: Resources, sender: Sender, partial: Partial, blob: StoredBlob) -> Progress:
    arrival = Arrival(blob, partial.facts["filename"], partial.name)
    try:
        with resources.write(sender.person_id, sender.address) as uow:
            uploads.add(uow, _target(partial), arrival)
    except PortalError:
        _files(resources).remove(partial.name)
        raise
    _files(resources).remove(partial.name)
    return Progress(partial.name, blob.size, blob.size)


def _own(resources: Resources, sender: Sender, name: str) -> Partial:
    try:
        partial = _files(resources).find(name)
    except PartialMissing as error:
        raise NotFound from error
    if partial.facts["person"] != str(sender.person_id):
        raise NotFound
    return partial


def _entered(resources: Resources, sender: Sender, name: str) -> Progress | None:
    with resources.read(sender.person_id, sender.address) as uow:
        version = entered(uow, name)
        return Progress(name, version.blob.size, version.blob.size) if version else None


def _own_blob(uow: UnitOfWork, file: Announced) -> StoredBlob | None:
    """The blob of these bytes, if this person has uploaded it before."""
    if file.digest is None or len(file.digest) != DIGEST_LENGTH:
        return None
    known = uow.session.scalar(
        select(Blob)
        .join(Version, Version.digest == Blob.digest)
        .where(Version.uploaded_by_id == uow.actor.id)
        .where(Blob.digest == file.digest.lower(), Blob.size == file.size)
        .limit(1)
    )
    return StoredBlob(known.digest, known.size) if known is not None else None


def _facts(sender: Sender, target: Target, filename: str) -> dict[str, str]:
    (place,) = vars(target).values()
    return {
        "person": str(sender.person_id),
        "target": type(target).__name__,
        "place": place,
        "filename": clean_filename(filename),
    }


def _target(partial: Partial) -> Target:
    return _TARGETS[partial.facts["target"]](partial.facts["place"])


def _files(resources: Resources) -> PartialFiles:
    settings = resources.settings
    return PartialFiles(settings.data_folder / "partial", settings.free_disk_reserve_bytes)
