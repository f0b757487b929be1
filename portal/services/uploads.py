"""Uploads: taking one file in.

Three steps, each safe to be killed in:

1. `check`: may this person put a file there, in this state? A short transaction, before any byte.
2. `store`: the bytes, without any transaction, so that a slow line holds no lock. Killed after it
   there are bytes nobody refers to, which the next upload of the same file finds again.
3. `add`: under the lock of the case the state is asked once more, because it may have changed while
   the bytes came; then rows and event in one transaction, and after its commit the job. Killed
   before the commit there is nothing; after it the reconciler finds the reading without its job.

So there is never a row without bytes, and a file that was confirmed is never lost.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO, cast

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from portal.errors import FileRefused, NotReady, Refused
from portal.models import (
    Blob,
    Document,
    Handover,
    HandoverState,
    Item,
    Question,
    QuestionState,
    Version,
)
from portal.permissions import Action
from portal.resources import Resources
from portal.services import documents, readings
from portal.services.filenames import clean_filename, stem
from portal.services.inserting import insert_missing
from portal.unit_of_work import UnitOfWork
from storage import BlobTooLarge, DiskFull, StoredBlob, StoreNotWritable, StoreUnreachable

__all__ = [
    "Arrival",
    "Target",
    "ToDocument",
    "ToHandover",
    "ToItem",
    "ToQuestion",
    "add",
    "check",
    "clean_filename",
    "sent_before",
    "store",
]

HEAD_BYTES = 64 * 1024
# What programs begin with: Linux, then macOS. Windows' «MZ» is looked at more closely below.
_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
)


@dataclass(frozen=True)
class ToItem:
    """A new document for an item."""

    item_id: str


@dataclass(frozen=True)
class ToHandover:
    """A new document no item asked for: extra knowledge."""

    handover_id: str


@dataclass(frozen=True)
class ToDocument:
    """A new version of a document."""

    document_id: str


@dataclass(frozen=True)
class ToQuestion:
    """The answer to a question, a document of its case.

    One that was typed has been looked through and is sealed as it arrives. A file is a draft as any
    other and answers when it is sealed; a case that is closed takes no draft, so there, too, it is
    sealed at once.
    """

    question_id: str
    typed: bool = False


Target = ToItem | ToHandover | ToDocument | ToQuestion


@dataclass(frozen=True)
class Arrival:
    """A file whose bytes are stored.

    `token` is the browser's name for it: sent again after a broken connection it means the same
    file. None: every request is a file of its own.
    """

    blob: StoredBlob
    filename: str
    token: str | None


@dataclass(frozen=True)
class _Place:
    """Where a file goes: `document` None makes a new one, `item` None is extra knowledge."""

    handover_id: int
    item: Item | None
    document: Document | None
    question: Question | None = None
    typed: bool = False


def check(uow: UnitOfWork, target: Target) -> None:
    """Whether this person may put a file there now.

    Raises NotFound, Forbidden, and Refused (handover_closed, item_takes_no_files,
    secret_takes_no_files, question_settled, answer_unread: nobody could look through a file that is
    sealed before it is read).
    """
    place = _permitted(uow, target)
    _ensure_open(uow, place, uow.session.get_one(Handover, place.handover_id))


def store(resources: Resources, stream: BinaryIO, limit: int) -> StoredBlob:
    """Store the bytes of one file, at most `limit` of them; memory stays at a chunk.

    When it returns, the bytes survive a power cut. Raises FileRefused (file_empty, file_too_large,
    file_type_refused, file_cut_off, disk_full), NotReady (store_unavailable), and whatever else
    reading the stream raises; nothing is kept then.
    """
    try:
        head = stream.read(min(HEAD_BYTES, limit + 1))
        if not head:
            raise FileRefused("file_empty")
        if _is_program(head):
            raise FileRefused("file_type_refused")
        return resources.store.put(cast("BinaryIO", _Whole(head, stream)), limit)
    except BlobTooLarge as error:
        raise FileRefused("file_too_large", limit_bytes=limit) from error
    except DiskFull as error:
        raise FileRefused("disk_full") from error
    except (StoreNotWritable, StoreUnreachable) as error:
        raise NotReady("store_unavailable") from error
    except (ConnectionError, EOFError) as error:
        raise FileRefused("file_cut_off") from error


def add(uow: UnitOfWork, target: Target, arrival: Arrival) -> Version:
    """Enter a stored file: version, event, and its reading, whose job leaves after the commit.

    A token seen before gives the version it made then, whatever has become of its place since.
    Raises NotFound, Forbidden, Refused (as `check`, and same_version with the `number` that has
    these very bytes).
    """
    place = _permitted(uow, target)
    # All that was read until here may have changed before the lock was had.
    uow.session.expire_all()
    handover = uow.lock(place.handover_id)
    if arrival.token and (before := sent_before(uow, arrival.token)):
        return before
    place = _permitted(uow, target)
    _ensure_open(uow, place, handover)
    filename = clean_filename(arrival.filename)
    if place.question is None or place.question.document_id is not None:
        _ensure_new(uow, place, arrival.blob.digest, filename)
    version = _enter(uow, place, handover, Arrival(arrival.blob, filename, arrival.token))
    readings.queue(uow, version)
    return version


def sent_before(uow: UnitOfWork, token: str) -> Version | None:
    """The version this person's upload with this token has made; None when it made none yet."""
    return uow.session.scalar(
        select(Version)
        .where(Version.uploaded_by_id == uow.actor.id, Version.upload_token == _short(token))
        .options(joinedload(Version.document).joinedload(Document.handover))
    )


def _permitted(uow: UnitOfWork, target: Target) -> _Place:
    """Find the place and ask whether this person may put files there at all."""
    match target:
        case ToItem(item_id):
            item = uow.load(Item, item_id, Action.SUBMIT_ITEM)
            return _Place(item.handover_id, item, None)
        case ToHandover(handover_id):
            handover = uow.load(Handover, handover_id, Action.UPLOAD_EXTRA)
            return _Place(handover.id, None, None)
        case ToDocument(document_id):
            document = uow.load(Document, document_id, Action.CHANGE_DOCUMENT)
            return _Place(document.handover_id, document.item, document)
        case ToQuestion(question_id, typed):
            question = uow.load(Question, question_id, Action.ANSWER_QUESTION)
            return _Place(question.handover_id, None, None, question, typed)


def _ensure_open(uow: UnitOfWork, place: _Place, handover: Handover) -> None:
    if place.question is not None:
        if place.question.state is not QuestionState.OPEN:
            raise Refused("question_settled")
        # Who asks after the handover gets the answer where the knowledge lies.
        if handover.state is HandoverState.COMPLETED:
            if uow.resources.settings.guard and not place.typed:
                raise Refused("answer_unread")
            return
    if not handover.running:
        raise Refused("handover_closed")
    if place.item is not None:
        documents.ensure_takes_files(place.item)


def _ensure_new(uow: UnitOfWork, place: _Place, digest: str, filename: str) -> None:
    """Raises Refused when the newest version of the document has these bytes already; for a new
    document, when one in the same place has them under the same name: chosen twice, not two."""
    if place.document is not None:
        same = [Document.id == place.document.id]
    else:
        where = Document.item_id == place.item.id if place.item else Document.item_id.is_(None)
        own = Document.owner_id == uow.actor.id
        same = [Document.handover_id == place.handover_id, where, own, Version.filename == filename]
    other = aliased(Version)
    newest = select(func.max(other.number)).where(other.document_id == Document.id)
    number = uow.session.scalar(
        select(Version.number)
        .join(Document, Version.document_id == Document.id)
        .where(*same, Document.removed_at.is_(None))
        .where(Version.digest == digest, Version.number == newest.scalar_subquery())
        .limit(1)
    )
    if number is not None:
        raise Refused("same_version", number=number)


def _enter(uow: UnitOfWork, place: _Place, handover: Handover, arrival: Arrival) -> Version:
    session, blob, moment = uow.session, arrival.blob, uow.resources.clock()
    row = {"digest": blob.digest, "size": blob.size, "created_at": moment}
    insert_missing(session, Blob, [row])
    document = place.document or _new_document(uow, place, arrival.filename)
    # The caller shows both after the transaction.
    set_committed_value(document, "handover", handover)
    seals = place.question is not None and (place.typed or not handover.running)
    newest = documents.newest_version(uow, document)
    version = Version(
        document=document,
        number=newest.number + 1 if newest else 1,
        blob=session.get_one(Blob, blob.digest),
        filename=arrival.filename,
        uploaded_at=moment,
        uploaded_by_id=uow.actor.id,
        upload_token=_short(arrival.token),
        sealed_at=moment if seals else None,
        sealed_by_id=uow.actor.id if seals else None,
    )
    session.add(version)
    session.flush()
    uow.record(
        "version_uploaded" if place.document else "document_added",
        handover,
        version,
        document=document.title,
        item=place.item.requirement.title if place.item else None,
        number=version.number,
        filename=version.filename,
        size=blob.size,
        digest=blob.digest,
    )
    return version


def _new_document(uow: UnitOfWork, place: _Place, filename: str) -> Document:
    question = place.question
    document = Document(
        handover_id=place.handover_id,
        item_id=place.item.id if place.item else None,
        owner_id=uow.actor.id,
        # What was asked is what the answer is found by.
        title=question.text[: documents.TITLE_LENGTH] if question else stem(filename),
        created_at=uow.resources.clock(),
    )
    uow.session.add(document)
    uow.session.flush()
    if question is not None:
        question.document_id = document.id
        uow.session.flush()
    return document


def _short(token: str | None) -> str | None:
    """The token as its column takes it; it comes from outside and may be of any length."""
    if not token:
        return None
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _is_program(head: bytes) -> bool:
    # «MZ» may begin a text; the header of a program has zeros among its first 64 bytes.
    return head.startswith(_PROGRAMS) or (head.startswith(b"MZ") and b"\0" in head[:64])


class _Whole(io.RawIOBase):
    """A stream of which the head has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """It can be read, once."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; fewer than asked for only at the end of the head or of the stream."""
        if not self._head:
            return self._rest.read(size)
        taken = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(taken) :]
        return taken
