"""Suggestions: own searches, titles and headings, and nothing of what is not theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from portal.models import Block, FindableChange, HandoverReceiver, Reading, Visibility
from portal.services import searches, suggesting
from portal.services.suggesting import REMEMBERED, SUGGESTIONS
from tests.conftest import Clock
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, Library
from tests.services.test_searches import typed


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    return Library(desk, case)


def suggested(library: Library, who: str, text: str) -> list[tuple[str, str]]:
    with library.desk.company.looking(who) as uow:
        return [(each.text, each.kind.value) for each in suggesting.suggestions(uow, text)]


def test_own_searches_come_first_and_are_nobody_elses(library: Library) -> None:
    company = library.desk.company
    library.add(CLIENTS, "客户.md")
    for text in ("怎么联系客户", "客户的电话", "客户 1", "客户 2", "something else"):
        typed(company, "receiver", text)
    # What begins with it before the rest, the newest first; so many, and then what is to be found.
    assert suggested(library, "receiver", "客戶") == [
        ("客户 2", "history"),
        ("客户 1", "history"),
        ("客户的电话", "history"),
        ("客户", "title"),
        ("客户档案", "heading"),
    ]
    assert REMEMBERED == 3
    assert suggested(library, "receiver", "something else") == [], "it stands in the box already"
    for who in ("colleague", "head", "hr", "administrator"):
        kinds = {kind for _, kind in suggested(library, who, "客户")}
        assert "history" not in kinds, who
    with company.acting("receiver") as uow:
        searches.clear(uow)
    assert suggested(library, "receiver", "something") == []


def test_what_both_are_is_suggested_once(library: Library) -> None:
    library.add("# 客户\n\n## 客户\n\n客户。\n", "客户.md")
    typed(library.desk.company, "receiver", "客户")
    assert suggested(library, "receiver", "客") == [("客户", "history")]
    assert suggested(library, "colleague", "客") == [("客户", "title")]


def test_traditional_and_simplified_suggest_each_other(library: Library) -> None:
    library.add("# 客戶檔案\n\n## 對賬\n\n內容。\n", "繁體.md")
    assert suggested(library, "receiver", "对账") == [("對賬", "heading")]
    assert suggested(library, "receiver", "客户档") == [("客戶檔案", "heading")]
    assert suggested(library, "receiver", "繁体") == [("繁體", "title")]


def test_there_are_few_and_the_shortest_of_many(library: Library) -> None:
    sections = "\n".join(f"## 备份 {'x' * number}\n\n第 {number} 节。\n" for number in range(1, 14))
    library.add(f"# 手册\n\n{sections}", "手册.md")
    found = [text for text, _ in suggested(library, "receiver", "备份")]
    assert found == [f"备份 {'x' * number}" for number in range(1, SUGGESTIONS + 1)]


def test_what_was_suggested_a_second_ago_is_gone_with_the_right(library: Library) -> None:
    library.add(CLIENTS, "客户.md", Visibility.RECEIVERS)
    assert suggested(library, "receiver", "沟通") == [("沟通记录", "heading")]
    # The process knows the headings now; whose they may be is asked each time.
    assert suggested(library, "colleague", "沟通") == []
    with library.desk.resources.write() as uow:
        uow.session.execute(delete(HandoverReceiver))
    assert suggested(library, "receiver", "沟通") == []
    draft = library.add(
        CLIENTS.replace("沟通", "秘密"), "秘密.md", Visibility.COMPANY, sealed=False
    )
    for who in ("receiver", "head", "hr", "outsider"):
        assert suggested(library, who, "秘密") == []
    assert suggested(library, "leaver", "秘密") == [("秘密", "title"), ("秘密记录", "heading")]
    assert library.row(draft).sealed_at is None


def test_a_database_restored_under_the_process_suggests_its_own_headings(
    library: Library, clock: Clock
) -> None:
    """It gives the id of a reading to another text, which ends at another time."""
    library.add(CLIENTS, "客户.md")
    assert suggested(library, "receiver", "沟通") == [("沟通记录", "heading")]
    clock.move(minutes=1)
    with library.desk.resources.write() as uow:
        of_one = uow.session.scalars(select(Block).where(Block.text == "沟通记录")).one()
        of_one.text = "出差报销"
        reading = uow.session.get_one(Reading, of_one.reading_id)
        reading.finished_at = uow.resources.clock()
        uow.session.add(FindableChange(mark=7))
    assert suggested(library, "receiver", "沟通") == []
    assert suggested(library, "receiver", "出差") == [("出差报销", "heading")]
