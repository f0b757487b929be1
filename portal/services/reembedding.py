"""Re-embedding: another model takes the place of the one that is searched, and nothing is lost.

When the settings name another model, it is «wanted». Jobs encode every findable reading with it, a
few at a time, while searches go on with the old one: with its vectors as long as it can be loaded,
by words alone otherwise. When no reading is left, the new index is folded in a folder of its own,
and one transaction makes the model the one that is searched. Everything done is a row, so a kill at
any line costs some seconds of encoding; settings changed back end it, and what is not used any more
is swept away some days later.

The reconciler calls `order` in every round. It also finds readings the present index lacks.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, func, or_, select, update

from indexing.folding import FoldingBusy
from indexing.manifest import Manifest
from indexing.model_unavailable import ModelUnavailable
from portal.models import (
    FINDABLE,
    Embedding,
    EmbeddingModel,
    IndexLogEntry,
    Passage,
    Reading,
    Reembedding,
    Version,
)
from portal.resources import Resources
from portal.services import embeddings, index_rows, reading_leases, rereading
from portal.services.inserting import insert_missing
from portal.services.model_change import measure, wanted
from portal.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

# Readings ordered at a time: what people upload meanwhile waits behind a few, not behind all.
AT_ONCE = 4
# Seconds after which a job leaves the rest of a long reading to the next one.
SLICE_SECONDS = 10.0
# How long the vectors of a model are kept that is not used any more: who changes back within that
# time need not encode everything again.
KEPT_DAYS = 7
# Rows removed in one transaction.
REMOVED_AT_ONCE = 5000


def order(resources: Resources) -> None:
    """Order what the model of the settings has not encoded yet; end what it no longer asks for."""
    try:
        identity, dimension = resources.configured_model()
    except ModelUnavailable as error:
        log.warning("the model of the settings cannot be used: %s", error)
        return
    with resources.write() as uow:
        if embeddings.active_model(uow.session) is None:
            return
        model = _want(uow, identity, dimension)
        _send_again(uow)
        _fill(uow, model)


def embed(resources: Resources, reading_id: int) -> None:
    """Encode what a reading lacks of the model of the settings, and publish when nothing is left.

    The job: for some seconds, then the next one goes on. Raises NotReady: model_unavailable.
    """
    encoder = embeddings.configured_encoder(resources)
    with resources.read() as uow:
        model = uow.session.scalar(_in_use().where(EmbeddingModel.identity == encoder.identity))
    if model is None:
        # The settings have changed again, or those of this worker are other ones.
        _drop(resources, reading_id)
        return
    over = time.monotonic() + SLICE_SECONDS
    begun = resources.clock()
    for rows in embeddings.encoded(resources, encoder, reading_id, model.id):
        with resources.write() as uow:
            insert_missing(uow.session, Embedding, rows)
            measure(uow, model.id, begun, len(rows))
            uow.session.execute(
                update(Reembedding)
                .where(Reembedding.reading_id == reading_id)
                .values(lease_until=_lease(uow))
            )
            if time.monotonic() >= over:
                uow.enqueue("embed_reading", reading_id)
                return
            begun = resources.clock()
    with resources.write() as uow:
        reading = reading_leases.locked(uow, reading_id)
        if reading is not None and reading.current and reading.state in FINDABLE:
            embeddings.publish(uow.session, reading_id, model.id)
        uow.session.execute(delete(Reembedding).where(Reembedding.reading_id == reading_id))
        if uow.session.scalar(_in_use().where(EmbeddingModel.id == model.id)):
            _fill(uow, model)


def switch(resources: Resources) -> bool:
    """Make the wanted model the one that is searched, if nothing is left to encode: the job.

    Its index is written before, so that no search waits for it. Returns whether it was done.
    """
    with resources.read() as uow:
        model = wanted(uow)
        if model is None or uow.session.scalar(embeddings.unpublished(model.id).limit(1)):
            return False
    try:
        index_rows.fold_model(resources, model)
    except FoldingBusy:
        return False
    return _activate(resources, model.id)


def rebuild(resources: Resources) -> Manifest:
    """Do all of it in this process: make what vectors are missing, write the whole index anew.

    Killed in between, it goes on where it was. Raises NotReady (model_unavailable), FoldingBusy
    when another process writes the index, and OSError.
    """
    encoder = embeddings.configured_encoder(resources)
    with resources.write() as uow:
        model = _want(uow, encoder.identity, encoder.dimension)
    while True:
        with resources.read() as uow:
            left = list(uow.session.scalars(_lacking(model.id)))
        for reading_id in left:
            begun = resources.clock()
            for rows in embeddings.encoded(resources, encoder, reading_id, model.id):
                with resources.write() as uow:
                    insert_missing(uow.session, Embedding, rows)
                    measure(uow, model.id, begun, len(rows))
                begun = resources.clock()
            with resources.write() as uow:
                embeddings.publish(uow.session, reading_id, model.id)
        manifest = index_rows.fold_model(resources, model, rebuild=True)
        if _activate(resources, model.id, asked=True):
            return manifest


def sweep(resources: Resources) -> None:
    """Remove the vectors and the index of models that are not used any more for some days."""
    before = resources.clock() - timedelta(days=KEPT_DAYS)
    unused = (
        ~EmbeddingModel.active,
        EmbeddingModel.wanted_since.is_(None),
        EmbeddingModel.unused_since <= before,
    )
    with resources.read() as uow:
        models = list(uow.session.scalars(select(EmbeddingModel).where(*unused)))
    for model in models:
        while _remove_some(resources, model.id):
            pass
        resources.shelf(model.identity, model.dimension).remove()
        with resources.write() as uow:
            # Wanted again meanwhile, it is kept, and what is gone is encoded again.
            gone = delete(EmbeddingModel).where(EmbeddingModel.id == model.id, *unused)
            if not uow.session.execute(gone.returning(EmbeddingModel.id)).first():
                continue
        log.info("removed the vectors of %s", model.identity)


def _want(uow: UnitOfWork, identity: str, dimension: int) -> EmbeddingModel:
    """The model of the settings, wanted unless it is active; others are not wanted any more."""
    model = embeddings.model_of(uow, identity, dimension)
    moment = uow.resources.clock()
    if model.name != uow.resources.settings.model:
        model.name = uow.resources.settings.model
    other = wanted(uow)
    if other is not None and other.id != model.id:
        other.wanted_since, other.unused_since = None, moment
        uow.session.execute(delete(Reembedding))
        if model.active:
            _read_worded(uow, model)
        uow.session.flush()
    if not model.active and model.wanted_since is None:
        model.wanted_since, model.unused_since = moment, None
        model.measured_from = model.measured_to = None
        uow.session.execute(delete(Reembedding))
        log.info("changing to the model %s", identity)
    return model


def _read_worded(uow: UnitOfWork, model: EmbeddingModel) -> None:
    """Order new readings of versions that were published while the model could not be loaded.

    They are found by their words alone. The new readings copy the text, so they cost no reading.
    """
    worded = (Reading.id.in_(_lacking(model.id)), Reading.id.in_(_published(model.id)))
    for version in uow.session.scalars(
        select(Version).join(Reading, Reading.version_id == Version.id).where(*worded)
    ).all():
        rereading.begin(uow, version)


def _send_again(uow: UnitOfWork) -> None:
    """Jobs that were lost or killed."""
    moment = uow.resources.clock()
    for row in uow.session.scalars(
        select(Reembedding)
        .where(Reembedding.lease_until <= moment)
        .with_for_update(skip_locked=True)
    ):
        row.lease_until = _lease(uow)
        uow.enqueue("embed_reading", row.reading_id)


def _fill(uow: UnitOfWork, model: EmbeddingModel) -> None:
    """Order the next readings; when none is left of the wanted model, the switch."""
    uow.session.flush()
    under_way = uow.session.scalar(select(func.count()).select_from(Reembedding)) or 0
    ordered = exists().where(Reembedding.reading_id == Reading.id)
    room = max(AT_ONCE - under_way, 0)
    left = embeddings.unpublished(model.id).where(~ordered).limit(room)
    for reading_id in uow.session.scalars(left).all():
        under_way += 1
        row = {"reading_id": reading_id, "lease_until": _lease(uow)}
        insert_missing(uow.session, Reembedding, [row])
        uow.enqueue("embed_reading", reading_id)
    if not under_way and wanted(uow) is not None:
        uow.enqueue("switch_model")


def _activate(resources: Resources, model_id: int, asked: bool = False) -> bool:
    """Make the model the one that is searched, unless a findable reading lacks vectors of it.

    It has to be wanted still, or `asked` for at this moment.
    """
    with resources.write() as uow:
        # Locked first: whoever publishes to the old model at this moment is waited for and seen.
        locked = select(EmbeddingModel).order_by(EmbeddingModel.id)
        locked = locked.with_for_update(key_share=True)
        models = uow.session.scalars(locked.execution_options(populate_existing=True)).all()
        model = next(each for each in models if each.id == model_id)
        if model.active:
            return True
        left = uow.session.scalar(embeddings.unpublished(model_id).limit(1))
        if left is not None or not (asked or model.wanted_since):
            return False
        for other in models:
            if other.active:
                other.active, other.unused_since = False, uow.resources.clock()
        model.active, model.wanted_since, model.unused_since = True, None, None
        uow.session.execute(delete(Reembedding))
    log.info("the model searched is now %s", model.identity)
    return True


def _remove_some(resources: Resources, model_id: int) -> bool:
    """Remove some rows of a model that is not used; whether there were any."""
    with resources.write() as uow:
        uow.session.execute(delete(IndexLogEntry).where(IndexLogEntry.model_id == model_id))
        some = select(Embedding.passage_id).where(Embedding.model_id == model_id)
        removed = uow.session.execute(
            delete(Embedding)
            .where(Embedding.model_id == model_id)
            .where(Embedding.passage_id.in_(some.limit(REMOVED_AT_ONCE)))
            .returning(Embedding.passage_id)
        )
        return bool(removed.all())


def _drop(resources: Resources, reading_id: int) -> None:
    with resources.write() as uow:
        uow.session.execute(delete(Reembedding).where(Reembedding.reading_id == reading_id))


def _in_use() -> Select[EmbeddingModel]:
    return select(EmbeddingModel).where(
        or_(EmbeddingModel.active, EmbeddingModel.wanted_since.is_not(None))
    )


def _published(model_id: int) -> Select[int]:
    return select(IndexLogEntry.reading_id).where(IndexLogEntry.model_id == model_id)


def _lacking(model_id: int) -> Select[int]:
    """Findable readings that are not in the index of the model, or without all vectors."""
    has = exists().where(Embedding.passage_id == Passage.id, Embedding.model_id == model_id)
    vectorless = select(Passage.reading_id).where(~has)
    return (
        select(Reading.id)
        .where(Reading.current, Reading.state.in_(FINDABLE))
        .where(
            or_(Reading.id.not_in(_published(model_id)), Reading.id.in_(vectorless)),
        )
        .order_by(Reading.id)
    )


def _lease(uow: UnitOfWork) -> datetime:
    return uow.resources.clock() + timedelta(seconds=uow.resources.settings.lease_seconds)
