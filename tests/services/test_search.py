"""Search: what is found, by whom, with which filters, and what is never counted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from indexing.marking import Fragment
from indexing.model_unavailable import ModelUnavailable
from portal.errors import Forbidden
from portal.models import (
    Assignment,
    EmbeddingModel,
    Handover,
    HandoverReceiver,
    HandoverState,
    Passage,
    Person,
    Reading,
    ReadingState,
    Visibility,
)
from portal.resources import Resources
from portal.services import documents, items, search_scope, suggesting
from portal.services.search import PAGE
from portal.services.search_scope import SearchForm
from portal.services.uploads import ToHandover, ToItem
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library

EVERYBODY = ("leaver", "receiver", "colleague", "head", "chief", "neighbour", "outsider", "hr")


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    return Library(desk, case)


def marked(fragments: list[Fragment]) -> list[str]:
    return [part.text for part in fragments if part.marked]


QUESTIONS: tuple[tuple[str, str, set[str], tuple[str, ...] | None], ...] = (
    ("什么时候不要给王小姐打电话？", "客户", {"王小姐", "打电话"}, ("客户档案", "沟通记录")),
    ("对账单", "客户", {"对账单"}, ("客户档案", "对账")),
    ("對賬單", "客户", {"对账单"}, ("客户档案", "对账")),
    ("crm2041", "客户", {"CRM-2041"}, ("客户档案", "对账")),
    ("wang xiaojie", "客户", {"王小姐"}, ("客户档案", "沟通记录")),
    ("王晓姐", "客户", {"王小姐"}, ("客户档案", "沟通记录")),
    ("restrat the queue", "servers", {"restart", "queue"}, None),
    ("账", "客户", {"账"}, ("客户档案", "对账")),
    ("how do I restart the mail servers", "servers", {"restart"}, None),
    ("when are databases copied", "servers", {"databases", "copied"}, None),
    ('"second site"', "servers", {"second", "site"}, ("Server handbook", "Backups")),
)


def test_a_question_leads_to_the_passage(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")
    for query, title, words, path in QUESTIONS:
        found = library.search("receiver", query)
        hit = found.hits[0]
        assert hit.document.title == title, query
        assert words <= set(marked(hit.excerpt)), hit.excerpt
        assert "".join(part.text for part in hit.excerpt).strip("… ") in hit.passage.text
        assert path is None or hit.place.heading_path == path, query
        assert (hit.author.name, hit.handover.position.name) == ("李 离职", "销售经理")
        assert (hit.version.number, hit.newer) == (1, None)
        assert (found.by_words, found.by_meaning) == (False, False), query


def test_languages_find_each_other_and_it_is_said_that_no_word_matches(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")
    for query, title in (
        ("怎么重启邮件服务器", "servers"),
        ("when should I not phone Ms Wang", "客户"),
    ):
        found = library.search("receiver", query)
        assert found.hits[0].document.title == title, query
        assert found.by_meaning, query


def test_nothing_asked_finds_nothing_and_says_what_there_is(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    for query in ("", "   ", "\t\n", "\x00\x07", "\u3000"):
        found = library.search("receiver", query)
        assert (found.hits, found.total, found.readable) == ([], 0, 1)
        assert [choice.label for choice in found.facets.positions.listed] == ["销售经理"]
        assert (found.by_words, found.by_meaning) == (False, False)


STRANGE = (
    "？！…",
    '"',
    '"" "对账',
    "“”",
    "a" * 5000,
    "对账" * 3000,
    "\x00对账\x1b[31m",
    "%_\\",
    "' OR 1=1 --",
    "AND OR NOT (",
    "title:* reading:[0 TO 9]",
    "\ud800对账",
    "🙂",
    "对账 " * 400,
)


def test_no_text_brings_search_down(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    for query in STRANGE:
        found = library.search("receiver", query)
        assert found.total == len(found.hits) <= 1, query
        with library.desk.company.looking("receiver") as uow:
            assert isinstance(suggesting.suggestions(uow, query), list), query


SEES = {
    Visibility.RECEIVERS: {"leaver", "receiver", "head", "chief"},
    Visibility.POSITION: {"leaver", "receiver", "head", "chief", "colleague"},
    Visibility.DEPARTMENT: {"leaver", "receiver", "head", "chief", "colleague", "neighbour"},
    Visibility.COMPANY: set(EVERYBODY),
}


@pytest.mark.parametrize("visibility", list(Visibility))
def test_who_finds_counts_and_is_suggested_what(library: Library, visibility: Visibility) -> None:
    library.add(CLIENTS, "客户.md", visibility)
    found = {name: library.search(name, "对账单") for name in EVERYBODY}
    assert {name for name, each in found.items() if each.total} == SEES[visibility]
    assert {name for name, each in found.items() if each.readable} == SEES[visibility]
    counted = {
        name
        for name, each in found.items()
        if each.facets.positions.listed or each.facets.kinds.listed or each.facets.people.listed
    }
    assert counted == SEES[visibility]
    told = set()
    for name in EVERYBODY:
        with library.desk.company.looking(name) as uow:
            if suggesting.suggestions(uow, "客户") or suggesting.examples(uow):
                told.add(name)
    assert told == SEES[visibility]


def test_a_draft_is_found_by_its_owner_alone(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md", Visibility.COMPANY, sealed=False)
    assert [name for name in EVERYBODY if library.search(name, "对账单").readable] == ["leaver"]
    hit = library.search("leaver", "对账单").hits[0]
    assert hit.version.sealed_at is None
    with library.desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, library.desk.document(version))
    assert library.titles("receiver", "对账单") == ["客户"]


def test_a_removed_draft_is_gone(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md", sealed=False)
    assert library.titles("leaver", "对账单") == ["客户"]
    with library.desk.company.acting("leaver") as uow:
        documents.remove(uow, library.desk.document(version))
    found = library.search("leaver", "对账单")
    assert (found.total, found.readable, found.facets.people.listed) == (0, 0, ())
    with library.desk.company.acting("leaver") as uow:
        documents.restore(uow, library.desk.document(version))
    assert library.titles("leaver", "对账单") == ["客户"]


def test_rights_removed_a_second_ago_no_longer_hold(library: Library) -> None:
    library.add(CLIENTS, "客户.md", Visibility.RECEIVERS)
    assert library.titles("receiver", "对账单") == ["客户"]
    with library.desk.resources.write() as uow:
        uow.session.execute(delete(HandoverReceiver))
    found = library.search("receiver", "对账单")
    assert (found.total, found.readable, found.facets.kinds.listed) == (0, 0, ())


def test_rights_end_with_the_assignment(library: Library) -> None:
    library.add(CLIENTS, "客户.md", Visibility.COMPANY)
    assert library.titles("colleague", "对账单") == ["客户"]
    with library.desk.resources.write() as uow:
        uow.session.execute(
            update(Assignment)
            .where(Assignment.person_id == library.desk.company.colleague.id)
            .values(ends_on=date(2026, 2, 1))
        )
    with library.desk.company.looking("colleague") as uow, pytest.raises(Forbidden):
        suggesting.suggestions(uow, "客户")
    with pytest.raises(Forbidden):
        library.search("colleague", "对账单")


def test_a_cancelled_case_stays_with_those_who_had_a_part_in_it(library: Library) -> None:
    library.add(CLIENTS, "客户.md", Visibility.COMPANY)
    with library.desk.resources.write() as uow:
        handover = uow.session.scalars(select(Handover)).one()
        handover.state = HandoverState.CANCELLED
        handover.closed_at = uow.resources.clock()
        handover.closed_by_id = library.desk.company.hr.id
    finders = {name for name in EVERYBODY if library.search(name, "对账单").readable}
    assert finders == SEES[Visibility.RECEIVERS]


def test_hidden_documents_push_nothing_off_the_page(library: Library) -> None:
    """The filter is inside: what is hidden would otherwise fill the depth of the search."""
    for number in range(12):
        text = f"# 对账\n\n对账单 对账单 对账单，第{number}份。\n"
        library.add(text, f"hidden {number}.md", Visibility.RECEIVERS)
    library.add("# 其他\n\n偶尔也会提到对账。\n", "open.md", Visibility.COMPANY)
    found = library.search("outsider", "对账单")
    assert [hit.document.title for hit in found.hits] == ["open"]
    assert (found.total, found.readable) == (1, 1)


FILTERS: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {"客户", "servers", "page", "other"}),
    ({"position": "sales"}, {"客户", "servers", "page"}),
    ({"position": "engineer"}, {"other"}),
    ({"position": "nowhere"}, set()),
    ({"position": "sales", "kind": "text"}, {"客户", "servers"}),
    ({"kind": "web"}, {"page"}),
    ({"handover": "first"}, {"客户", "servers", "page"}),
    ({"handover": "second"}, {"other"}),
    ({"handover": "nowhere"}, set()),
    ({"language": "zh"}, {"客户", "page"}),
    ({"language": "en"}, {"servers", "other"}),
    ({"language": "klingon"}, set()),
    ({"language": "zh", "handover": "second"}, set()),
    ({"kind": "pdf"}, set()),
    ({"kind": "other"}, set()),
    ({"kind": "nonsense"}, set()),
    ({"person": "leaver"}, {"客户", "servers", "page"}),
    ({"person": "outsider"}, {"other"}),
    ({"person": "receiver"}, set()),
    ({"after": date(2026, 3, 3)}, {"servers", "page", "other"}),
    ({"before": date(2026, 3, 2)}, {"客户"}),
    ({"after": date(2026, 3, 2), "before": date(2026, 3, 2)}, {"客户"}),
    ({"after": date(2026, 3, 4), "before": date(2026, 3, 3)}, set()),
    ({"after": date.min, "before": date.max}, {"客户", "servers", "page", "other"}),
    ({"before": date.min}, set()),
    ({"after": date.max}, set()),
)


def engineers_case(library: Library) -> str:
    """A case of another position, of somebody else."""
    people, positions = library.desk.company.people, library.desk.company.positions
    with library.desk.resources.write() as uow:
        first = uow.session.scalars(select(Handover)).one()
        case = Handover(
            leaver_id=people["outsider"].id,
            position_id=positions["engineer"].id,
            head_id=people["chief"].id,
            blueprint_id=first.blueprint_id,
            last_day=first.last_day,
            started_by_id=people["hr"].id,
        )
        uow.session.add(case)
        uow.session.flush()
        return case.public_id


def test_filters_and_their_counts(library: Library) -> None:
    company, clock = library.desk.company, library.desk.resources.clock
    library.add(CLIENTS, "客户.md", Visibility.COMPANY)
    # 16:30 UTC is the next day where the company is: a filter by day means the company's days.
    clock.now = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # type: ignore[attr-defined]
    library.add(SERVERS, "servers.md", Visibility.COMPANY)
    library.add("<h1>对账</h1><p>客户的网页</p>", "page.html", Visibility.COMPANY)
    second = engineers_case(library)
    deploying = "Deploying, in the words of the sales people 对账\n"
    library.add(deploying, "other.txt", target=ToHandover(second), who="outsider")
    ids = {
        "handover": {"first": library.case, "second": second},
        "position": {key: row.public_id for key, row in company.positions.items()},
        "person": {key: row.public_id for key, row in company.people.items()},
    }
    for filters, titles in FILTERS:
        wanted = {
            key: ids[key].get(value, value) if key in ids else value
            for key, value in filters.items()
        }
        found = library.search("chief", "对账", **wanted)
        assert {hit.document.title for hit in found.hits} == titles, filters
        assert found.readable == 4
        # The count of a choice is what one gets by choosing it.
        offered = {
            "position": found.facets.positions.listed,
            "handover": found.facets.handovers.listed,
            "language": found.facets.languages.listed,
            "kind": found.facets.kinds.listed,
            "person": found.facets.people.listed,
        }
        for name, choices in offered.items():
            for choice in choices:
                again = library.search("chief", "对账", **{**wanted, name: choice.value})
                assert again.total == choice.count, (filters, name, choice)


def test_what_a_successor_accepted_can_be_asked_for_alone(library: Library) -> None:
    company = library.desk.company
    item = company.item(library.case, "clients")
    library.add(CLIENTS, "客户.md", sealed=False, target=ToItem(item))
    library.add(SERVERS.replace("Backups", "对账单"), "servers.md")
    with company.acting("leaver") as uow:
        items.submit(uow, item)

    def verified() -> tuple[list[str], int, list[bool]]:
        found = library.search("receiver", "对账单", verified=True)
        every = library.search("receiver", "对账单").hits
        titles = [hit.document.title for hit in found.hits]
        marks = [hit.verified for hit in every if hit.document.title == "客户"]
        return titles, found.facets.verified, marks

    assert verified() == ([], 0, [False])
    with company.acting("receiver") as uow:
        items.accept(uow, item)
    assert verified() == (["客户"], 1, [True])
    # Accepted too early and returned: what was sealed is no longer what the successor accepted.
    with company.acting("receiver") as uow:
        items.send_back(uow, item, "one client is missing")
    assert verified() == ([], 0, [False])
    assert library.search("outsider", "对账单", verified=True).facets.verified == 0


def test_a_newer_version_stands_for_its_document(library: Library) -> None:
    first = library.add(CLIENTS, "客户.md")
    library.correct(first, CLIENTS.replace("五日", "十日"), "客户.md")
    found = library.search("receiver", "对账单什么时候寄给客户")
    assert found.total == 1
    assert found.hits[0].version.number == 2
    assert "十日" in found.hits[0].passage.text
    assert found.hits[0].newer is None


def test_what_only_an_older_version_holds_is_found_with_a_word_of_the_newer(
    library: Library,
) -> None:
    first = library.add(CLIENTS, "客户.md")
    library.correct(first, "# 名单\n\n新的负责人是周先生。\n", "客户.md")
    hit = library.search("receiver", "CRM-2041 对账单").hits[0]
    assert hit.version.number == 1
    assert hit.newer is not None
    assert hit.newer.number == 2


def test_a_newer_draft_is_no_secret_to_its_owner_alone(library: Library) -> None:
    first = library.add(CLIENTS, "客户.md")
    library.correct(first, "# 名单\n\n新的负责人是周先生。\n", "客户.md", sealed=False)
    hit = library.search("leaver", "CRM-2041 对账单").hits[0]
    assert hit.newer is not None
    assert hit.newer.number == 2
    assert library.search("receiver", "CRM-2041 对账单").hits[0].newer is None
    assert library.search("receiver", "周先生").hits[0].version.number == 1


def test_one_document_is_one_hit_and_tells_of_its_other_passages(library: Library) -> None:
    sections = "\n".join(
        f"## 第{number}节\n\n合同编号和合同期限，{number}。\n" for number in range(4)
    )
    library.add(f"# 合同\n\n{sections}", "合同.md")
    library.add(SERVERS, "servers.md")
    found = library.search("receiver", "合同期限")
    assert found.total == 2
    assert found.hits[0].document.title == "合同"
    assert found.hits[0].more == 3
    assert found.hits[1].more == 0


def test_pages_of_results(library: Library) -> None:
    for number in range(PAGE + 3):
        library.add(f"# 对账\n\n第{number}份对账单。\n", f"document {number}.md")
    pages = [library.search("receiver", "对账单", page=number) for number in (1, 2, 3, 0, -5)]
    assert [len(page.hits) for page in pages] == [PAGE, 3, 3, PAGE, PAGE]
    assert {page.total for page in pages} == {PAGE + 3}
    assert {page.pages for page in pages} == {2}
    assert [page.page for page in pages] == [1, 2, 2, 1, 1]
    first, second = ([hit.document.id for hit in page.hits] for page in pages[:2])
    assert len(set(first) | set(second)) == PAGE + 3


def test_without_the_model_words_are_compared(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")

    def missing(resources: Resources) -> None:
        raise ModelUnavailable("bundled", "not_loadable", "missing")

    monkeypatch.setattr(Resources, "encoder", property(missing))
    found = library.search("receiver", "对账单")
    assert found.by_words
    assert [hit.document.title for hit in found.hits] == ["客户"]
    nothing = library.search("receiver", "完全无关")
    assert (nothing.hits, nothing.by_words, nothing.by_meaning) == ([], True, False)


def test_without_model_and_without_vectors_there_is_nothing_to_search_and_no_error(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(resources: Resources) -> None:
        raise ModelUnavailable("bundled", "not_loadable", "missing")

    monkeypatch.setattr(Resources, "encoder", property(missing))
    assert library.search("receiver", "对账单").total == 0


def test_while_the_model_changes_words_are_found(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    with library.desk.resources.write() as uow:
        uow.session.execute(update(EmbeddingModel).values(identity="another model"))
    found = library.search("receiver", "对账单")
    assert found.by_words
    assert [hit.document.title for hit in found.hits] == ["客户"]


def test_rows_deleted_meanwhile_are_dropped(library: Library) -> None:
    """The index still holds the passage of a reading that is no longer the one that counts."""
    version = library.add(CLIENTS, "客户.md")
    assert library.titles("receiver", "对账单") == ["客户"]
    reading = library.desk.reading(version)
    with library.desk.resources.write() as uow:
        uow.session.execute(
            update(Reading).where(Reading.id == reading.id).values(state=ReadingState.FAILED)
        )
    found = library.search("receiver", "对账单")
    assert (found.total, found.readable, found.facets.kinds.listed) == (0, 0, ())


def test_places_of_rows_are_those_of_hits(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    hit = library.search("receiver", "王小姐").hits[0]
    with library.desk.resources.read() as uow:
        row = uow.session.get_one(Passage, hit.passage.id)
        assert row.place == hit.place.to_json()


SUGGESTED = {
    "对": ["对账"],
    "客户": ["客户", "客户档案"],
    "客戶": ["客户", "客户档案"],
    "ＳＥＲＶＥＲ": ["servers", "Server handbook", "Restarting the mail server"],
    "SERVER": ["servers", "Server handbook", "Restarting the mail server"],
    "backup": ["Backups"],
    "%": [],
    "_": [],
    "\\": [],
    "财务部": [],
    "  ": [],
}


def test_suggestions_are_titles_and_headings(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")
    with library.desk.company.looking("receiver") as uow:
        found = {
            typed: [each.text for each in suggesting.suggestions(uow, typed)] for typed in SUGGESTED
        }
    assert found == SUGGESTED


def test_examples_come_from_several_documents(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")
    library.add("no headings at all", "plain.txt")
    with library.desk.company.looking("receiver") as uow:
        assert suggesting.examples(uow) == ["Restarting the mail server", "沟通记录"]


def test_people_of_the_command_line(library: Library) -> None:
    with library.desk.resources.read() as uow:
        found = search_scope.person_of(uow, " LEAVER@company.example ")
        assert found == library.desk.company.leaver.id
        assert search_scope.person_of(uow, "nobody@company.example") is None
        assert uow.session.get_one(Person, found).email == "leaver@company.example"


def test_a_form_knows_whether_it_narrows() -> None:
    assert not SearchForm("words", page=3).filtered
    assert SearchForm(position="x").filtered
    assert SearchForm(before=date(2026, 1, 1)).filtered
