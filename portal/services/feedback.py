"""Feedback on what was found: to the head of the position, and a little up or down for all.

It moves a hit among others that fit as well, and never in or out of the hits. A newer version
begins without any; what a head has dealt with lowers nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from portal.errors import InvalidInput, NotFound, Problem
from portal.models import Document, Feedback, FeedbackWord, Handover, Version
from portal.models.base import new_public_id
from portal.permissions import Action
from portal.services import findings
from portal.services.inserting import insert_missing
from portal.unit_of_work import UnitOfWork

REMARK_LENGTH = 500
# The most a hit is moved, in points of a score: two passages that both answer lie nearer than this,
# one that answers and one that does not lie much farther apart.
MOST = 0.05
# Votes that nobody gave, for neither side: one person alone moves a hit by a quarter of the most.
CAUTION = 3
# Versions on the page of a head.
LONGEST_LIST = 100


@dataclass(frozen=True)
class FeedbackForm:
    """What somebody says. An empty word takes everything back; a remark of None stays as it was."""

    word: str
    remark: str | None = None
    passage: int | None = None


@dataclass(frozen=True)
class Mark:
    """What this person has said about a version; `word` is None for nothing."""

    word: FeedbackWord | None
    remark: str


@dataclass(frozen=True)
class FeedbackLine:
    """A version with what is said about it and not dealt with yet, by how many, the newest first.

    replaced: there is a newer sealed version.
    """

    version: Version
    counts: dict[FeedbackWord, int]
    said: list[Feedback]
    replaced: bool


def give(uow: UnitOfWork, version_id: str, form: FeedbackForm) -> Mark:
    """Say something about a version. Raises NotFound, Forbidden, InvalidInput."""
    version = uow.load(Version, version_id, Action.GIVE_FEEDBACK)
    if not form.word:
        return _take_back(uow, version)
    word, remark = _word(form.word), _remark(uow, form.remark)
    # Two clicks at once must not make two rows: one is inserted, both change it.
    first = {
        "public_id": new_public_id(),
        "version_id": version.id,
        "person_id": uow.actor.id,
        "word": word,
        "remark": "",
        "given_at": uow.resources.clock(),
    }
    insert_missing(uow.session, Feedback, [first])
    own = uow.session.scalars(select(Feedback).where(_own(uow, version)).with_for_update()).one()
    own.word = word
    own.remark = own.remark if remark is None else remark
    own.passage_id = form.passage
    own.given_at = uow.resources.clock()
    own.settled_at = own.settled_by_id = None
    # Without the case: its people read its log, and who says what is not for all of them. The words
    # are in no log.
    uow.record("feedback_given", None, version, **_facts(version))
    return Mark(own.word, own.remark)


def mark(uow: UnitOfWork, version_id: str) -> Mark:
    """What this person has said about one version. Raises NotFound, Forbidden."""
    version = uow.load(Version, version_id, Action.GIVE_FEEDBACK)
    return marks(uow, [version])[version.id]


def marks(uow: UnitOfWork, versions: Iterable[Version]) -> dict[int, Mark]:
    """What this person has said about versions they may read, by id; without those they are not
    asked about: drafts and the own, see `search_rules.gives_feedback`."""
    asked = [
        version.id
        for version in versions
        if version.sealed and version.document.owner_id != uow.actor.id
    ]
    rows = uow.session.execute(
        select(Feedback.version_id, Feedback.word, Feedback.remark).where(
            Feedback.person_id == uow.actor.id, Feedback.version_id.in_(asked)
        )
    )
    said = {row[0]: Mark(row[1], row[2]) for row in rows}
    return {version_id: said.get(version_id, Mark(None, "")) for version_id in asked}


def weights(uow: UnitOfWork) -> dict[int, float]:
    """By how much each version something is said about is raised or lowered, by its row id."""
    helpful = Feedback.word == FeedbackWord.HELPFUL
    balance = func.sum(case((helpful, 1), else_=-1))
    rows = uow.session.execute(
        select(Feedback.version_id, balance, func.count())
        .where(or_(helpful, Feedback.settled_at.is_(None)))
        .group_by(Feedback.version_id)
    )
    return {row[0]: MOST * row[1] / (row[2] + CAUTION) for row in rows}


def to_settle(uow: UnitOfWork) -> list[FeedbackLine]:
    """What this head has not dealt with, the newest first."""
    found: dict[int, list[Feedback]] = {}
    for row in uow.session.scalars(
        select(Feedback)
        .join(Feedback.version)
        .join(Version.document)
        .where(_open(uow))
        .options(
            joinedload(Feedback.person),
            contains_eager(Feedback.version)
            .contains_eager(Version.document)
            .joinedload(Document.handover)
            .joinedload(Handover.position),
        )
        .order_by(Feedback.given_at.desc(), Feedback.id.desc())
    ):
        found.setdefault(row.version_id, []).append(row)
    chosen = list(found.items())[:LONGEST_LIST]
    newest = _newest(uow, [said[0].version.document_id for _, said in chosen])
    counts = _counts(uow, [version for version, _ in chosen])
    return [
        FeedbackLine(
            version=said[0].version,
            counts=counts[version],
            said=said,
            replaced=newest[said[0].version.document_id] > said[0].version.number,
        )
        for version, said in chosen
    ]


def waiting(uow: UnitOfWork) -> int:
    """How many versions something is said about that this head has not dealt with."""
    rows = select(func.count(Feedback.version_id.distinct())).where(_open(uow))
    return uow.session.scalar(rows) or 0


def settle(uow: UnitOfWork, version_id: str) -> None:
    """What is said about a version is dealt with. Raises NotFound when there is nothing."""
    version = uow.session.scalar(
        select(Version)
        .join(Feedback, Feedback.version_id == Version.id)
        .where(Version.public_id == version_id.replace("\x00", ""), _open(uow))
        .limit(1)
    )
    if version is None:
        raise NotFound
    uow.session.execute(
        update(Feedback)
        .where(Feedback.version_id == version.id, Feedback.settled_at.is_(None))
        .values(settled_at=uow.resources.clock(), settled_by_id=uow.actor.id)
    )
    uow.record("feedback_settled", version.document.handover, version, **_facts(version))


def _open(uow: UnitOfWork) -> ColumnElement[bool]:
    """What asks for something: praise without a word does not."""
    asks = or_(Feedback.word != FeedbackWord.HELPFUL, Feedback.remark != "")
    return and_(uow.rows(Action.VIEW_FEEDBACK), Feedback.settled_at.is_(None), asks)


def _counts(uow: UnitOfWork, versions: Sequence[int]) -> dict[int, dict[FeedbackWord, int]]:
    rows = uow.session.execute(
        select(Feedback.version_id, Feedback.word, func.count())
        .where(Feedback.version_id.in_(versions), Feedback.settled_at.is_(None))
        .group_by(Feedback.version_id, Feedback.word)
    )
    counted = {version: dict.fromkeys(FeedbackWord, 0) for version in versions}
    for version, word, count in rows:
        counted[version][word] = count
    return counted


def _newest(uow: UnitOfWork, documents: Sequence[int]) -> dict[int, int]:
    """Number of the newest sealed version by the row id of its document."""
    rows = uow.session.execute(
        select(Version.document_id, func.max(Version.number))
        .where(Version.document_id.in_(documents), Version.sealed_at.is_not(None))
        .group_by(Version.document_id)
    )
    return {row[0]: row[1] for row in rows}


def _take_back(uow: UnitOfWork, version: Version) -> Mark:
    if uow.session.execute(delete(Feedback).where(_own(uow, version)).returning(Feedback.id)).all():
        uow.record("feedback_withdrawn", None, version, **_facts(version))
    return Mark(None, "")


def _own(uow: UnitOfWork, version: Version) -> ColumnElement[bool]:
    return and_(Feedback.version_id == version.id, Feedback.person_id == uow.actor.id)


def _word(text: str) -> FeedbackWord:
    try:
        return FeedbackWord(text)
    except ValueError as error:
        raise InvalidInput(Problem("word", "choice_unknown")) from error


def _remark(uow: UnitOfWork, text: str | None) -> str | None:
    if text is None:
        return None
    text = " ".join(text.split())
    if len(text) > REMARK_LENGTH:
        raise InvalidInput(Problem("remark", "too_long", {"limit": REMARK_LENGTH}))
    findings.ensure_harmless(uow.resources, "remark", text)
    return text


def _facts(version: Version) -> dict[str, object]:
    return {"document": version.document.title, "number": version.number}
