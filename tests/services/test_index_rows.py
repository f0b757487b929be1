"""Index rows: what was committed is found at once, in every process, once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete, select

from indexing.encoder import Encoder
from portal.errors import NotReady
from portal.models import Embedding, IndexLogEntry, Passage, ReadingState
from portal.resources import Resources
from portal.services import (
    documents,
    embeddings,
    index_rows,
    index_status,
    readings,
    reembedding,
    verifying,
)
from portal.services.uploads import ToHandover, ToItem
from tests.company import Company
from tests.services.conftest import Desk
from tests.services.test_readings import Renamed, set_encoder

Process = Callable[[], Desk]
# Words without a part in common: each is found alone.
NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")


@pytest.fixture
def process(desk: Desk, encoder: Encoder) -> Iterator[Process]:
    """Makes what another process of the same portal sees."""
    opened = []

    def make() -> Desk:
        made = Resources(desk.resources.settings, desk.outbox, desk.resources.clock)
        made._encoder = encoder
        opened.append(made)
        company = desk.company
        other = Company(made, company.people, company.positions, company.departments)
        return Desk(other, desk.outbox)

    yield make
    for made in opened:
        made.close()


def fill(desk: Desk, case: str, count: int, begin: int = 0) -> list[str]:
    made = [
        desk.upload("leaver", ToHandover(case), f"文件 {NAMES[number]}", f"{number}.txt")
        for number in range(begin, begin + count)
    ]
    desk.work()
    return made


def test_two_processes_find_the_same_at_once(desk: Desk, case: str, process: Process) -> None:
    other = process()
    assert other.found(NAMES[0]) == []
    for number in range(3):
        fill(desk, case, 1, number)
        assert len(desk.found(NAMES[number])) == 1
        assert len(other.found(NAMES[number])) == 1


def test_folding_changes_nothing_that_is_found(desk: Desk, case: str, process: Process) -> None:
    other = process()
    fill(desk, case, 3)
    assert len(other.found("文件")) == 3
    manifest = index_rows.fold(desk.resources)
    assert manifest is not None
    assert (manifest.watermark, manifest.passages) == (3, 3)
    for seen in (desk, other, process()):
        assert len(seen.found("文件")) == 3
    fill(desk, case, 2, 3)
    assert len(other.found("文件")) == 5
    again = index_rows.fold(desk.resources)
    assert again is not None
    assert again.watermark == 5
    assert len(other.found("文件")) == 5


def test_nothing_to_fold(desk: Desk) -> None:
    assert index_rows.fold(desk.resources) is None
    assert desk.found("anything") == []
    with desk.resources.read() as uow:
        status = index_status.status(uow)
    assert (status.model, status.readings, status.generation, status.head) == (None, 0, 0, 0)


def test_a_lost_folder_costs_a_rebuild_and_no_embedding(
    desk: Desk, case: str, encoder: Encoder, process: Process
) -> None:
    fill(desk, case, 3)
    index_rows.fold(desk.resources)
    shutil.rmtree(desk.resources.settings.index_folder)
    assert len(desk.found("文件")) == 3
    assert len(process().found("文件")) == 3
    with desk.resources.read() as uow:
        assert index_rows.waiting_passages(uow) == 3
    # Whoever encodes now fails.
    set_encoder(desk, Renamed(encoder, encoder.identity))
    manifest = reembedding.rebuild(desk.resources)
    assert manifest is not None
    assert manifest.passages == 3


def test_damage_is_seen_and_mended(desk: Desk, case: str, process: Process) -> None:
    fill(desk, case, 3)
    index_rows.fold(desk.resources)
    victim = max(
        (path for path in desk.resources.settings.index_folder.rglob("*") if path.is_file()),
        key=lambda path: (path.suffix == ".npy", path.name),
    )
    victim.chmod(0o644)
    victim.write_bytes(b"\0" * victim.stat().st_size)
    with desk.resources.read() as uow:
        verdict = verifying.verify(uow)
    assert not verdict.sound
    assert verdict.damage is not None
    assert len(process().found("文件")) == 3
    index_rows.fold(desk.resources)
    with desk.resources.read() as uow:
        assert verifying.verify(uow).sound


def test_verify_finds_what_does_not_agree(desk: Desk, case: str) -> None:
    fill(desk, case, 4)
    with desk.resources.read() as uow:
        assert verifying.verify(uow).sound
    index_rows.fold(desk.resources)
    with desk.resources.read() as uow:
        assert verifying.verify(uow).sound
        passages = list(uow.session.scalars(select(Passage.id).order_by(Passage.id)))
        first = uow.session.scalars(
            select(IndexLogEntry).order_by(IndexLogEntry.sequence).limit(1)
        ).one()
    with desk.resources.write() as uow:
        # Somebody meddled with the tables: one reading not in the log, one passage without vector,
        # one passage gone.
        uow.session.execute(delete(IndexLogEntry).where(IndexLogEntry.sequence == first.sequence))
        uow.session.execute(delete(Embedding).where(Embedding.passage_id.in_(passages[2:])))
        uow.session.execute(delete(Passage).where(Passage.id == passages[3]))
    with desk.resources.read() as uow:
        verdict = verifying.verify(uow)
    assert (verdict.unpublished, verdict.vectorless, verdict.rowless) == (1, 1, 1)
    assert not verdict.sound
    # A rebuild makes what is missing and forgets what has no row.
    reembedding.rebuild(desk.resources)
    with desk.resources.read() as uow:
        verdict = verifying.verify(uow)
    assert (verdict.unpublished, verdict.unindexed, verdict.rowless) == (0, 0, 0)


def test_an_index_of_another_model(
    desk: Desk, case: str, encoder: Encoder, process: Process
) -> None:
    fill(desk, case, 2)
    index_rows.fold(desk.resources)
    other = process()
    assert len(other.found("文件")) == 2
    set_encoder(desk, Renamed(encoder, "another model"))
    reembedding.rebuild(desk.resources)
    assert len(desk.found("文件")) == 2
    # The other process follows at once, with words until it is started again.
    assert len(other.found("文件")) == 2
    # Back again: the old vectors are still there.
    set_encoder(desk, encoder)
    reembedding.rebuild(desk.resources)
    assert len(desk.found("文件")) == 2
    assert len(other.found("文件")) == 2


def test_a_folder_of_another_model_in_its_place_is_written_anew(
    desk: Desk, case: str, encoder: Encoder, process: Process
) -> None:
    fill(desk, case, 1)
    index_rows.fold(desk.resources)
    set_encoder(desk, Renamed(encoder, "another model"))
    reembedding.rebuild(desk.resources)
    old, new = (desk.resources.index_folder(n) for n in (encoder.identity, "another model"))
    shutil.rmtree(new)
    shutil.copytree(old, new)
    fresh = process()
    with pytest.raises(NotReady):
        fresh.found("文件")
    index_rows.fold(desk.resources)
    assert len(fresh.found("文件")) == 1


def test_rebuilding_goes_on_where_it_was_killed(desk: Desk, case: str, encoder: Encoder) -> None:
    fill(desk, case, 3)

    class Killed(Renamed):
        def encode_passages(self, texts: list[str]) -> object:
            self.left += 1
            if self.left == 2:
                raise KeyboardInterrupt
            return self.encoder.encode_passages(texts)

    killed = Killed(encoder, "another model")
    set_encoder(desk, killed)
    with pytest.raises(KeyboardInterrupt):
        reembedding.rebuild(desk.resources)
    # Until it is done the old model answers.
    set_encoder(desk, encoder)
    assert len(desk.found("文件")) == 3
    counting = Killed(encoder, "another model")
    counting.left = 2
    set_encoder(desk, counting)
    reembedding.rebuild(desk.resources)
    assert counting.left == 4, "the first file was not encoded again"
    assert len(desk.found("文件")) == 3


def test_superseded_and_removed(desk: Desk, case: str) -> None:
    first, second = fill(desk, case, 2)
    with desk.company.acting("leaver") as uow:
        readings.read_again(uow, first)
    desk.work()
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, desk.document(second))
    index_rows.fold(desk.resources)
    assert len(desk.found(NAMES[0])) == 1
    with desk.company.acting("leaver") as uow:
        documents.restore(uow, desk.document(second))
    # Put back, it is found again without being read again.
    assert len(desk.found(NAMES[1])) == 1
    with desk.resources.read() as uow:
        assert verifying.verify(uow).sound


def test_numbers_are_given_in_the_order_of_commits(desk: Desk, item: str, encoder: Encoder) -> None:
    """Many publish at once; whoever has caught up to a number never misses a smaller one."""
    made = [
        desk.upload("leaver", ToItem(item), f"文件 {number}", f"{number}.txt")
        for number in range(12)
    ]
    ids = [desk.reading(version).id for version in made]
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(len(desk.found("文件")))

    def work(part: list[int]) -> None:
        for reading_id in part:
            readings.read(desk.resources, reading_id)

    reader = threading.Thread(target=look)
    workers = [threading.Thread(target=work, args=(ids[start::3],)) for start in range(3)]
    for thread in (reader, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    reader.join()
    assert all(desk.reading(version).state is ReadingState.FINDABLE for version in made)
    assert seen == sorted(seen)
    with desk.resources.read() as uow:
        index = index_rows.caught_up(uow)
        assert (index.passages, index.until) == (12, 12)


def test_vectors_survive_their_column(encoder: Encoder) -> None:
    vector = encoder.encode_query("客户")
    assert (embeddings.from_bytes(embeddings.to_bytes(vector)) == vector).all()
