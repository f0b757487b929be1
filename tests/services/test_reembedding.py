"""Another model takes over by itself, job by job, and nothing is lost to searches meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from indexing.encoder import Encoder
from indexing.folding import FoldingBusy
from indexing.generation import writing
from indexing.index import Mode
from portal.models import (
    Embedding,
    EmbeddingModel,
    IndexLogEntry,
    Reading,
    ReadingState,
    Reembedding,
)
from portal.services import (
    embeddings,
    index_rows,
    index_status,
    model_change,
    readings,
    reconciling,
    reembedding,
    verifying,
)
from portal.services.uploads import ToHandover
from tests.conftest import Clock
from tests.indexing.rows import vector
from tests.services.conftest import Desk
from tests.services.test_index_rows import fill

TEXTS = ("文件 alpha", "文件 bravo", "文件 charlie", "文件 delta", "文件 echo", "文件 foxtrot")


class Small:
    """Another model: eight numbers for each text, the same for the same text."""

    dimension = 8

    def __init__(self, identity: str = "small model") -> None:
        self.identity = identity
        self.encoded = 0
        self.error: BaseException | None = None

    def encode_query(self, text: str) -> np.ndarray:
        return vector(text)

    def encode_passages(self, texts: list[str]) -> np.ndarray:
        if self.error is not None:
            raise self.error
        self.encoded += len(texts)
        return np.stack([vector(text) for text in texts])

    def count_tokens(self, text: str) -> int:
        return len(text)


@pytest.fixture
def small(desk: Desk, case: str) -> Small:
    """Some documents are there, and the settings now name another model."""
    fill(desk, case, 3)
    index_rows.fold(desk.resources)
    made = Small()
    name(desk, "/srv/small", made)
    return made


def name(desk: Desk, model: str, encoder: Any, other: Encoder | None = None) -> None:
    """Have the settings name a model; `other` is the bundled one, where it can be loaded still."""
    resources = desk.resources
    resources.settings = replace(resources.settings, model=model)
    resources._encoder = encoder
    resources._other = ("bundled", other or Small("nothing known"))  # type: ignore[assignment]
    desk.outbox.jobs.clear()


def run(desk: Desk, most: int = 100) -> list[str]:
    """Do jobs in their order, as a worker would, until none is left; the names of those done."""
    jobs: dict[str, Callable[..., Any]] = {
        "read_version": readings.read,
        "embed_reading": reembedding.embed,
        "switch_model": reembedding.switch,
    }
    done = []
    while desk.outbox.jobs and len(done) < most:
        job = desk.outbox.jobs.pop(0)
        if job.name in jobs:
            rows = () if job.row_id is None else (job.row_id,)
            jobs[job.name](desk.resources, *rows)
            done.append(job.name)
    return done


def active(desk: Desk) -> str:
    with desk.resources.read() as uow:
        model = embeddings.active_model(uow.session)
        assert model is not None
        return model.identity


def progress(desk: Desk) -> model_change.Progress | None:
    with desk.resources.read() as uow:
        return index_status.status(uow).change


def sound(desk: Desk) -> bool:
    with desk.resources.read() as uow:
        return verifying.verify(uow).sound


def nearest(desk: Desk, text: str) -> int:
    """The reading whose passage is nearest to a text by vector alone."""
    with desk.resources.read() as uow:
        index = index_rows.caught_up(uow)
        query = embeddings.searched_with(uow).encode_query(text)
        allowed = np.array(uow.session.scalars(select(Reading.id)).all(), np.int64)
        return index.search("", query, allowed, 1, Mode.DENSE)[0].reading_id


def count(desk: Desk, table: Any, *where: Any) -> int:
    with desk.resources.read() as uow:
        return uow.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_it_changes_by_itself(desk: Desk, small: Small, encoder: Encoder) -> None:
    reconciling.reconcile(desk.resources)
    assert desk.outbox.named("embed_reading") == [1, 2, 3]
    assert (active(desk), progress(desk)) == (
        encoder.identity,
        model_change.Progress("small model", 0, 3, None),
    )
    assert run(desk) == [*["embed_reading"] * 3, "switch_model"]
    assert (active(desk), progress(desk), small.encoded) == ("small model", None, 3)
    assert count(desk, Reembedding) == 0
    for number, text in enumerate(TEXTS[:3], 1):
        assert desk.found(text.split()[1]) == [text]
        assert nearest(desk, text) == number
    assert sound(desk)
    with desk.resources.read() as uow:
        # Folded before the switch: no process reads the rows for it.
        assert index_rows.waiting_passages(uow) == 0
    reconciling.reconcile(desk.resources)
    assert run(desk) == []


def test_the_old_model_answers_until_then(desk: Desk, small: Small, encoder: Encoder) -> None:
    name(desk, "/srv/small", small, encoder)
    reconciling.reconcile(desk.resources)
    assert run(desk, 3) == ["embed_reading"] * 3
    with desk.resources.read() as uow:
        assert embeddings.searched_with(uow) is encoder
    assert nearest(desk, TEXTS[1]) == 2
    run(desk)
    with desk.resources.read() as uow:
        assert embeddings.searched_with(uow) is small


@pytest.mark.parametrize("loadable", [True, False])
def test_what_is_uploaded_meanwhile_is_found_before_and_after(
    desk: Desk, case: str, small: Small, encoder: Encoder, loadable: bool
) -> None:
    name(desk, "/srv/small", small, encoder if loadable else None)
    reconciling.reconcile(desk.resources)
    orders = list(desk.outbox.jobs)
    desk.outbox.jobs.clear()
    version = desk.upload("leaver", ToHandover(case), TEXTS[3], "3.txt")
    assert run(desk) == ["read_version"]
    assert desk.reading(version).state is ReadingState.FINDABLE
    assert active(desk) == encoder.identity
    assert desk.found("delta") == [TEXTS[3]]
    if loadable:
        assert nearest(desk, TEXTS[3]) == 4
    desk.outbox.jobs = orders
    run(desk)
    assert active(desk) == "small model"
    assert desk.found("delta") == [TEXTS[3]]
    assert nearest(desk, TEXTS[3]) == 4
    assert sound(desk)


def test_killed_while_it_encodes_and_jobs_lost(desk: Desk, small: Small, clock: Clock) -> None:
    reconciling.reconcile(desk.resources)
    small.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(desk)
    desk.outbox.jobs.clear()
    small.error = None
    reconciling.reconcile(desk.resources)
    assert desk.outbox.named("embed_reading") == [], "their time is not over yet"
    clock.move(seconds=desk.resources.settings.lease_seconds + 1)
    reconciling.reconcile(desk.resources)
    run(desk, 3)
    assert small.encoded == 3
    # The order to switch is lost, and a message comes twice.
    desk.outbox.jobs.clear()
    reembedding.embed(desk.resources, 1)
    reconciling.reconcile(desk.resources)
    run(desk)
    assert (active(desk), small.encoded) == ("small model", 3)
    assert sound(desk)


def test_settings_changed_back(desk: Desk, case: str, small: Small, encoder: Encoder) -> None:
    reconciling.reconcile(desk.resources)
    run(desk, 1)
    version = desk.upload("leaver", ToHandover(case), TEXTS[3], "3.txt")
    while "read_version" in (job.name for job in desk.outbox.jobs):
        run(desk, 1)
    orders = list(desk.outbox.jobs)
    name(desk, "bundled", encoder)
    reconciling.reconcile(desk.resources)
    assert (active(desk), progress(desk)) == (encoder.identity, None)
    # What the old model could not encode, because it was not to be had, it encodes now.
    before = desk.reading(version).id
    assert desk.found("delta") == [TEXTS[3]]
    desk.outbox.jobs += orders
    run(desk)
    assert desk.found("delta") == [TEXTS[3]]
    assert nearest(desk, TEXTS[3]) == desk.reading(version).id > before
    assert (active(desk), count(desk, Reembedding)) == (encoder.identity, 0)
    assert sound(desk)
    # And forth again: what was encoded is there still.
    done = small.encoded
    name(desk, "/srv/small", small)
    reconciling.reconcile(desk.resources)
    run(desk)
    assert (active(desk), small.encoded) == ("small model", max(done, 4))


def test_a_third_model_before_the_second_was_ready(desk: Desk, small: Small) -> None:
    reconciling.reconcile(desk.resources)
    orders = list(desk.outbox.jobs)
    third = Small("third model")
    name(desk, "/srv/third", third)
    reconciling.reconcile(desk.resources)
    assert progress(desk) == model_change.Progress("third model", 0, 3, None)
    desk.outbox.jobs += orders
    run(desk)
    assert (active(desk), third.encoded) == ("third model", 3)


def test_how_long_it_takes(
    desk: Desk, case: str, small: Small, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A long document: its job gives way after each chunk.
    monkeypatch.setattr(reembedding, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(embeddings, "CHUNK", 1)
    encode = small.encode_passages

    def slow(texts: list[str]) -> np.ndarray:
        clock.move(seconds=30)
        return encode(texts)

    monkeypatch.setattr(small, "encode_passages", slow)
    reconciling.reconcile(desk.resources)
    run(desk, 2)
    found = progress(desk)
    assert found is not None
    assert (found.done, found.passages, found.seconds) == (2, 3, 30.0)
    # A night without a worker says nothing about its speed.
    clock.move(hours=12)
    run(desk, 1)
    found = progress(desk)
    assert found is not None
    assert (found.done, found.seconds) == (3, 0.0)
    run(desk)
    assert active(desk) == "small model"


def test_no_reading_slips_through_the_switch(
    desk: Desk, case: str, small: Small, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(desk, "/srv/small", small, encoder)
    reconciling.reconcile(desk.resources)
    run(desk, 3)
    fold = index_rows.fold_model

    def published_meanwhile(*arguments: Any) -> Any:
        done = fold(*arguments)
        desk.upload("leaver", ToHandover(case), TEXTS[3], "3.txt")
        desk.work()
        return done

    monkeypatch.setattr(index_rows, "fold_model", published_meanwhile)
    assert not reembedding.switch(desk.resources)
    assert active(desk) == encoder.identity
    monkeypatch.undo()
    reconciling.reconcile(desk.resources)
    run(desk)
    assert active(desk) == "small model"
    assert desk.found("delta") == [TEXTS[3]]
    assert sound(desk)


def test_what_is_not_used_any_more_is_removed_after_some_days(
    desk: Desk, small: Small, encoder: Encoder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "REMOVED_AT_ONCE", 2)
    reconciling.reconcile(desk.resources)
    run(desk)
    folder = desk.resources.index_folder(encoder.identity)
    clock.move(days=reembedding.KEPT_DAYS - 1)
    reconciling.reconcile(desk.resources)
    assert (count(desk, Embedding), folder.exists()) == (6, True)
    clock.move(days=1)
    reconciling.reconcile(desk.resources)
    assert (count(desk, Embedding), folder.exists()) == (3, False)
    assert (count(desk, EmbeddingModel), count(desk, IndexLogEntry)) == (1, 3)
    assert nearest(desk, TEXTS[1]) == 2


def test_a_reading_the_index_lacks_is_encoded_again(desk: Desk, case: str) -> None:
    fill(desk, case, 2)
    desk.outbox.jobs.clear()
    with desk.resources.write() as uow:
        uow.session.execute(delete(IndexLogEntry).where(IndexLogEntry.reading_id == 1))
    assert not sound(desk)
    reconciling.reconcile(desk.resources)
    assert run(desk) == ["embed_reading"]
    assert sound(desk)


def test_without_the_new_model_the_old_one_goes_on(desk: Desk, case: str) -> None:
    fill(desk, case, 1)
    resources = desk.resources
    resources._encoder, encoder = None, resources._encoder
    resources._other = ("bundled", encoder)  # type: ignore[assignment]
    resources.settings = replace(resources.settings, model=str(resources.settings.data_folder))
    reconciling.reconcile(resources)
    assert progress(desk) is None
    assert nearest(desk, TEXTS[0]) == 1


def test_rebuilding_twice_at_once(desk: Desk, small: Small) -> None:
    with writing(desk.resources.index_folder("small model")), pytest.raises(FoldingBusy):
        reembedding.rebuild(desk.resources)
    assert reembedding.rebuild(desk.resources).passages == 3
    assert small.encoded == 3
