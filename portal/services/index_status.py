"""Where the search index stands, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from portal.models import FINDABLE, Passage, Reading
from portal.services import embeddings, model_change
from portal.services.index_rows import RowSource, waiting_passages
from portal.services.model_change import Progress
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class IndexStatus:
    """Where the index stands. `model` None: nothing was read yet; `generation` 0: nothing folded.

    head: newest published number; watermark: newest folded one; waiting: passages between them.
    change: how far the portal is on its way to another model, None when it is not.
    """

    model: str | None
    readings: int
    passages: int
    generation: int
    watermark: int
    head: int
    waiting: int
    change: Progress | None


def status(uow: UnitOfWork) -> IndexStatus:
    """Where the index stands, without opening it or loading the model."""
    session = uow.session
    model = embeddings.active_model(session)
    findable = (Reading.current, Reading.state.in_(FINDABLE))
    readings = session.scalar(select(func.count()).select_from(Reading).where(*findable)) or 0
    passages = select(func.count()).select_from(Passage).join(Reading).where(*findable)
    shelf = uow.resources.shelf(model.identity, model.dimension) if model else None
    manifest = shelf.manifest() if shelf else None
    return IndexStatus(
        model=model.identity if model else None,
        readings=readings,
        passages=session.scalar(passages) or 0,
        generation=manifest.generation if manifest else 0,
        watermark=manifest.watermark if manifest else 0,
        head=RowSource(session, model).head() if model else 0,
        waiting=waiting_passages(uow),
        change=model_change.progress(uow),
    )
