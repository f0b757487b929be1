"""Findings: credentials and personal numbers in drafts, decided before the seal.

Looked for when a reading has its text, and again at the latest when the version is to be sealed.
Kept with the reading are kind and place, never the value: that stands in the text alone, where it
goes with the draft. A version whose text is not known yet cannot be sealed, otherwise a quick hand
would seal a password for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from indexing.sensitive import (
    CREDENTIALS,
    Excerpt,
    Finding,
    Kind,
    excerpt,
    find,
    find_in_blocks,
    masked,
)
from portal.errors import InvalidInput, Problem, Refused
from portal.models import (
    FINDABLE,
    IN_HAND,
    Block,
    Event,
    Handover,
    Item,
    Reading,
    ReadingState,
    Requirement,
    RequirementKind,
    Version,
)
from portal.models.base import Facts
from portal.permissions import Action
from portal.resources import Resources
from portal.unit_of_work import UnitOfWork

# A leaver's own mobile number, or a client's, is often what is handed over: shown, not in the way.
BLOCKING = frozenset(Kind) - {Kind.MOBILE_NUMBER}
# Kept of one kind in one file; where there are more, one decision about them all is wanted anyway.
# Of each kind apart: a list of clients' numbers must not crowd out the password behind it.
MOST = 200
REASON_LENGTH = 2000
# Of what was typed, so many are named beside the field.
SHOWN = 3
_WITHOUT_TEXT = frozenset({ReadingState.QUEUED, ReadingState.READING})


@dataclass(frozen=True)
class Shown:
    """One finding as its owner sees it: where it stands, and the line with the value covered."""

    kind: Kind
    place: Facts
    block: int
    excerpt: Excerpt


@dataclass(frozen=True)
class FindingsPage:
    """What the owner decides about.

    secrets: items of the case that take a place in a vault from this person now. moved: titles of
    those that took one for this version.
    """

    version: Version
    found: list[Shown]
    secrets: list[Item]
    moved: list[str]
    credentials: bool
    blocking: bool


def look(uow: UnitOfWork, reading: Reading) -> list[Facts]:
    """Return what is sensitive in the text of a reading: `block`, `start`, `end`, `kind`.

    Looks through the text the first time and writes down what it finds.
    """
    if reading.findings is None:
        reading.findings = _found(uow, reading)
        uow.session.flush()
    return reading.findings


def in_texts(blocks: Iterable[tuple[int, str]]) -> list[Facts]:
    """Return what is sensitive in blocks, given as ordinal and text; at most `MOST` of a kind."""
    numbered = list(blocks)
    found: list[Facts] = []
    kept: Counter[Kind] = Counter()
    for place, one in find_in_blocks([text for _, text in numbered]):
        kept[one.kind] += 1
        if kept[one.kind] <= MOST:
            number = numbered[place][0]
            found.append(
                {"block": number, "start": one.start, "end": one.end, "kind": one.kind.value}
            )
    return found


def blocking(text: str) -> bool:
    """Whether a text holds something somebody would have to decide about before the seal."""
    return any(one.kind in BLOCKING for one in find(text))


def ensure_harmless(resources: Resources, field: str, text: str, hint: str = "") -> None:
    """What is typed is kept for ever, without anybody deciding about it first.

    `hint` stands before it where a password is what one would expect: then one without a word that
    says so is seen, too. Raises InvalidInput with what was `found`, as pairs of the kind and the
    covered value.
    """
    if not resources.settings.guard:
        return
    found = [one for one in find(text) if one.kind in BLOCKING]
    if not found and hint:
        moved = [one for one in find(hint + text) if one.kind in BLOCKING]
        shift = len(hint)
        found = [
            Finding(one.kind, one.start - shift, one.end - shift)
            for one in moved
            if one.start >= shift
        ]
    if found:
        covered = [(one.kind.value, masked(text[one.start : one.end], one.kind)) for one in found]
        raise InvalidInput(Problem(field, "text_sensitive", {"found": covered[:SHOWN]}))


def undecided(version: Version, reading: Reading | None) -> bool:
    """Whether a draft holds something its owner has to decide about before it can be sealed."""
    if reading is None or version.sealed or version.findings_reason is not None:
        return False
    if reading.findings is None:
        # Read before there was a guard: its page looks, and so does the seal.
        return reading.state in FINDABLE
    return any(Kind(one["kind"]) in BLOCKING for one in reading.findings or [])


def ensure_decided(uow: UnitOfWork, versions: Iterable[Version]) -> None:
    """Inside the sealing transaction: nothing sensitive goes under the seal undecided.

    Raises Refused (version_not_read and reading_was_cancelled with the `filename`; sensitive_found
    with the `files`).
    """
    if not uow.resources.settings.guard:
        return
    held = []
    for version in versions:
        if version.sealed:
            continue
        reading = _read(uow, version)
        look(uow, reading)
        if undecided(version, reading):
            held.append(version.filename)
    if held:
        raise Refused("sensitive_found", files=", ".join(held))


def show(uow: UnitOfWork, version_id: str) -> FindingsPage:
    """What was found in a draft, for its owner. Raises NotFound, Forbidden, Refused."""
    version = uow.load(Version, version_id, Action.DECIDE_FINDINGS)
    reading = _read(uow, version)
    found = shown(uow, reading)
    return FindingsPage(
        version=version,
        found=found,
        secrets=_secrets(uow, version.document.handover),
        moved=_moved(uow, version),
        credentials=any(one.kind in CREDENTIALS for one in found),
        blocking=any(one.kind in BLOCKING for one in found),
    )


def keep(uow: UnitOfWork, version_id: str, reason: str) -> Version:
    """Decide that what was found belongs into the handover; HR sees why.

    Raises NotFound, Forbidden, InvalidInput without a reason, Refused for a closed case, a sealed
    version, and one with nothing to decide.
    """
    version = uow.load(Version, version_id, Action.DECIDE_FINDINGS)
    handover = uow.lock(version.document.handover_id)
    uow.session.refresh(version)
    if not handover.running:
        raise Refused("handover_closed")
    if version.sealed:
        raise Refused("version_sealed")
    reading = _read(uow, version)
    look(uow, reading)
    if not undecided(version, reading):
        raise Refused("nothing_sensitive")
    if _moved(uow, version):
        raise Refused("findings_moved")
    reason = checked_reason(uow.resources, reason)
    version.findings_reason = reason
    uow.record(
        "findings_kept",
        handover,
        version,
        document=version.document.title,
        number=version.number,
        filename=version.filename,
        kinds=dict(Counter(one["kind"] for one in reading.findings or [])),
        reason=reason,
    )
    return version


def checked_reason(resources: Resources, text: str) -> str:
    """A reason as it is written down. Raises InvalidInput: none, too long, or itself sensitive."""
    reason = text.replace("\x00", "").strip()
    if not reason:
        raise InvalidInput(Problem("reason", "reason_missing"))
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(Problem("reason", "too_long", {"limit": REASON_LENGTH}))
    ensure_harmless(resources, "reason", reason)
    return reason


def current(uow: UnitOfWork, version: Version) -> Reading | None:
    """The reading of a version that counts; None when none was ordered."""
    return uow.session.scalar(
        select(Reading).where(Reading.version_id == version.id, Reading.current)
    )


def shown(uow: UnitOfWork, reading: Reading) -> list[Shown]:
    """What is sensitive in a reading, each in its line with every value of the line covered."""
    found = _found(uow, reading)
    numbers = {one["block"] for one in found}
    blocks = uow.session.scalars(
        select(Block).where(Block.reading_id == reading.id, Block.ordinal.in_(numbers))
    )
    by_number = {block.ordinal: block for block in blocks}
    lines = []
    for one in found:
        block = by_number[one["block"]]
        here = [_finding(other) for other in found if other["block"] == one["block"]]
        covered = excerpt(block.text, _finding(one), here)
        lines.append(Shown(Kind(one["kind"]), block.place, one["block"], covered))
    return lines


def _read(uow: UnitOfWork, version: Version) -> Reading:
    """The reading of a version, which has its text or cannot have any. Raises Refused.

    A file the portal could not read may be sealed, the way it is said on its row; one whose reading
    was cancelled may not: that would be a way around.
    """
    reading = current(uow, version)
    if reading is None or reading.state in _WITHOUT_TEXT:
        raise Refused("version_not_read", filename=version.filename)
    if reading.reason is not None and reading.reason["code"] == "reading_cancelled":
        raise Refused("reading_was_cancelled", filename=version.filename)
    return reading


def _found(uow: UnitOfWork, reading: Reading) -> list[Facts]:
    """What was found in the text of a reading; looked for now where nobody has."""
    if reading.findings is not None:
        return reading.findings
    blocks = uow.session.execute(
        select(Block.ordinal, Block.text)
        .where(Block.reading_id == reading.id)
        .order_by(Block.ordinal)
    )
    return in_texts((number, text) for number, text in blocks)


def _finding(one: Facts) -> Finding:
    return Finding(Kind(one["kind"]), one["start"], one["end"])


def _secrets(uow: UnitOfWork, handover: Handover) -> list[Item]:
    """Items of the case that hold where a credential is kept, and are this person's to write."""
    return list(
        uow.session.scalars(
            select(Item)
            .join(Requirement, Item.requirement_id == Requirement.id)
            .where(Item.handover_id == handover.id, Requirement.kind == RequirementKind.SECRET)
            .where(Item.state.in_(IN_HAND), uow.rows(Action.SUBMIT_ITEM))
            .order_by(Requirement.ordinal)
        )
    )


def _moved(uow: UnitOfWork, version: Version) -> list[str]:
    """Titles of the items in which it stands where credentials of this version are kept."""
    events = uow.session.scalars(
        select(Event)
        .where(Event.handover_id == version.document.handover_id)
        .where(Event.kind == "findings_moved", Event.subject == version.public_id)
        .order_by(Event.id)
    )
    return list(dict.fromkeys(event.facts["item"] for event in events))
