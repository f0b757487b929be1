"""Readings: a version's way from bytes to passages that are found.

Queued when the version is entered; then a worker reads, embeds and publishes. Every step ends in a
transaction, so a kill at any line leaves a row from which the next attempt goes on:

* before the text is written: the file is read again;
* after it (state embedding): only passages without a vector are encoded;
* publishing is one transaction: the number in the index log and the state «findable» come together,
  so a version becomes findable once, whatever is killed when.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update
from sqlalchemy.exc import OperationalError

from indexing.extraction import Extraction, Limits, Status, extract
from indexing.notice import Notice
from indexing.passage import cut
from portal.errors import NotReady, Refused
from portal.models import FINDABLE, Document, Embedding, Reading, ReadingState, Version
from portal.models.base import Facts
from portal.permissions import Action
from portal.resources import Resources
from portal.services import (
    embeddings,
    findings,
    later_findings,
    likeness,
    reading_leases,
    reading_text,
    rereading,
)
from portal.services.inserting import insert_missing
from portal.services.reading_leases import Claim, LeaseLost
from portal.unit_of_work import UnitOfWork
from storage import BlobCorrupt, BlobMissing, DiskFull, StoreNotWritable, StoreUnreachable
from storage.blob import check_bytes

if TYPE_CHECKING:
    from indexing.encoder import Encoder

log = logging.getLogger(__name__)

# What passes by itself or by an administrator's hand; the job is sent again, the file is not to
# blame.
TRANSIENT = (StoreUnreachable, StoreNotWritable, DiskFull, OperationalError)
# Progress is written at most this often, in seconds: people see it, the database hardly.
PROGRESS_SECONDS = 1.0
# Not a notice of the readers: what the store holds is no longer what was uploaded.
DAMAGED: Facts = {"code": "file_damaged", "facts": {}}


def queue(uow: UnitOfWork, version: Version) -> Reading:
    """Order a reading of the version; from now on it is the one that counts.

    Until `lease_until` a job is taken to be on its way, then the reconciler sends it again.
    """
    uow.session.execute(
        update(Reading)
        .where(Reading.version_id == version.id, Reading.alive)
        .values(current=False, successor=False)
        .execution_options(synchronize_session="fetch")
    )
    moment = uow.resources.clock()
    reading = Reading(
        version_id=version.id,
        queued_at=moment,
        lease_until=moment + timedelta(seconds=uow.resources.settings.lease_seconds),
    )
    uow.session.add(reading)
    uow.session.flush()
    uow.enqueue("read_version", reading.id)
    return reading


def current(uow: UnitOfWork, version: Version) -> Reading | None:
    """The reading that counts; None in the moment before one is ordered."""
    return uow.session.scalar(
        select(Reading).where(Reading.version_id == version.id, Reading.current)
    )


def state(uow: UnitOfWork, version_id: str) -> Reading | None:
    """How far the reading of a version is. Raises NotFound."""
    return current(uow, uow.load(Version, version_id, Action.LIST_VERSION))


def read_again(uow: UnitOfWork, version_id: str) -> Reading:
    """Order a new reading of a version whose reading is over.

    Raises NotFound, Forbidden, and Refused (reading_not_finished).
    """
    version = uow.load(Version, version_id, Action.RETRY_READING)
    # Two people may ask at once: the second finds the reading the first one ordered.
    uow.session.execute(select(Version.id).where(Version.id == version.id).with_for_update())
    before = current(uow, version)
    if before is not None and not before.finished:
        raise Refused("reading_not_finished")
    document = version.document
    uow.record(
        "reading_retried",
        document.handover,
        version,
        document=document.title,
        number=version.number,
        filename=version.filename,
    )
    return queue(uow, version)


def cancel(uow: UnitOfWork, version_id: str) -> Reading:
    """End a reading that goes on; it can be ordered again like one that has failed.

    Whoever reads loses the lease with it, and ends the reading process within seconds.
    Raises NotFound, Forbidden, and Refused (reading_finished).
    """
    version = uow.load(Version, version_id, Action.RETRY_READING)
    found = current(uow, version)
    reading = reading_leases.locked(uow, found.id) if found is not None else None
    if reading is None or reading.finished or not reading.current:
        raise Refused("reading_finished")
    reading_leases.cancel(uow, reading)
    reading_text.clear(uow.session, reading.id)
    return reading


def title_changed(uow: UnitOfWork, document: Document) -> None:
    """Have the versions of a document indexed again under its new title.

    The index takes the title with the text. The new reading copies the text of the old one, so it
    costs no reading of the file; one that is still under way takes the new title by itself.
    """
    stale = uow.session.scalars(
        select(Version)
        .join(Reading, Reading.version_id == Version.id)
        .where(Version.document_id == document.id, Reading.current, Reading.state.in_(FINDABLE))
    )
    for version in stale.all():
        queue(uow, version)


def read(resources: Resources, reading_id: int) -> None:
    """Read, embed and publish: the job. Returns at once when there is nothing to do.

    Raises NotReady when there is no model to embed with (nothing is taken then), one of `TRANSIENT`
    when it is worth trying again, and whatever a fault raises; the reading is free again then.
    """
    encoder = embeddings.ready_encoder(resources)
    claim = reading_leases.claim(resources, reading_id)
    if claim is None:
        return
    try:
        with reading_leases.kept(resources, claim):
            if claim.text_done or _read_text(resources, claim, encoder):
                _embed(resources, claim)
    except LeaseLost:
        log.info("reading %s is in other hands", reading_id)
    except (*TRANSIENT, NotReady):
        reading_leases.give_back(resources, claim, None)
        raise
    except BaseException as error:
        reading_leases.give_back(resources, claim, error)
        raise


def _read_text(resources: Resources, claim: Claim, encoder: Encoder) -> bool:
    """From bytes to passages; False when the file cannot be read, which is written down then."""
    with resources.write() as uow:
        reading = reading_leases.held(uow, claim)
        if reading_text.copy_from_twin(uow.session, reading, resources.settings.passage_tokens):
            _text_is_there(uow, reading)
            return True
    try:
        extraction = _extract(resources, claim)
    except (BlobMissing, BlobCorrupt):
        log.exception("reading %s: the stored file is damaged", claim.reading_id)
        _fail(resources, claim, None)
        return False
    tokens = resources.settings.passage_tokens
    passages = cut(extraction.blocks, encoder.count_tokens, tokens)
    if extraction.status is Status.FAILED or not passages:
        _fail(resources, claim, extraction)
        return False
    # Before the transaction: a long text takes a while.
    sensitive = findings.in_texts((n, block.text) for n, block in enumerate(extraction.blocks))
    with resources.write() as uow:
        reading = reading_leases.held(uow, claim)
        reading_text.note(reading, extraction)
        reading.findings = sensitive
        reading_text.write(uow.session, reading, extraction, passages)
        reading.cutter_version = reading_text.cutter(tokens)
        _text_is_there(uow, reading)
    return True


def _text_is_there(uow: UnitOfWork, reading: Reading) -> None:
    # A successor has said nothing yet: what it finds counts once it takes the place of the other.
    if reading.current:
        later_findings.compare(uow, reading)
    reading.state, reading.step_at = ReadingState.EMBEDDING, uow.resources.clock()


def _extract(resources: Resources, claim: Claim) -> Extraction:
    """Read the stored file. Raises BlobMissing, BlobCorrupt, TRANSIENT and LeaseLost."""
    with resources.store.local_path(claim.digest) as path:
        # Reading other bytes than were uploaded would be worse than reading none.
        with path.open("rb") as file:
            check_bytes(claim.digest, file)
        return extract(
            path, claim.filename, limits_of(resources), progress=_progress(resources, claim)
        )


def limits_of(resources: Resources) -> Limits:
    """What reading one file may cost, by the settings."""
    settings = resources.settings
    return Limits(
        seconds=settings.reading_seconds,
        seconds_per_page=settings.reading_seconds_per_page,
        memory_bytes=settings.reading_memory_bytes,
    )


def _progress(resources: Resources, claim: Claim) -> Callable[[int, int | None], None]:
    told = time.monotonic() - PROGRESS_SECONDS

    def progress(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            reading_leases.renew(resources, claim, pages_done=done, pages=total)

    return progress


def _fail(resources: Resources, claim: Claim, extraction: Extraction | None) -> None:
    """Write down why there is no text. `extraction` None: the stored file is damaged."""
    with resources.write() as uow:
        reading = reading_leases.held(uow, claim)
        reason = DAMAGED
        if extraction is not None:
            reading_text.note(reading, extraction)
            reason = reading.reason or Notice("no_text").to_json()
        reading_text.clear(uow.session, reading.id)
        reading_leases.fail(uow, reading, reason)


def _embed(resources: Resources, claim: Claim) -> None:
    """Encode what has no vector yet, then publish."""
    with resources.read() as uow:
        before = embeddings.active_model(uow.session)
    # Asked again: the model may have been changed while the file was read.
    encoder = embeddings.ready_encoder(resources)
    with resources.write() as uow:
        made = embeddings.model_of(uow, encoder.identity, encoder.dimension)
        reading = reading_leases.held(uow, claim)
        left = embeddings.left(uow.session, reading.id, made.id)
        reading.passages_done = max(0, (reading.passages or left) - left)
    for rows in embeddings.encoded(resources, encoder, claim.reading_id, made.id):
        with resources.write() as uow:
            reading_leases.held(uow, claim).passages_done += len(rows)
            insert_missing(uow.session, Embedding, rows)
    with resources.write() as uow:
        searched = embeddings.kept_active(uow.session)
        if searched.id != (before or made).id:
            raise NotReady("model_changed")
        _publish(uow, reading_leases.held(uow, claim))
        # By both, where the model searched could not be loaded: it finds the words meanwhile.
        for model_id in {searched.id, made.id}:
            embeddings.publish(uow.session, claim.reading_id, model_id)


def _publish(uow: UnitOfWork, reading: Reading) -> None:
    # Whichever comes second, sealing or publishing, orders the map.
    version = uow.lock_version(reading.version_id)
    document = version.document
    if reading.successor:
        rereading.take_over(uow, reading)
        later_findings.compare(uow, reading)
    reading.state = ReadingState.PARTIAL if reading.partial else ReadingState.FINDABLE
    reading_leases.settle(uow, reading)
    if not _read_before(uow, reading):
        uow.record(
            "version_read",
            document.handover,
            version,
            document=document.title,
            number=version.number,
            filename=version.filename,
            pages=reading.pages,
            characters=reading.characters,
            partial=reading.partial,
        )
    if version.sealed:
        position = document.handover.position
        position.map_wanted_at = uow.resources.clock()
        uow.enqueue("build_map", position.id)
    likeness.look(uow, reading)


def _read_before(uow: UnitOfWork, reading: Reading) -> bool:
    """Whether an earlier reading of the version ended well, which the log has told already."""
    earlier = exists().where(
        Reading.version_id == reading.version_id,
        Reading.id != reading.id,
        Reading.state.in_(FINDABLE),
    )
    return bool(uow.session.scalar(select(earlier)))
