"""Near-duplicates: told to whom may read the other one, and in nobody's way."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from indexing.likeness import digest
from portal.models import Document, Handover, Passage, Reading, Version
from portal.services import documents, likeness
from portal.services.uploads import ToDocument, ToHandover, ToItem
from tests.services.conftest import Desk

CHAPTERS = [f"第 {n} 家客户每月第 {n} 个工作日拜访，联系 No. {n}。" for n in range(22)]


def word(chapters: list[str]) -> bytes:
    """A file of Word, a heading and a paragraph for each chapter."""
    made = docx.Document()
    for number, text in enumerate(chapters):
        made.add_heading(f"客户 {number}", 1)
        made.add_paragraph(text)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(count: int) -> list[str]:
    return [f"{text}已更新。" if n < count else text for n, text in enumerate(CHAPTERS)]


def told(desk: Desk, who: str, case: str) -> dict[str, tuple[str, int]]:
    """What is told beside the newest version of each document: by file name, title and share."""
    with desk.company.looking(who) as uow:
        handover = uow.session.query(Handover).filter(Handover.public_id == case).one()
        return {
            line.newest.version.filename: (
                line.newest.alike.version.filename,
                line.newest.alike.percent,
            )
            for line in documents.lines(uow, handover)
            if line.newest.alike is not None
        }


def test_nearly_the_same_file_is_pointed_out(desk: Desk, case: str) -> None:
    desk.upload("leaver", ToHandover(case), word(CHAPTERS), "客户.docx")
    desk.work()
    desk.upload("leaver", ToHandover(case), word(changed(1)), "客户-改.docx")
    desk.upload("leaver", ToHandover(case), word(changed(4)), "客户-新.docx")
    desk.work()
    assert told(desk, "leaver", case) == {"客户-改.docx": ("客户.docx", 95)}


def test_the_same_text_in_another_kind_of_file(desk: Desk, case: str) -> None:
    text = "# 客户\n\n每月拜访 A 公司。\n\n# 订单\n\n三张未完成。\n"
    desk.upload("leaver", ToHandover(case), text, "a.md")
    desk.work()
    desk.upload("leaver", ToHandover(case), text.replace("A 公司", "Ａ公司"), "b.md")
    desk.work()
    assert told(desk, "leaver", case) == {"b.md": ("a.md", 100)}


def test_a_newer_version_is_no_duplicate_of_its_own_document(desk: Desk, case: str) -> None:
    version = desk.upload("leaver", ToHandover(case), word(CHAPTERS), "客户.docx")
    desk.work()
    desk.upload("leaver", ToDocument(desk.document(version)), word(changed(1)), "客户.docx")
    desk.work()
    assert told(desk, "leaver", case) == {}


def test_a_removed_one_is_not_told_of(desk: Desk, case: str) -> None:
    version = desk.upload("leaver", ToHandover(case), word(CHAPTERS), "客户.docx")
    desk.work()
    desk.upload("leaver", ToHandover(case), word(changed(1)), "改.docx")
    desk.work()
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, desk.document(version))
    assert told(desk, "leaver", case) == {}


def test_sealed_ones_of_the_position_are_told_to_those_who_may_read_them(
    desk: Desk, case: str
) -> None:
    version = desk.upload("leaver", ToHandover(case), word(CHAPTERS), "客户.docx")
    desk.work()
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(version))
    second = desk.company.handover(leaver="colleague")
    copy = desk.upload("colleague", ToItem(desk.company.item(second, "clients")), word(changed(1)))
    desk.work()
    assert told(desk, "colleague", second) == {"记录.txt": ("客户.docx", 95)}
    # Were it for the receivers alone, the colleague would not hear of it.
    with desk.resources.write() as uow:
        document = uow.session.query(Document).filter(Document.public_id == desk.document(version))
        document.update({Document.visibility: "receivers"})
    assert told(desk, "colleague", second) == {}
    with desk.company.acting("colleague") as uow:
        documents.remove(uow, desk.document(copy))


def test_a_draft_is_told_of_to_its_owner_alone(desk: Desk, case: str) -> None:
    desk.upload("leaver", ToHandover(case), word(CHAPTERS), "客户.docx")
    desk.work()
    version = desk.upload("leaver", ToHandover(case), word(changed(1)), "改.docx")
    desk.work()
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(version))
    assert told(desk, "leaver", case) == {"改.docx": ("客户.docx", 95)}
    assert told(desk, "receiver", case) == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("每月拜访 A 公司。", "每月拜访Ａ公司。", True),
        ("Visit\nthe  client", "visit the client", True),
        ("Visit client 12", "Visit client 13", False),
    ],
)
def test_a_digest_is_of_the_words(one: str, other: str, same: bool) -> None:
    assert (digest(one) == digest(other)) is same
    assert -(2**63) <= digest(one) < 2**63


def test_among_many_passages_only_its_own_are_asked_for_by_the_index(
    desk: Desk, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many statements as its own digests take, each served by the index of digests."""
    monkeypatch.setattr(likeness, "AT_ONCE", 2)
    versions = [desk.upload("leaver", ToHandover(case), f"# {n}\n\n{n}", f"{n}.md") for n in (1, 2)]
    desk.work()
    other, one = (desk.reading(version).id for version in versions)
    row = {"kind": "paragraph", "text": "", "embedding_text": "", "first_block": 0, "last_block": 0}
    rows = [
        {**row, "reading_id": reading, "ordinal": 10 + n, "digest": n}
        for reading, count in ((other, 300), (one, 39))
        for n in range(count)
    ]
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        if "passages.digest IN" in statement:
            asked.append((statement, values))

    engine = desk.resources.engine
    with desk.resources.write() as uow:
        uow.session.execute(insert(Passage), rows)
    with desk.resources.write() as uow:
        reading = uow.session.get_one(Reading, one)
        event.listen(engine, "before_cursor_execute", note)
        try:
            likeness.look(uow, reading)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        # All but the one that was read from the file.
        first = uow.session.query(Version).filter(Version.public_id == versions[0]).one()
        assert reading.alike == [{"version": first.id, "percent": 97}]
        assert len(asked) == 20
        assert "ix_passages_digest" in plan(uow.session, *asked[0])


def plan(session: Session, statement: str, values: Any) -> str:
    """How the database would answer it, were the table too large to be read through."""
    connection = session.connection()
    word = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        word = "EXPLAIN"
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    rows = connection.exec_driver_sql(f"{word} {statement}", values)
    return str(rows.all())
