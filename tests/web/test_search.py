"""The search page: what it shows of what was found, what it offers, and who is turned away."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from indexing.model_unavailable import ModelUnavailable
from portal.models import EmbeddingModel, Visibility
from portal.resources import Resources
from tests.services.library import CLIENTS, SERVERS, Library
from tests.web.acting import Office, main_of, statuses, text_of

SEARCH = "/search"


def hits_of(page: str) -> list[str]:
    return re.findall(r'<li class="hit".*?</li>\s*(?=<li class="hit"|</ol>)', page, flags=re.S)


def test_a_hit_says_where_from_whom_and_when(office: Office, library: Library) -> None:
    # Before midnight in UTC, the next day where the company is.
    library.desk.resources.clock.now = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # type: ignore[attr-defined]
    version = library.add(CLIENTS, "客户.md")
    answer = office.get("receiver", SEARCH, query_string={"q": "对账单"})
    assert answer.status_code == 200
    (hit,) = hits_of(main_of(answer))
    for fact in ("客户", "客户档案 › 对账", "version 1", "销售经理", "李 离职", "Mar 3, 2026"):
        assert fact in hit, fact
    assert "<mark>对账单</mark>" in hit
    link = re.search(r'<h3><a href="([^"]+)"', hit)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    assert address.startswith(f"/versions/{version}?passage=")
    assert "is-target" in main_of(office.get("receiver", address))


def test_what_documents_hold_is_text_and_never_markup(office: Office, library: Library) -> None:
    evil = "<script>alert(1)</script> & <b>对账</b> {{ 7777*7777 }}"
    library.add(f"# {evil}\n\n对账 {evil}\n", f"x{evil.replace('/', '')}.md")
    page = main_of(office.get("receiver", SEARCH, query_string={"q": '对账 "><script>'}))
    assert "<script" not in page
    assert "<b>" not in page
    assert "60481729" not in page
    assert "&lt;script&gt;" in page
    start = main_of(office.get("receiver", SEARCH))
    assert "<script" not in start


def test_the_empty_page_offers_examples_of_own_documents(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    page = main_of(office.get("receiver", SEARCH))
    assert "You can search 1 document." in page
    assert "沟通记录" in page
    outside = main_of(office.get("outsider", SEARCH))
    assert "沟通记录" not in outside
    assert "There is no document yet that you may read." in outside
    assert "Narrow down" not in outside


def test_nothing_fits_is_said_and_what_to_do(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    filtered = {"q": "对账单", "type": "pdf"}
    page = main_of(office.get("receiver", SEARCH, query_string=filtered))
    assert "Nothing in the handed-over documents fits." in page
    assert "Search without the filters" in page
    hidden = main_of(office.get("outsider", SEARCH, query_string={"q": "对账单"}))
    assert "There is no document yet that you may read." in hidden


def test_meaning_without_words_is_told(office: Office, library: Library) -> None:
    library.add(SERVERS, "servers.md")
    page = main_of(office.get("receiver", SEARCH, query_string={"q": "怎么重启邮件服务器"}))
    assert "None of your words stands in these documents." in page
    library.add(CLIENTS.replace("对账", "重启"), "客户.md")
    page = main_of(office.get("receiver", SEARCH, query_string={"q": "怎么重启"}))
    assert "None of your words" not in page
    assert page.count("similar in meaning, without your words") == 1


def test_an_older_version_is_never_shown_as_if_it_were_the_newest(
    office: Office, library: Library
) -> None:
    first = library.add(CLIENTS, "客户.md")
    newer = library.correct(first, "# 名单\n\n新的负责人是周先生。\n", "客户.md")
    page = main_of(office.get("receiver", SEARCH, query_string={"q": "CRM-2041 对账单"}))
    (hit,) = hits_of(page)
    assert "A newer version exists:" in hit
    assert f'href="/versions/{newer}"' in hit


def test_a_draft_is_marked_for_its_owner(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md", sealed=False)
    page = main_of(office.get("leaver", SEARCH, query_string={"q": "对账单"}))
    assert "your draft" in page
    assert not hits_of(main_of(office.get("receiver", SEARCH, query_string={"q": "对账单"})))


def test_filters_keep_the_question_and_pages_keep_the_filters(
    office: Office, library: Library
) -> None:
    for number in range(11):
        library.add(f"# 对账\n\n第{number}份对账单。\n", f"document {number}.md")
    library.add("<p>对账单</p>", "page.html")
    company = library.desk.company
    wanted = {
        "q": "对账单",
        "type": "text",
        "position": company.positions["sales"].public_id,
        "person": company.leaver.public_id,
        "after": "2026-03-01",
        "before": "2026-03-31",
    }
    page = main_of(office.get("receiver", SEARCH, query_string=wanted))
    assert "11 documents with their best passage, the best first" in page
    assert len(hits_of(page)) == 10
    assert '<option value="text" selected>text (11)' in page
    assert '<option value="web">web page (1)' in page
    second = re.search(r'rel="next" href="([^"]+)"', page)
    assert second is not None
    for name in wanted:
        assert f"{name}=" in second[1]
    following = main_of(office.get("receiver", second[1].replace("&amp;", "&")))
    assert len(hits_of(following)) == 1
    # A page there is not, shows the last one.
    assert len(hits_of(main_of(office.get("receiver", f"{SEARCH}?q=对账单&page=999999")))) == 2


@pytest.mark.parametrize(
    "query",
    [
        "q=",
        "q=%00",
        "q=%ff%fe",
        "q=" + "x" * 4000,
        "q=a&page=0",
        "q=a&page=-1",
        "q=a&page=x",
        "q=a&page=99999999999999999999999",
        "q=a&position=%00&type=%00&person=%00",
        "q=a&position=%27%20OR%201=1",
        "q=a&after=nonsense&before=2026-02-30",
        "q=a&after=0001-01-01&before=9999-12-31",
        "q=a&q=b&type=pdf&type=word",
    ],
)
def test_every_address_is_answered(office: Office, library: Library, query: str) -> None:
    assert office.get("receiver", f"{SEARCH}?{query}").status_code == 200
    assert office.get("receiver", f"/search/suggestions?{query}").status_code == 200


def test_suggestions_are_json_for_scripts(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    found = office.get("receiver", "/search/suggestions?q=客户").json
    title, heading = {"text": "客户", "kind": "title"}, {"text": "客户档案", "kind": "heading"}
    assert found == {"suggestions": [title, heading]}
    assert office.get("outsider", "/search/suggestions?q=客户").json == {"suggestions": []}
    assert office.get("receiver", "/search/suggestions").json == {"suggestions": []}


def test_who_gets_in(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md", Visibility.COMPANY)
    who = {"receiver": 200, "outsider": 200, "hr": 200, "departed": 403, "visitor": 302}
    for address in (f"{SEARCH}?q=对账", SEARCH, "/search/suggestions?q=对账"):
        with statuses(who) as found:
            for name in who:
                answer = office.get(name, address)
                found[name] = answer.status_code
                if name in ("departed", "visitor"):
                    assert "客户" not in text_of(answer)


def test_without_the_model_the_page_works_by_words(
    office: Office, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(CLIENTS, "客户.md")

    def missing(resources: Resources) -> None:
        raise ModelUnavailable("bundled", "not_loadable", "missing")

    monkeypatch.setattr(Resources, "encoder", property(missing))
    page = main_of(office.get("receiver", SEARCH, query_string={"q": "对账单"}))
    assert "Only words were compared." in page
    assert len(hits_of(page)) == 1
    nothing = main_of(office.get("receiver", SEARCH, query_string={"q": "weather"}))
    assert "Nothing in the handed-over documents fits." in nothing


def test_vectors_of_another_model_leave_the_words(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    with library.desk.resources.write() as uow:
        uow.session.execute(update(EmbeddingModel).values(identity="another model"))
    answer = office.get("receiver", SEARCH, query_string={"q": "对账单"})
    assert answer.status_code == 200
    assert "Only words were compared" in text_of(answer)
    assert "对账单" in main_of(answer)
    assert office.get("receiver", SEARCH).status_code == 200
