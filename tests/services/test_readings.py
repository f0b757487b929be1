"""Readings: from bytes to findable, once, whatever happens on the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from indexing.encoder import Encoder
from indexing.extraction import Extraction
from indexing.model_unavailable import ModelUnavailable
from indexing.notice import NOTICE_FACTS
from portal import reading_words
from portal.errors import Forbidden, NotFound, NotReady, Refused
from portal.models import (
    FINISHED,
    Block,
    Document,
    Embedding,
    EmbeddingModel,
    IndexLogEntry,
    Passage,
    Position,
    Reading,
    ReadingState,
    Version,
    Visibility,
)
from portal.resources import Resources
from portal.services import (
    documents,
    embeddings,
    items,
    reading_leases,
    readings,
    reembedding,
)
from portal.services.documents import ChangeForm
from portal.services.uploads import ToDocument, ToHandover, ToItem
from storage import StoreUnreachable
from tests.services.conftest import Desk

FILES = Path(__file__).parent.parent / "files"
TEXT = "交接说明\n\n客户王小姐喜欢上午打电话。\n\nThe server restarts on Sunday night.\n"


def rows(desk: Desk, table: Any) -> int:
    with desk.resources.read() as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


def lose_lease(desk: Desk) -> None:
    """Let the time of every lease pass."""
    desk.resources.clock.move(seconds=desk.resources.settings.lease_seconds + 1)  # type: ignore[attr-defined]


def test_from_bytes_to_findable(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    assert desk.reading(version).state is ReadingState.QUEUED
    desk.work()
    reading = desk.reading(version)
    assert reading.state is ReadingState.FINDABLE
    assert reading.finished_at is not None
    assert (reading.lease_token, reading.lease_until, reading.reason) == (None, None, None)
    assert reading.media_type == "text/plain"
    assert reading.characters > 30
    assert reading.reader_version > 0
    assert reading.cutter_version % 10_000 == desk.resources.settings.passage_tokens
    assert "王小姐" in desk.found("王小姐")[0]
    assert "Sunday" in desk.found("restart")[0]
    (event,) = desk.events("version_read")
    assert event.actor_id is None
    assert event.subject == version
    assert event.facts["characters"] == reading.characters


def test_passages_name_their_blocks_and_vectors_are_of_unit_length(desk: Desk, item: str) -> None:
    text = "# 客户\n\n第一段。\n\n## 订单\n\n第二段。\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n"
    desk.upload("leaver", ToItem(item), text, "客户.md")
    desk.work()
    with desk.resources.read() as uow:
        blocks = {block.ordinal: block for block in uow.session.scalars(select(Block))}
        for passage in uow.session.scalars(select(Passage)):
            own = [blocks[n] for n in range(passage.first_block, passage.last_block + 1)]
            assert own
            if passage.kind == "paragraph":
                assert own[0].text in passage.text
                assert passage.place["heading_path"] == own[0].place["heading_path"]
        for stored in uow.session.scalars(select(Embedding.vector)):
            assert abs(np.linalg.norm(embeddings.from_bytes(stored)) - 1) < 1e-5


@pytest.mark.parametrize(
    "name", sorted(path.name for path in FILES.glob("*.*") if path.suffix in {".docx", ".pdf"})
)
def test_real_files(desk: Desk, item: str, name: str) -> None:
    version = desk.upload("leaver", ToItem(item), (FILES / name).read_bytes(), name)
    desk.work()
    reading = desk.reading(version)
    assert reading.state in {ReadingState.FINDABLE, ReadingState.PARTIAL}
    if name.endswith(".pdf"):
        assert reading.pages
        assert reading.pages_done == reading.pages
        with desk.resources.read() as uow:
            assert all(passage.place["page"] for passage in uow.session.scalars(select(Passage)))


def test_a_job_twice_late_or_for_nothing_does_nothing(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    desk.work()
    before = (rows(desk, Passage), rows(desk, IndexLogEntry), len(desk.events("version_read")))
    desk.work()
    readings.read(desk.resources, 987_654)
    assert before == (
        rows(desk, Passage),
        rows(desk, IndexLogEntry),
        len(desk.events("version_read")),
    )
    assert desk.reading(version).attempts == 1


def test_two_workers_with_the_same_message(desk: Desk, item: str) -> None:
    for number in range(5):
        version = desk.upload("leaver", ToItem(item), f"{number} {TEXT}", f"{number}.txt")
        reading_id = desk.reading(version).id
        threads = [
            threading.Thread(target=readings.read, args=(desk.resources, reading_id))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert desk.reading(version).state is ReadingState.FINDABLE
        assert desk.reading(version).attempts == 1
    assert len(desk.events("version_read")) == 5
    with desk.resources.read() as uow:
        sequences = uow.session.scalars(select(IndexLogEntry.sequence)).all()
    assert sorted(sequences) == [1, 2, 3, 4, 5]


FAILING: dict[str, tuple[bytes, str, str]] = {
    "no kind we know": (bytes(range(256)) * 20, "blob.bin", "unsupported_type"),
    "blank": (b" \n\n \n", "blank.txt", "no_text"),
    "not really pdf": (b"%PDF-1.7\n1 0 obj\nrubbish", "a.pdf", "corrupt"),
    "not really docx": (
        b"PK\x03\x04" + b"[Content_Types].xml word/" + b"\0" * 50,
        "a.docx",
        "corrupt",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_says_why(desk: Desk, item: str, name: str) -> None:
    content, filename, code = FAILING[name]
    version = desk.upload("leaver", ToItem(item), content, filename)
    desk.work()
    reading = desk.reading(version)
    assert reading.state is ReadingState.FAILED
    assert reading.reason is not None
    assert reading.reason["code"] == code
    assert reading_words.message(reading)
    (event,) = desk.events("reading_failed")
    assert event.facts["reason"] == code
    assert rows(desk, Passage) == rows(desk, IndexLogEntry) == 0


@pytest.mark.parametrize("loss", ["missing", "changed"])
def test_damage_in_the_store_is_not_read_as_if_it_were_the_file(
    desk: Desk, item: str, loss: str
) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    store = desk.resources.store
    (digest,) = store.digests()
    with store.local_path(digest) as path:
        path.chmod(0o644)
        path.unlink() if loss == "missing" else path.write_text("another text")
    desk.work()
    reading = desk.reading(version)
    assert reading.state is ReadingState.FAILED
    assert reading.reason == {"code": "file_damaged", "facts": {}}
    assert "damaged" in reading_words.message(reading)


def test_every_notice_has_words() -> None:
    assert set(reading_words.NOTICES) >= set(NOTICE_FACTS)
    for code, names in NOTICE_FACTS.items():
        facts = dict.fromkeys(names, 3)
        words = reading_words.notice({"code": code, "facts": facts})
        assert words
        assert words != code
        assert "%(" not in words
        assert "?" not in words
        assert reading_words.notice({"code": code})


class Faulty:
    """The real model until it is asked for the `at`-th time; then it raises."""

    def __init__(self, encoder: Encoder, error: BaseException, at: int = 1) -> None:
        self.encoder, self.error, self.left = encoder, error, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)

    def encode_passages(self, texts: list[str]) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.encoder.encode_passages(texts)


def set_encoder(desk: Desk, encoder: Any) -> None:
    desk.resources._encoder = encoder


def test_a_fault_counts_as_an_attempt_and_after_three_the_reading_has_failed(
    desk: Desk, item: str, encoder: Encoder
) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    reading_id = desk.reading(version).id
    for attempt in (1, 2, 3):
        set_encoder(desk, Faulty(encoder, ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            readings.read(desk.resources, reading_id)
        assert desk.reading(version).attempts == attempt
        assert desk.reading(version).lease_token is None
    set_encoder(desk, encoder)
    reading = desk.reading(version)
    assert reading.state is ReadingState.FAILED
    assert reading.reason == {"code": "reader_crashed", "facts": {"error": "ZeroDivisionError"}}
    readings.read(desk.resources, reading_id)
    assert desk.reading(version).attempts == 3
    assert len(desk.events("reading_failed")) == 1


def test_a_fault_that_passes_leaves_no_trace(desk: Desk, item: str, encoder: Encoder) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    set_encoder(desk, Faulty(encoder, ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        desk.work()
    assert desk.reading(version).state is ReadingState.EMBEDDING
    desk.work()
    reading = desk.reading(version)
    assert (reading.state, reading.attempts) == (ReadingState.FINDABLE, 2)
    assert len(desk.found("王小姐")) == 1


def test_what_the_file_cannot_help_costs_no_attempt(
    desk: Desk, item: str, encoder: Encoder
) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    for _ in range(5):
        set_encoder(desk, Faulty(encoder, StoreUnreachable("s3://away")))
        with pytest.raises(StoreUnreachable):
            desk.work()
    assert desk.reading(version).attempts == 0
    set_encoder(desk, encoder)
    desk.work()
    assert desk.reading(version).state is ReadingState.FINDABLE


def test_killed_workers_are_counted_too(desk: Desk, item: str) -> None:
    """A killed worker gives nothing back: only its lease passes."""
    version = desk.upload("leaver", ToItem(item), TEXT)
    reading_id = desk.reading(version).id
    for _ in range(reading_leases.ATTEMPTS):
        assert reading_leases.claim(desk.resources, reading_id) is not None
        # While the lease lasts nobody else gets it.
        assert reading_leases.claim(desk.resources, reading_id) is None
        lose_lease(desk)
    assert reading_leases.claim(desk.resources, reading_id) is None
    reading = desk.reading(version)
    assert reading.state is ReadingState.FAILED
    assert reading.reason == {"code": "reader_crashed", "facts": {"error": "killed"}}


@pytest.mark.parametrize("loser", ["other worker", "superseded"])
def test_whoever_has_lost_the_lease_writes_nothing(
    desk: Desk, item: str, encoder: Encoder, loser: str
) -> None:
    """A worker that was merely slow meets one that took over, or a newer reading."""
    version = desk.upload("leaver", ToItem(item), TEXT)
    reading_id = desk.reading(version).id

    class Slow(Faulty):
        def encode_passages(self, texts: list[str]) -> Any:
            if self.left == 1:
                self.left = 0
                lose_lease(desk)
                if loser == "other worker":
                    readings.read(desk.resources, reading_id)
                else:
                    with desk.resources.write() as uow:
                        row = uow.session.scalars(select(Version)).one()
                        readings.queue(uow, row)
            return self.encoder.encode_passages(texts)

    set_encoder(desk, Slow(encoder, ZeroDivisionError()))
    readings.read(desk.resources, reading_id)
    set_encoder(desk, encoder)
    desk.work()
    assert desk.reading(version).state is ReadingState.FINDABLE
    assert len(desk.found("王小姐")) == 1
    assert len(desk.events("version_read")) == 1
    assert rows(desk, IndexLogEntry) == 1
    assert desk.events("reading_failed") == []


def test_the_lease_is_kept_while_the_work_goes_on(desk: Desk, item: str) -> None:
    from tests.platform.processes import wait_for

    version = desk.upload("leaver", ToItem(item), TEXT)
    made = Resources(replace(desk.resources.settings, lease_seconds=1.0), desk.outbox)
    claim = reading_leases.claim(made, desk.reading(version).id)
    assert claim is not None
    first = desk.reading(version).lease_until
    assert first is not None
    with reading_leases.kept(made, claim):
        wait_for(lambda: (desk.reading(version).lease_until or first) > first)
    made.close()


def test_progress_is_seen(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    claim = reading_leases.claim(desk.resources, desk.reading(version).id)
    assert claim is not None
    progress = readings._progress(desk.resources, claim)
    progress(3, 10)
    assert (desk.reading(version).pages_done, desk.reading(version).pages) == (3, 10)
    lose_lease(desk)
    assert reading_leases.claim(desk.resources, claim.reading_id) is not None
    other = readings._progress(desk.resources, claim)
    with pytest.raises(reading_leases.LeaseLost):
        other(4, 10)


def test_a_cancelled_reading_ends_though_its_reader_is_silent(desk: Desk, item: str) -> None:
    from tests.indexing.extraction.makers import docx
    from tests.platform.processes import wait_for

    version = desk.upload("leaver", ToItem(item), docx("<w:p/>" * 6_000_000), "a.docx")
    reader = threading.Thread(
        target=readings.read, args=(desk.resources, desk.reading(version).id), daemon=True
    )
    reader.start()
    wait_for(lambda: desk.reading(version).state is ReadingState.READING)
    with desk.company.acting("leaver") as uow:
        readings.cancel(uow, version)
    reader.join(5)
    assert not reader.is_alive()
    reading = desk.reading(version)
    assert (reading.state, reading.attempts) == (ReadingState.FAILED, 1)
    assert reading.reason == {"code": "reading_cancelled", "facts": {}}


def test_without_a_model_nothing_is_taken(desk: Desk, item: str, tmp_path: Path) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    (tmp_path / "file").write_text("in the way")
    settings = replace(desk.resources.settings, model=str(tmp_path / "file"))
    made = Resources(settings, desk.outbox, desk.resources.clock)
    with pytest.raises(NotReady) as caught:
        readings.read(made, desk.reading(version).id)
    assert caught.value.code == "model_unavailable"
    assert isinstance(caught.value.__cause__, ModelUnavailable)
    assert desk.reading(version).attempts == 0
    made.close()


class Renamed(Faulty):
    """The real model under another name: another model, for all the portal can know."""

    def __init__(self, encoder: Encoder, identity: str) -> None:
        super().__init__(encoder, ZeroDivisionError(), 0)
        self.identity = identity


def test_another_model_waits_for_the_index_to_be_rebuilt(
    desk: Desk, item: str, encoder: Encoder
) -> None:
    desk.upload("leaver", ToItem(item), TEXT)
    desk.work()
    version = desk.upload("leaver", ToItem(item), "后来的文件", "later.txt")
    set_encoder(desk, Renamed(encoder, "another model"))
    desk.work()
    assert len(desk.found("王小姐")) == 1
    assert len(desk.found("后来的文件")) == 1
    reembedding.rebuild(desk.resources)
    assert desk.reading(version).state is ReadingState.FINDABLE
    assert len(desk.found("王小姐")) == 1
    with desk.resources.read() as uow:
        active = uow.session.scalars(select(EmbeddingModel).where(EmbeddingModel.active)).all()
        assert [model.identity for model in active] == ["another model"]


def test_a_model_changed_while_a_reading_is_embedded(
    desk: Desk, item: str, encoder: Encoder
) -> None:
    desk.upload("leaver", ToItem(item), "first")
    desk.work()
    version = desk.upload("leaver", ToItem(item), TEXT)

    class Overtaken(Faulty):
        def encode_passages(self, texts: list[str]) -> Any:
            set_encoder(desk, Renamed(self.encoder, "another model"))
            reembedding.rebuild(desk.resources)
            return self.encoder.encode_passages(texts)

    set_encoder(desk, Overtaken(encoder, ZeroDivisionError()))
    with pytest.raises(NotReady):
        readings.read(desk.resources, desk.reading(version).id)
    assert desk.reading(version).state is ReadingState.EMBEDDING
    desk.work()
    assert desk.reading(version).state is ReadingState.FINDABLE
    assert len(desk.found("王小姐")) == 1


def test_the_same_bytes_are_read_once(desk: Desk, case: str, item: str) -> None:
    first = desk.upload("leaver", ToItem(item), TEXT, "a.txt")
    desk.work()
    second = desk.upload("leaver", ToHandover(case), TEXT, "b.txt")
    third = desk.upload("leaver", ToHandover(case), TEXT, "c.md")
    desk.work()
    one, two, other = (desk.reading(version) for version in (first, second, third))
    assert two.state is ReadingState.FINDABLE
    assert two.seconds == one.seconds
    # The ending decides how a text is read.
    assert other.seconds != one.seconds
    assert other.media_type == "text/markdown"
    with desk.resources.read() as uow:
        found = [
            uow.session.execute(
                select(Passage.ordinal, Passage.text, Passage.first_block, Embedding.vector)
                .join(Embedding, Embedding.passage_id == Passage.id)
                .where(Passage.reading_id == reading.id)
                .order_by(Passage.ordinal)
            ).all()
            for reading in (one, two)
        ]
    assert found[0] == found[1]
    assert len(desk.found("王小姐")) == 3


def test_a_new_title_is_found(desk: Desk, case: str) -> None:
    version = desk.upload("leaver", ToHandover(case), TEXT, "scan0001.txt")
    desk.work()
    assert desk.found("供应商") == []
    form = ChangeForm("供应商名单", Visibility.POSITION, None)
    with desk.company.acting("leaver") as uow:
        documents.change(uow, desk.document(version), form)
    desk.work()
    assert len(desk.found("供应商")) == 1
    assert len(desk.found("王小姐")) == 1
    assert len(desk.events("version_read")) == 1
    # Saving the same again orders nothing.
    jobs = len(desk.outbox.jobs)
    with desk.company.acting("leaver") as uow:
        documents.change(uow, desk.document(version), form)
    assert len(desk.outbox.jobs) == jobs


def test_reading_again(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    with pytest.raises(Refused) as caught, desk.company.acting("leaver") as uow:
        readings.read_again(uow, version)
    assert caught.value.code == "reading_not_finished"
    desk.work()
    first = desk.reading(version).id
    with desk.company.acting("leaver") as uow:
        readings.read_again(uow, version)
    assert desk.reading(version).id != first
    # The text stays findable for nobody twice, before and after.
    desk.work()
    assert len(desk.found("王小姐")) == 1
    with desk.resources.read() as uow:
        both = uow.session.scalars(select(Reading).order_by(Reading.id)).all()
        assert [reading.current for reading in both] == [False, True]
    assert [event.subject for event in desk.events("reading_retried")] == [version]


def test_two_ask_to_read_again_at_the_same_moment(desk: Desk, item: str) -> None:
    from tests.services.test_uploads import race

    version = desk.upload("leaver", ToItem(item), b"\0\1\2", "a.bin")
    desk.work()

    def ask() -> str:
        with desk.company.acting("leaver") as uow:
            readings.read_again(uow, version)
        return "ordered"

    results = race(ask, ask, ask)
    assert sum(result == "ordered" for result in results) == 1
    assert rows(desk, Reading) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leaver", None),
        ("receiver", None),
        ("hr", None),
        ("administrator", None),
        ("colleague", None),
        ("outsider", NotFound),
        ("departed", NotFound),
    ],
)
def test_who_may_have_a_sealed_version_read_again(
    desk: Desk, item: str, name: str, expected: type[Exception] | None
) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    desk.work()
    if expected is None:
        with desk.company.acting(name) as uow:
            readings.read_again(uow, version)
        return
    with pytest.raises((expected, Forbidden)), desk.company.acting(name) as uow:
        readings.read_again(uow, version)


def test_the_state_is_told_to_those_who_may_list_it(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    with desk.company.looking("leaver") as uow:
        state = readings.state(uow, version)
        assert state is not None
        assert state.state is ReadingState.QUEUED
    for name in ("receiver", "hr", "outsider"):
        with pytest.raises(NotFound), desk.company.looking(name) as uow:
            readings.state(uow, version)


@pytest.mark.parametrize("sealed_first", [True, False])
def test_a_map_is_wanted_once_sealed_text_is_there(
    desk: Desk, item: str, sealed_first: bool
) -> None:
    desk.upload("leaver", ToItem(item), TEXT)
    position = desk.company.positions["sales"].id

    def seal() -> None:
        with desk.company.acting("leaver") as uow:
            items.submit(uow, item)

    for step in (seal, desk.work) if sealed_first else (desk.work, seal):
        desk.outbox.jobs[:] = [job for job in desk.outbox.jobs if job.name != "build_map"]
        with desk.resources.write() as uow:
            uow.session.get_one(Position, position).map_wanted_at = None
        step()
    # Whatever came last has ordered the map.
    assert desk.outbox.named("build_map") == [position]
    with desk.resources.read() as uow:
        assert uow.session.get_one(Position, position).map_wanted_at is not None


def test_a_draft_orders_no_map(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item), TEXT)
    desk.work()
    assert desk.outbox.named("build_map") == []


def test_versions_have_one_current_reading_each(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), TEXT)
    desk.upload("leaver", ToDocument(desk.document(version)), "second")
    desk.work()
    with desk.resources.read() as uow:
        found = uow.session.execute(
            select(Reading.version_id, func.count())
            .where(Reading.current)
            .group_by(Reading.version_id)
        ).all()
    assert [count for _, count in found] == [1, 1]
    with desk.resources.read() as uow:
        assert all(reading.state in FINISHED for reading in uow.session.scalars(select(Reading)))
        assert uow.session.scalar(select(func.count()).select_from(Document)) == 1


def test_limits_come_from_the_settings(desk: Desk) -> None:
    settings = replace(
        desk.resources.settings,
        reading_seconds=7.0,
        reading_seconds_per_page=0.5,
        reading_memory_bytes=2**29,
    )
    limits = readings.limits_of(Resources(settings, desk.outbox))
    assert (limits.seconds, limits.seconds_per_page, limits.memory_bytes) == (7.0, 0.5, 2**29)


def test_facts_copied_from_a_twin_are_those_of_an_extraction() -> None:
    from portal.services.reading_text import FACTS

    columns = set(Reading.__table__.columns.keys())
    assert set(FACTS) <= columns
    assert set(Extraction.__dataclass_fields__) & columns <= set(FACTS)
