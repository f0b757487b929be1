"""Verifying: whether everything that should be found is found, passage by passage.

Every row is compared with what the index has written: its vector number by number, and whether its
words are there. Beyond that, passages spread over all of them are searched for as a person would,
by their own vector and by their own words, in the written part and in what is not folded yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Select, exists, func, select

from indexing.contents import Contents
from indexing.entry import Entry, IdArray
from indexing.index import Index, Mode
from indexing.tokens import tokenize
from portal.errors import NotReady
from portal.models import Embedding, EmbeddingModel, IndexLogEntry, Passage, Reading, Version
from portal.services import embeddings, index_rows
from portal.unit_of_work import UnitOfWork

# Passages that are searched for, and words of each: some milliseconds a passage.
SAMPLES = 200
WORDS = 12
# Passages named at most; whoever has more to mend rebuilds the index anyway.
NAMED = 20
# As near as a passage is to itself, or to a copy of itself.
SAME = 0.9999
_PART = 1000


@dataclass(frozen=True)
class Verdict:
    """What does not agree. unpublished: findable readings without a number in the log. vectorless:
    passages of published readings without a vector. unindexed: passages the index should hold and
    does not. rowless: passages it holds without a row. wrong: passages with another vector than
    their row. wordless: passages whose words it has lost. unfound: of `sampled` passages that were
    searched for, those not found. damage: what is wrong with its files.

    passages: ids of the first of these. versions: public ids of the versions they belong to.
    """

    unpublished: int = 0
    vectorless: int = 0
    unindexed: int = 0
    rowless: int = 0
    wrong: int = 0
    wordless: int = 0
    unfound: int = 0
    sampled: int = 0
    damage: str | None = None
    passages: tuple[int, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether everything agrees."""
        counts = (self.unpublished, self.vectorless, self.unindexed, self.rowless, self.wrong)
        return not any((*counts, self.wordless, self.unfound, self.damage))


def verify(uow: UnitOfWork) -> Verdict:
    """Compare rows with the index, and search for some of them. Changes nothing."""
    session = uow.session
    model = embeddings.active_model(session)
    if model is None:
        return Verdict()
    unpublished = select(func.count()).select_from(embeddings.unpublished(model.id).subquery())
    contents = uow.resources.shelf(model.identity, model.dimension).contents()
    has_vector = exists().where(Embedding.passage_id == Passage.id, Embedding.model_id == model.id)
    published = _published(model.id)
    expected = _ids(uow, published.where(IndexLogEntry.sequence <= contents.watermark))
    every = _ids(uow, select(Passage.id))
    held = np.intersect1d(expected, contents.passage_ids)
    bad = {
        "vectorless": _ids(uow, published.where(~has_vector)),
        "unindexed": np.setdiff1d(expected, contents.passage_ids),
        "rowless": np.setdiff1d(contents.passage_ids, every),
        "wrong": _wrong(uow, model, contents, held),
        # A reading that does not count any more may lose what it likes.
        "wordless": np.intersect1d(contents.wordless, expected),
    }
    samples = _samples(_ids(uow, published))
    bad["unfound"] = _unfound(uow, model, samples)
    named = np.unique(np.concatenate(list(bad.values())))[:NAMED]
    return Verdict(
        unpublished=session.scalar(unpublished) or 0,
        sampled=samples.size,
        damage=contents.damage,
        passages=tuple(named.tolist()),
        versions=_versions(uow, named),
        **{name: ids.size for name, ids in bad.items()},
    )


def _published(model_id: int) -> Select[int]:
    return (
        select(Passage.id)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(IndexLogEntry, IndexLogEntry.reading_id == Reading.id)
        .where(IndexLogEntry.model_id == model_id, Reading.current)
    )


def _wrong(uow: UnitOfWork, model: EmbeddingModel, contents: Contents, held: IdArray) -> IdArray:
    """Passages of which the index has another vector than their row."""
    wrong = []
    for begin in range(0, held.size, _PART):
        part = held[begin : begin + _PART]
        rows = uow.session.execute(
            select(Passage.id, Embedding.vector)
            .outerjoin(
                Embedding, (Embedding.passage_id == Passage.id) & (Embedding.model_id == model.id)
            )
            .where(Passage.id.in_(part.tolist()))
            .order_by(Passage.id)
        )
        none = np.zeros(model.dimension, np.float32)
        stored = [none if each is None else embeddings.from_bytes(each) for _, each in rows]
        same = (contents.vectors(part) == np.stack(stored)).all(axis=1)
        wrong.append(part[~same])
    return np.concatenate([np.empty(0, np.int64), *wrong])


def _samples(ids: IdArray) -> IdArray:
    """Passages spread evenly over all of them."""
    if ids.size <= SAMPLES:
        return ids
    return np.sort(ids)[np.linspace(0, ids.size - 1, SAMPLES).astype(np.int64)]


def _unfound(uow: UnitOfWork, model: EmbeddingModel, samples: IdArray) -> IdArray:
    """Those of the samples that a search for their own vector or words does not find."""
    if not samples.size:
        return samples
    try:
        index = index_rows.caught_up(uow)
    except NotReady:
        return samples
    numbers = select(IndexLogEntry.sequence).join(
        Passage, Passage.reading_id == IndexLogEntry.reading_id
    )
    sequences = uow.session.scalars(
        numbers.where(IndexLogEntry.model_id == model.id, Passage.id.in_(samples.tolist()))
        .distinct()
        .order_by(IndexLogEntry.sequence)
    ).all()
    source, wanted = index_rows.RowSource(uow.session, model), set(samples.tolist())
    everything = _ids(uow, select(Reading.id).where(Reading.current).order_by(Reading.id))
    lost = [
        entry.passage_id
        for sequence in sequences
        for _, entries in source.entries_after(sequence - 1, sequence)
        for entry in entries
        if entry.passage_id in wanted and not _found(index, entry, everything, len(entries))
    ]
    return np.array(sorted(lost), np.int64)


def _found(index: Index, entry: Entry, everything: IdArray, neighbours: int) -> bool:
    """Whether a passage is found by its vector among everything, by its words in its reading."""
    if entry.vector.any():
        best = index.search("", entry.vector, everything, 1, Mode.DENSE)
        if not best or (best[0].dense or 0.0) < SAME:
            return False
    tokens = tokenize(entry.text)
    words = " ".join((tokens.words or tokens.sequence)[:WORDS])
    if not words:
        return True
    within = np.array([entry.reading_id], np.int64)
    hits = index.search(words, None, within, neighbours, Mode.LEXICAL)
    return any(hit.passage_id == entry.passage_id for hit in hits)


def _versions(uow: UnitOfWork, passages: IdArray) -> tuple[str, ...]:
    """Public ids of the versions the passages are of."""
    found = (
        select(Version.public_id)
        .join(Reading, Reading.version_id == Version.id)
        .join(Passage, Passage.reading_id == Reading.id)
        .where(Passage.id.in_(passages.tolist()))
        .distinct()
        .order_by(Version.public_id)
    )
    return tuple(uow.session.scalars(found))


def _ids(uow: UnitOfWork, wanted: Select[int]) -> IdArray:
    return np.fromiter(uow.session.scalars(wanted), np.int64)
