"""Findings of a later reading: what it found that the one before it did not.

Of a draft the decision is open again then. A sealed version stays as it is; its heads and HR look
at what was found and say what they did about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import contains_eager, joinedload

from indexing.sensitive import Kind
from portal.errors import NotFound, Refused
from portal.models import FINDABLE, Document, Handover, LaterFindings, Reading, Version
from portal.models.base import Facts
from portal.permissions import Action
from portal.services import findings
from portal.services.findings import BLOCKING, Shown
from portal.unit_of_work import UnitOfWork

# Versions in the list; those that are settled make room for the next.
LONGEST_LIST = 100


@dataclass(frozen=True)
class LaterPage:
    """What was found in one sealed version after its seal.

    rows: what each reading found, the newest first. shown: each finding in its line, covered; empty
    for who may not read the document. readable: whether this person may.
    """

    version: Version
    rows: list[LaterFindings]
    shown: list[Shown]
    readable: bool

    @property
    def kinds(self) -> Counter[Kind]:
        """How many of each kind nobody has dealt with."""
        return _kinds(row for row in self.rows if row.settled_at is None)

    @property
    def open(self) -> bool:
        """Whether there is something to settle."""
        return any(row.settled_at is None for row in self.rows)


@dataclass(frozen=True)
class LaterLine:
    """One version of the list, with how many of each kind were found in it."""

    version: Version
    kinds: Counter[Kind]
    found: list[LaterFindings]


def compare(uow: UnitOfWork, reading: Reading) -> None:
    """Open the decision about a draft again, or write down what is new in a sealed version, when
    this reading found what none before it did."""
    if not uow.resources.settings.guard:
        return
    before = uow.session.scalar(
        select(Reading)
        .where(Reading.version_id == reading.version_id, Reading.id < reading.id)
        .where(Reading.state.in_(FINDABLE))
        .order_by(Reading.id.desc())
        .limit(1)
    )
    known = before.findings if before else None
    added = _told(reading.findings) - _told(known)
    if not added:
        return
    version = uow.lock_version(reading.version_id)
    # About a draft that was not looked through before, its owner decides for the first time.
    if known is None and not version.sealed:
        return
    kinds = dict(Counter(kind for kind, _ in added.elements()))
    if version.sealed:
        moment = uow.resources.clock()
        uow.session.add(LaterFindings(version_id=version.id, kinds=kinds, found_at=moment))
    else:
        version.findings_reason = None
    uow.record("findings_added", version.document.handover, version, **_facts(version, kinds))


def waiting(uow: UnitOfWork) -> int:
    """How many sealed versions hold something found later that this person may settle."""
    rows = (
        select(func.count(LaterFindings.version_id.distinct()))
        .join(LaterFindings.version)
        .where(_open(uow))
    )
    return uow.session.scalar(rows) or 0


def to_settle(uow: UnitOfWork) -> list[LaterLine]:
    """Those versions, what was found last first."""
    found: dict[int, list[LaterFindings]] = {}
    for row in uow.session.scalars(
        select(LaterFindings)
        .join(LaterFindings.version)
        .join(Version.document)
        .where(_open(uow))
        .options(
            contains_eager(LaterFindings.version)
            .contains_eager(Version.document)
            .joinedload(Document.handover)
            .options(joinedload(Handover.position), joinedload(Handover.leaver))
        )
        .order_by(LaterFindings.id.desc())
    ):
        found.setdefault(row.version_id, []).append(row)
    chosen = list(found.values())[:LONGEST_LIST]
    return [LaterLine(rows[0].version, _kinds(rows), rows) for rows in chosen]


def show(uow: UnitOfWork, version_id: str) -> LaterPage:
    """What was found in a version after its seal. Raises NotFound (also when nothing was),
    Forbidden."""
    version = uow.load(Version, version_id, Action.SETTLE_FINDINGS)
    rows = list(
        uow.session.scalars(
            select(LaterFindings)
            .where(LaterFindings.version_id == version.id)
            .options(joinedload(LaterFindings.settled_by))
            .order_by(LaterFindings.id.desc())
        )
    )
    if not rows:
        raise NotFound
    readable = uow.may(Action.VIEW_VERSION, version)
    reading = findings.current(uow, version)
    shown = []
    if readable and reading is not None:
        kinds = _kinds(rows)
        shown = [one for one in findings.shown(uow, reading) if one.kind in kinds]
    return LaterPage(version, rows, shown, readable)


def settle(uow: UnitOfWork, version_id: str, reason: str) -> Version:
    """It was looked at, and the reason says what came of it. Nothing of the version changes.

    Raises NotFound, Forbidden, InvalidInput for the reason, Refused when nothing is open.
    """
    version = uow.load(Version, version_id, Action.SETTLE_FINDINGS)
    handover = uow.lock(version.document.handover_id)
    rows = uow.session.scalars(
        select(LaterFindings)
        .where(LaterFindings.version_id == version.id, LaterFindings.settled_at.is_(None))
        .with_for_update()
    ).all()
    if not rows:
        raise Refused("findings_settled")
    reason = findings.checked_reason(uow.resources, reason)
    for row in rows:
        row.settled_at = uow.resources.clock()
        row.settled_by_id = uow.actor.id
        row.reason = reason
    facts = _facts(version, {kind.value: count for kind, count in _kinds(rows).items()})
    uow.record("findings_settled", handover, version, **facts, reason=reason)
    return version


def _open(uow: UnitOfWork) -> ColumnElement[bool]:
    return and_(LaterFindings.settled_at.is_(None), uow.rows(Action.SETTLE_FINDINGS))


def _kinds(rows: Iterable[LaterFindings]) -> Counter[Kind]:
    counted: Counter[Kind] = Counter()
    for row in rows:
        counted.update({Kind(kind): count for kind, count in row.kinds.items()})
    return counted


def _told(found: Iterable[Facts] | None) -> Counter[tuple[str, int]]:
    """What there was to decide about; a new reading may have it in another place."""
    return Counter(
        (one["kind"], one["end"] - one["start"])
        for one in found or []
        if Kind(one["kind"]) in BLOCKING
    )


def _facts(version: Version, kinds: dict[str, int]) -> Facts:
    return {
        "document": version.document.title,
        "number": version.number,
        "filename": version.filename,
        "kinds": kinds,
    }
