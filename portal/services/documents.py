"""Documents of a handover: listing, changing drafts, removing and restoring them, sealing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import joinedload

from portal.errors import InvalidInput, NotFound, Problem, Refused
from portal.models import (
    IN_HAND,
    Document,
    Handover,
    Item,
    Question,
    QuestionState,
    Reading,
    RequirementKind,
    Version,
    Visibility,
)
from portal.permissions import Action
from portal.services import findings, likeness, progress, readings, viewing
from portal.services.likeness import Alike
from portal.services.progress import Progress
from portal.unit_of_work import UnitOfWork

TITLE_LENGTH = 300


@dataclass(frozen=True)
class VersionLine:
    """One version as lists show it. `reading` is None before the worker has heard of it.

    viewable, downloadable: whether this person may read it, and have its original. progress: of a
    reading that goes on; alike: another document with nearly the same text.
    """

    version: Version
    reading: Reading | None
    viewable: bool
    downloadable: bool
    progress: Progress | None = None
    alike: Alike | None = None


@dataclass(frozen=True)
class DocumentLine:
    """One document with the versions this person may know of, newest first; never without one."""

    document: Document
    versions: list[VersionLine]

    @property
    def newest(self) -> VersionLine:
        """The version that counts now."""
        return self.versions[0]


@dataclass(frozen=True)
class DocumentPage:
    """What the page of one document shows. `item` is None for extra knowledge."""

    document: Document
    line: DocumentLine
    handover: Handover
    item: Item | None


@dataclass(frozen=True)
class ChangeForm:
    """What may be changed while a document is a draft; `item` None makes it extra knowledge.

    view_only: «1» refuses readers the original, «0» allows it; None leaves it as it is.
    """

    title: str
    visibility: str
    item: str | None
    view_only: str | None = None


def lines(
    uow: UnitOfWork, handover: Handover, documents: Sequence[Document] | None = None
) -> list[DocumentLine]:
    """Documents of a case this person may list, oldest first, with their versions.

    `documents` None means all of the case. The case itself must have been permitted before.
    """
    wanted = Document.handover_id == handover.id
    if documents is not None:
        wanted = Document.id.in_([document.id for document in documents])
    rows = uow.session.execute(
        select(Version, Reading)
        .join(Document, Version.document_id == Document.id)
        .outerjoin(Reading, and_(Reading.version_id == Version.id, Reading.current))
        .where(wanted, uow.rows(Action.LIST_DOCUMENT), uow.rows(Action.LIST_VERSION))
        .options(joinedload(Version.document), joinedload(Version.uploaded_by))
        .order_by(Document.id, Version.number.desc())
    ).all()
    viewable, downloadable = (
        set(
            uow.session.scalars(
                select(Version.id)
                .join(Document, Version.document_id == Document.id)
                .where(wanted, uow.rows(action))
            )
        )
        for action in (Action.VIEW_VERSION, Action.DOWNLOAD_VERSION)
    )
    going = progress.of(uow, [reading for _, reading in rows])
    alike = likeness.seen(uow, [row.Reading for row in rows if row.Version.id in viewable])
    grouped: dict[Document, list[VersionLine]] = defaultdict(list)
    for version, reading in rows:
        key = reading.id if reading else 0
        may = (version.id in viewable, version.id in downloadable)
        line = VersionLine(version, reading, *may, going.get(key), alike.get(key))
        grouped[version.document].append(line)
    return [DocumentLine(document, versions) for document, versions in grouped.items()]


def show(uow: UnitOfWork, document_id: str) -> DocumentPage:
    """One document with its versions. Raises NotFound."""
    document = uow.load(Document, document_id, Action.LIST_DOCUMENT)
    found = lines(uow, document.handover, [document])
    if not found:
        raise NotFound
    return DocumentPage(document, found[0], document.handover, document.item)


def change(uow: UnitOfWork, document_id: str, form: ChangeForm) -> Document:
    """Rename a draft, choose who may read it, put it on another item or on none.

    Raises NotFound, Forbidden, InvalidInput, and Refused when something of it is sealed, the case
    is closed, or the item takes no files now.
    """
    document = uow.load(Document, document_id, Action.CHANGE_DOCUMENT)
    handover = ensure_running(uow, document.handover_id)
    _ensure_draft(uow, document)
    if document.item is not None:
        ensure_takes_files(document.item)
    title, visibility = _title(uow, form.title, document.title), _visibility(form.visibility)
    item = _target(uow, handover, form.item)
    before = (document.title, document.visibility, document.item_id)
    document.title, document.visibility = title, visibility
    document.item_id = item.id if item else None
    if before != (document.title, document.visibility, document.item_id):
        uow.record(
            "document_changed",
            handover,
            document,
            document=title,
            before=before[0],
            visibility=visibility.value,
            item=item.requirement.title if item else None,
        )
    if form.view_only is not None:
        viewing.change(uow, document, viewing.switch(form.view_only))
    uow.session.flush()
    if title != before[0]:
        readings.title_changed(uow, document)
    uow.session.refresh(document, ["item"])
    return document


def remove(uow: UnitOfWork, document_id: str) -> Document:
    """Take a draft back; `restore` undoes it. Raises as `change` does."""
    document = uow.load(Document, document_id, Action.CHANGE_DOCUMENT)
    handover = ensure_running(uow, document.handover_id)
    _ensure_draft(uow, document)
    if document.item is not None:
        ensure_takes_files(document.item)
    document.removed_at = uow.resources.clock()
    uow.record("document_removed", handover, document, document=document.title)
    return document


def restore(uow: UnitOfWork, document_id: str) -> Document:
    """Undo `remove`. Back on its item only while that takes files, otherwise extra knowledge.

    Raises NotFound, Refused when the case is closed. A document that is there stays as it is.
    """
    document = uow.session.scalar(
        select(Document).where(Document.public_id == document_id, Document.owner_id == uow.actor.id)
    )
    if document is None or uow.actor.departed:
        raise NotFound
    handover = ensure_running(uow, document.handover_id)
    if document.removed_at is None:
        return document
    if document.item is not None and document.item.state not in IN_HAND:
        document.item_id = None
    document.removed_at = None
    uow.record("document_restored", handover, document, document=document.title)
    return document


def submit_extra(uow: UnitOfWork, document_id: str) -> Document:
    """Seal the newest version of extra knowledge. Raises NotFound, Forbidden and Refused."""
    document = uow.load(Document, document_id, Action.CHANGE_DOCUMENT)
    handover = ensure_running(uow, document.handover_id)
    if document.item_id is not None:
        raise Refused("document_not_extra")
    version = newest_version(uow, document)
    if version is None or version.sealed:
        raise Refused("nothing_to_seal")
    seal(uow, handover, [version])
    return document


def seal(uow: UnitOfWork, handover: Handover, versions: Iterable[Version]) -> None:
    """Make versions read-only for ever, inside the caller's transaction and lock.

    Raises Refused as `findings.ensure_decided`.

    The reading of a version may still be going on: it adds text, it changes no byte.
    """
    versions = list(versions)
    findings.ensure_decided(uow, versions)
    moment = uow.resources.clock()
    sealed = [version for version in versions if not version.sealed]
    for version in sealed:
        version.sealed_at, version.sealed_by_id = moment, uow.actor.id
    tell_sealed(uow, handover, sealed)


def tell_sealed(uow: UnitOfWork, handover: Handover, sealed: list[Version]) -> None:
    """What follows from sealing these versions: their events, the questions they answer, and the
    map of the position. The order of a map is a column, built by a job, so no broker can forget it.
    """
    for version in sealed:
        uow.record(
            "version_sealed",
            handover,
            version,
            document=version.document.title,
            number=version.number,
            filename=version.filename,
            digest=version.digest,
        )
    _settle_questions(uow, handover, sealed)
    if sealed:
        handover.position.map_wanted_at = uow.resources.clock()
        uow.enqueue("build_map", handover.position_id)


def _settle_questions(uow: UnitOfWork, handover: Handover, sealed: list[Version]) -> None:
    """The questions to which these documents are the answer are answered now."""
    answered = uow.session.scalars(
        select(Question)
        .where(Question.document_id.in_([version.document_id for version in sealed]))
        .where(Question.state == QuestionState.OPEN)
        .options(joinedload(Question.asker), joinedload(Question.document))
    ).all()
    for question in answered:
        assert question.document is not None
        question.state = QuestionState.ANSWERED
        question.answered_at, question.answered_by_id = uow.resources.clock(), uow.actor.id
        facts = {"person": question.asker.name, "document": question.document.title}
        uow.record("question_answered", handover, question, **facts)


def drafts_of(uow: UnitOfWork, item: Item) -> list[Version]:
    """The newest version of every document of an item, sealed ones included."""
    found = uow.session.scalars(
        select(Document)
        .where(Document.item_id == item.id, Document.removed_at.is_(None))
        .order_by(Document.id)
    )
    newest = (newest_version(uow, document) for document in found)
    return [version for version in newest if version is not None]


def newest_version(uow: UnitOfWork, document: Document) -> Version | None:
    """The version with the largest number; None only while the first one is being added."""
    return uow.session.scalar(
        select(Version)
        .where(Version.document_id == document.id)
        .order_by(Version.number.desc())
        .limit(1)
    )


def has_sealed(uow: UnitOfWork, document: Document) -> bool:
    """Whether any version of the document is sealed."""
    sealed = exists().where(Version.document_id == document.id, Version.sealed_at.is_not(None))
    return bool(uow.session.scalar(select(sealed)))


def ensure_running(uow: UnitOfWork, handover_id: int) -> Handover:
    """Lock the case and read it afresh. Raises Refused when it is closed."""
    handover = uow.lock(handover_id)
    if not handover.running:
        raise Refused("handover_closed")
    return handover


def ensure_takes_files(item: Item) -> None:
    """Raises Refused when files cannot be put on the item now, or never."""
    if item.requirement.kind is RequirementKind.SECRET:
        raise Refused("secret_takes_no_files")
    if item.state not in IN_HAND:
        raise Refused("item_takes_no_files")


def _ensure_draft(uow: UnitOfWork, document: Document) -> None:
    if has_sealed(uow, document):
        raise Refused("document_sealed")


def _title(uow: UnitOfWork, text: str, before: str) -> str:
    title = text.replace("\x00", "").strip()
    if not title:
        raise InvalidInput(Problem("title", "required"))
    if len(title) > TITLE_LENGTH:
        raise InvalidInput(Problem("title", "too_long", {"limit": TITLE_LENGTH}))
    if title != before:
        findings.ensure_harmless(uow.resources, "title", title)
    return title


def _visibility(text: str) -> Visibility:
    if text not in set(Visibility):
        raise InvalidInput(Problem("visibility", "choice_unknown"))
    return Visibility(text)


def _target(uow: UnitOfWork, handover: Handover, item_id: str | None) -> Item | None:
    """The item a document is put on; one of the same case that this person has to deliver."""
    if not item_id:
        return None
    item = uow.session.scalar(
        select(Item).where(
            Item.public_id == item_id,
            Item.handover_id == handover.id,
            uow.rows(Action.SUBMIT_ITEM),
        )
    )
    if item is None:
        raise InvalidInput(Problem("item", "choice_unknown"))
    ensure_takes_files(item)
    return item
