"""The pages of a case: who sees what, in which state, and what they say."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from portal.models import Event, Handover, HandoverState, ItemState, Version
from tests.company import LAST_DAY, LINES, Company
from tests.web.acting import EVERYBODY, SCRIPT, Office, main_of, text_of

PARTS = ("leaver", "receiver", "head", "chief", "hr")
OTHERS = tuple(name for name in EVERYBODY if name not in PARTS)


# Page, who may open it, and what those get who have a part in the case but not this right.
PAGES = (
    ("", PARTS),
    ("/live", PARTS),
    ("/receipt", (*PARTS, "auditor")),
    ("/edit", ("hr",)),
    ("/complete", ("head", "chief", "hr")),
    ("/cancel", ("hr",)),
)


@pytest.mark.parametrize(("page", "allowed"), PAGES)
def test_who_may_open_a_page(
    office: Office, case: str, page: str, allowed: tuple[str, ...]
) -> None:
    found = {name: office.get(name, f"/handovers/{case}{page}").status_code for name in EVERYBODY}
    refused = {name: 403 if name in PARTS else 404 for name in EVERYBODY}
    assert found == refused | dict.fromkeys(allowed, 200)
    assert office.get("visitor", f"/handovers/{case}{page}").status_code == 302


@pytest.mark.parametrize("page", [page for page, _ in PAGES])
def test_a_case_that_is_not_there_looks_like_one_that_is_hidden(
    office: Office, case: str, page: str
) -> None:
    hidden = office.get("outsider", f"/handovers/{case}{page}")
    absent = office.get("outsider", f"/handovers/{'x' * 22}{page}")
    assert (hidden.status_code, text_of(hidden)) == (absent.status_code, text_of(absent))


STARTING = {
    "leaver": "leaver",
    "position": "sales",
    "receivers": "receiver",
    "head": "head",
    "last_day": "2026-03-31",
}


def start_form(company: Company, **changed: str) -> dict[str, object]:
    words = STARTING | changed
    people = {name: person.public_id for name, person in company.people.items()}
    places = {name: place.public_id for name, place in company.positions.items()}
    return {
        "leaver": people.get(words["leaver"], words["leaver"]),
        "position": places.get(words["position"], words["position"]),
        "receivers": [people.get(name, name) for name in words["receivers"].split()],
        "head": people.get(words["head"], words["head"]),
        "last_day": words["last_day"],
    }


def test_only_hr_starts(office: Office) -> None:
    form = start_form(office.company)
    found = {
        name: (
            office.get(name, "/handovers/new").status_code,
            office.post(name, "/handovers", form).status_code,
        )
        for name in (*EVERYBODY, "visitor")
    }
    expected = dict.fromkeys(EVERYBODY, (403, 403)) | {"hr": (200, 302), "visitor": (302, 302)}
    assert found == expected


def test_starting_in_two_steps(office: Office) -> None:
    first = office.get("hr", "/handovers/new")
    assert "李 离职, 销售经理, 销售部" in text_of(first)
    assignment = re.search(r'value="([\w-]{22})"[^>]*>李 离职', first.get_data(as_text=True))
    assert assignment is not None
    second = office.get("hr", f"/handovers/new?assignment={assignment[1]}")
    page = second.get_data(as_text=True)
    assert re.search(rf'value="{office.company.head.public_id}" selected', page), "head prefilled"
    assert "15 working days before the last day" in text_of(second)
    assert "客户档案" in text_of(second)
    form = start_form(office.company)
    dates = office.post("hr", "/handovers", form | {"step": "preview"})
    assert dates.status_code == 200
    # 15 working days before Tuesday 31 March: Tuesday 10 March.
    assert "Mar 10, 2026" in text_of(dates)
    with office.company.resources.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Handover)) == 0
    started = office.post("hr", "/handovers", form, follow_redirects=True)
    assert "Handover of 李 离职" in text_of(started)
    assert "The handover is started." in text_of(started)


BAD_STARTS = (
    ("no date", {"last_day": ""}, 400, "last_day"),
    ("no date at all", {"last_day": "tomorrow"}, 400, "last_day"),
    ("over already", {"last_day": "2026-03-01"}, 400, "last_day"),
    ("no receiver", {"receivers": ""}, 400, "receivers"),
    ("unknown receiver", {"receivers": "nobody"}, 400, "receivers"),
    ("the leaver receives", {"receivers": "leaver"}, 400, "receivers"),
    ("unknown leaver", {"leaver": "nobody"}, 400, "leaver"),
    ("does not hold it", {"leaver": "outsider"}, 400, "leaver"),
    ("unknown position", {"position": "nothing"}, 400, "leaver"),
    ("unknown head", {"head": "nobody"}, 400, "head"),
    ("no checklist", {"leaver": "outsider", "position": "engineer"}, 409, None),
)


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [line[1:] for line in BAD_STARTS],
    ids=[line[0] for line in BAD_STARTS],
)
def test_a_bad_start_starts_nothing(
    office: Office, changed: dict[str, str], status: int, field: str | None
) -> None:
    answer = office.post("hr", "/handovers", start_form(office.company, **changed))
    assert answer.status_code == status
    if field is not None:
        assert "error-summary" in answer.get_data(as_text=True)
    with office.company.resources.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Handover)) == 0


def test_what_was_typed_is_still_there(office: Office) -> None:
    answer = office.post("hr", "/handovers", start_form(office.company, last_day="2026-03-01"))
    page = answer.get_data(as_text=True)
    assert 'value="2026-03-01"' in page
    assert re.search(rf'value="{office.company.receiver.public_id}" selected', page)


def test_a_second_start_of_the_same_case_is_refused(office: Office, case: str) -> None:
    answer = office.post("hr", "/handovers", start_form(office.company))
    assert answer.status_code == 409


def test_the_list_shows_each_what_they_may_see(office: Office, case: str) -> None:
    company = office.company
    other = company.handover(leaver="colleague", receivers=("receiver",))
    expected = {
        "leaver": {case},
        "receiver": {case, other},
        "colleague": {other},
        "head": {case, other},
        "chief": {case, other},
        "hr": {case, other},
    }
    for name in EVERYBODY:
        page = office.get(name, "/handovers").get_data(as_text=True)
        found = set(re.findall(r'href="/handovers/([\w-]{22})"', page))
        assert found == expected.get(name, set()), name


FILTERS = (
    ("", {"running", "done"}),
    ("?state=running", {"running"}),
    ("?state=completed", {"done"}),
    ("?state=cancelled", set()),
    ("?state=nonsense", {"running", "done"}),
    ("?text=离职", {"running"}),
    ("?text=销售经理", {"running", "done"}),
    ("?text=%25", set()),
    ("?text=%00", {"running", "done"}),
    ("?mine=1", set()),
    ("?page=0", {"running", "done"}),
    ("?page=x", {"running", "done"}),
    ("?page=99999999999999999999", set()),
)


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters(office: Office, query: str, expected: set[str]) -> None:
    company = office.company
    cases = {
        company.handover(): "running",
        company.handover(leaver="colleague"): "done",
    }
    office.close(
        next(key for key, word in cases.items() if word == "done"), HandoverState.COMPLETED
    )
    answer = office.get("hr", f"/handovers{query}")
    assert answer.status_code == 200
    found = re.findall(r'href="/handovers/([\w-]{22})"', answer.get_data(as_text=True))
    assert {cases[key] for key in found} == expected


def test_an_empty_list_says_what_to_do(office: Office) -> None:
    assert "Start a handover" in text_of(office.get("hr", "/handovers"))
    assert "You have no part in a handover." in text_of(office.get("outsider", "/handovers"))


def test_the_leaver_sees_how_far_what_next_and_where_to_drop(office: Office, case: str) -> None:
    answer = office.get("leaver", f"/handovers/{case}")
    words, page = text_of(answer), answer.get_data(as_text=True)
    assert "21 working days left" in words
    assert "Your next thing 客户档案" in words
    assert "Yours to hand over 5" in words
    assert page.count("data-upload data-upload-into") == 5, "four items that take files, and extras"
    assert "Passwords" not in words or "password" in words
    assert f"/items/{office.company.item(case, 'crm')}/files" not in page
    assert "Complete" not in words


def test_the_receiver_sees_what_waits_and_how_long_to_ask(office: Office, case: str) -> None:
    office.set_items(case, ItemState.SUBMITTED, "confirm")
    answer = office.get("receiver", f"/handovers/{case}")
    words, page = text_of(answer), answer.get_data(as_text=True)
    assert "Waiting for your acceptance 1" in words
    assert "You can ask 李 离职 for 21 more working days." in words
    item = office.company.item(case, "confirm")
    assert f'action="/items/{item}/accept"' in page
    assert f'action="/items/{item}/return"' in page
    assert "waive" not in page.lower().replace("neither accepted nor waived", "")


def test_the_head_may_waive_and_complete(office: Office, case: str) -> None:
    page = office.get("head", f"/handovers/{case}").get_data(as_text=True)
    assert f'action="/items/{office.company.item(case, "orders")}/waive"' in page
    assert f'action="/handovers/{case}/complete"' in page
    assert f"/handovers/{case}/edit" not in page


def test_hr_may_edit_and_cancel_and_reads_no_draft(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    draft = office.upload("leaver", f"/items/{item}/files", "draft-name.txt")
    answer = office.get("hr", f"/handovers/{case}")
    page = answer.get_data(as_text=True)
    assert f"/handovers/{case}/edit" in page
    assert f'action="/handovers/{case}/cancel"' in page
    assert f"file-{draft}" not in page


def test_a_returned_item_says_what_would_satisfy_it(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    office.upload("leaver", f"/items/{item}/files")
    assert office.post("leaver", f"/items/{item}/submit").status_code == 302
    reason = "The three newest clients <b>are</b> missing."
    assert office.post("receiver", f"/items/{item}/return", {"reason": reason}).status_code == 302
    for url in (f"/handovers/{case}", f"/items/{item}"):
        answer = office.get("leaver", url)
        words = text_of(answer)
        assert f"Returned. This would satisfy it: {reason}" in words
        assert "Drop files here" in words.split(reason)[1]
        assert "<b>are</b>" not in answer.get_data(as_text=True)


def test_completing_is_refused_with_what_is_missing_and_who_can_act(
    office: Office, case: str
) -> None:
    office.settle(case, "clients", "tips")
    page = office.post("head", f"/handovers/{case}/complete")
    assert page.status_code == 409
    words = text_of(page)
    assert "1 required item is neither accepted nor waived." in words
    assert "客户档案" in words
    assert "李 离职" in words.split("Can act:")[1]
    answer = office.post("head", f"/handovers/{case}/complete", headers=SCRIPT)
    assert answer.status_code == 409
    error = answer.json["error"]
    assert error["code"] == "handover_incomplete"
    assert [line["title"] for line in error["missing"]] == ["客户档案"]
    assert error["missing"][0]["actors"]
    with office.company.resources.read() as uow:
        refused = uow.session.scalars(select(Event).where(Event.kind == "completion_refused")).all()
    assert len(refused) == 2


def test_completing(office: Office, case: str) -> None:
    office.settle(case, "tips")
    assert "can be completed" in text_of(office.get("head", f"/handovers/{case}"))
    answer = office.post("head", f"/handovers/{case}/complete", follow_redirects=True)
    assert answer.status_code == 200
    assert "The handover is completed." in text_of(answer)
    again = office.post("head", f"/handovers/{case}/complete")
    assert again.status_code == 409


def test_who_may_complete_and_cancel(office: Office, case: str) -> None:
    found = {
        name: (
            office.post(name, f"/handovers/{case}/complete").status_code,
            office.post(name, f"/handovers/{case}/cancel", {"reason": ""}).status_code,
        )
        for name in (*EVERYBODY, "visitor")
    }
    expected = {
        **dict.fromkeys(OTHERS, (404, 404)),
        **dict.fromkeys(("leaver", "receiver"), (403, 403)),
        **dict.fromkeys(("head", "chief"), (409, 403)),
        "hr": (409, 400),
        "visitor": (302, 302),
    }
    assert found == expected


def test_cancelling_asks_why(office: Office, case: str) -> None:
    empty = office.post("hr", f"/handovers/{case}/cancel", {"reason": "  "})
    assert empty.status_code == 400
    done = office.post(
        "hr", f"/handovers/{case}/cancel", {"reason": "stays after all"}, follow_redirects=True
    )
    words = text_of(done)
    assert "The handover is cancelled." in words
    assert "stays after all" in words


@pytest.mark.parametrize("state", [HandoverState.COMPLETED, HandoverState.CANCELLED])
def test_a_closed_case_offers_nothing_and_takes_nothing(
    office: Office, case: str, state: HandoverState
) -> None:
    company = office.company
    office.close(case, state)
    item = company.item(case, "clients")
    for name in PARTS:
        main = main_of(office.get(name, f"/handovers/{case}"))
        assert "<form" not in main, name
        assert "data-live" not in main, name
    posts = (
        ("hr", f"/handovers/{case}/edit", start_form(company)),
        ("hr", f"/handovers/{case}/cancel", {"reason": "why"}),
        ("head", f"/handovers/{case}/complete", {}),
        ("leaver", f"/items/{item}/submit", {}),
        ("head", f"/items/{item}/waive", {"reason": "why"}),
    )
    found = {url: office.post(name, url, data).status_code for name, url, data in posts}
    assert found == dict.fromkeys(found, 409)
    for url in (f"/handovers/{case}/files", f"/items/{item}/files"):
        assert office.send("leaver", url, ("a.txt", b"a")).status_code == 409


def test_editing_moves_people_and_dates(office: Office, case: str) -> None:
    company = office.company
    form = start_form(company, receivers="receiver colleague", head="chief", last_day="2026-04-10")
    answer = office.post("hr", f"/handovers/{case}/edit", form, follow_redirects=True)
    words = text_of(answer)
    assert "Saved." in words
    assert "Apr 10, 2026" in words
    assert "总 经理" in words
    assert office.get("colleague", f"/handovers/{case}").status_code == 200
    bad = office.post("hr", f"/handovers/{case}/edit", form | {"last_day": ""})
    assert bad.status_code == 400
    assert "error-summary" in bad.get_data(as_text=True)


def test_live_rows(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    first = office.upload("leaver", f"/items/{item}/files", "one.txt")
    second = office.upload("leaver", f"/handovers/{case}/files", "two.txt", "two")
    answer = office.get("leaver", f"/handovers/{case}/live")
    assert {row["id"] for row in answer.json["rows"]} == {f"file-{first}", f"file-{second}"}
    assert answer.json["live"] is True
    for row in answer.json["rows"]:
        assert row["html"].lstrip().startswith(f'<li class="file" id="{row["id"]}"')
    assert office.get("receiver", f"/handovers/{case}/live").json == {"rows": [], "live": False}


def test_live_of_a_signed_out_person_is_a_401(office: Office, case: str) -> None:
    answer = office.get("visitor", f"/handovers/{case}/live", headers=SCRIPT)
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "session_ended"


def test_the_receipt_names_every_sealed_version(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    office.upload("leaver", f"/items/{item}/files", "客户档案 2026.txt")
    office.post("leaver", f"/items/{item}/submit")
    with office.company.resources.read() as uow:
        digest = uow.session.scalars(select(Version.digest)).one()
    for name in ("leaver", "receiver", "hr", "auditor"):
        words = text_of(office.get(name, f"/handovers/{case}/receipt"))
        assert "客户档案 2026.txt" in words
        assert digest in words
        assert all(title in words for _, _, title, *_ in LINES)


def test_the_log_is_on_the_case_page(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    office.upload("leaver", f"/items/{item}/files", "log-me.txt")
    answer = office.get("leaver", f"/handovers/{case}")
    assert "What happened" in text_of(answer)
    assert "«log-me»" in text_of(answer).split("What happened")[1]
    assert office.get("leaver", f"/handovers/{case}?page=7").status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", PARTS)
def test_every_part_sees_the_page_in_both_languages(
    office: Office, case: str, name: str, language: str
) -> None:
    office.browser(name).environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    answer = office.get(name, f"/handovers/{case}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert page.count("<h1") == 1
    assert len(re.findall(r'\sid="([^"]+)"', page)) == len(set(re.findall(r'\sid="([^"]+)"', page)))


def test_the_last_day_and_after(office: Office, case: str, clock: object) -> None:
    expected = ((0, "21 working days left"), (29, "Today is the last working day"), (1, "is over"))
    for days, words in expected:
        clock.move(days=days)  # type: ignore[attr-defined]
        assert words in text_of(office.get("hr", f"/handovers/{case}"))
    assert date(2026, 3, 31) == LAST_DAY
