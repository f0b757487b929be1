"""The change to another model, in numbers: which model, how far, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from portal.models import FINDABLE, Embedding, EmbeddingModel, Passage, Reading
from portal.unit_of_work import UnitOfWork

# Seconds without a passage after which the speed is measured anew: nobody was at work.
PAUSE_SECONDS = 300


def wanted(uow: UnitOfWork) -> EmbeddingModel | None:
    """The model that is to take the place of the active one; None when none is."""
    return uow.session.scalar(
        select(EmbeddingModel).where(EmbeddingModel.wanted_since.is_not(None))
    )


@dataclass(frozen=True)
class Progress:
    """How far a change is: `done` of `passages`. seconds: what is left, None: not known yet."""

    model: str
    done: int
    passages: int
    seconds: float | None


def progress(uow: UnitOfWork) -> Progress | None:
    """How far the change to another model is; None when there is none."""
    model = wanted(uow)
    if model is None:
        return None
    findable = select(func.count()).select_from(Passage).join(Reading)
    findable = findable.where(Reading.current, Reading.state.in_(FINDABLE))
    made = findable.join(Embedding, Embedding.passage_id == Passage.id)
    passages = uow.session.scalar(findable) or 0
    done = uow.session.scalar(made.where(Embedding.model_id == model.id)) or 0
    begin, end = model.measured_from, model.measured_to
    seconds = None
    if begin and end and end > begin and model.measured:
        seconds = (passages - done) * (end - begin).total_seconds() / model.measured
    return Progress(model.identity, done, passages, seconds)


def measure(uow: UnitOfWork, model_id: int, begun: datetime, count: int) -> None:
    """Note that so many passages were encoded since `begun`."""
    moment = uow.resources.clock()
    pause = moment - timedelta(seconds=PAUSE_SECONDS)
    this = update(EmbeddingModel).where(EmbeddingModel.id == model_id)
    lately = EmbeddingModel.measured_to > pause
    going_on = this.where(lately).values(
        measured=EmbeddingModel.measured + count, measured_to=moment
    )
    plain = {"synchronize_session": False}
    if uow.session.execute(going_on.returning(EmbeddingModel.id), execution_options=plain).first():
        return
    anew = this.values(measured=count, measured_from=begun, measured_to=moment)
    uow.session.execute(anew, execution_options=plain)
