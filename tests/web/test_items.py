"""What can be done with an item through its pages: by whom, in which state, with what answer."""

from __future__ import annotations

import pytest

from portal.models import HandoverState, ItemState
from tests.web.acting import EVERYBODY, SCRIPT, Office, main_of, text_of

PARTS = ("leaver", "receiver", "head", "chief", "hr")


def test_who_may_open_an_item(office: Office, case: str) -> None:
    item = office.company.item(case, "clients")
    found = {name: office.get(name, f"/items/{item}").status_code for name in EVERYBODY}
    assert found == {name: 200 if name in PARTS else 404 for name in EVERYBODY}
    assert office.get("visitor", f"/items/{item}").status_code == 302


def test_an_item_that_is_not_there_looks_like_one_that_is_hidden(office: Office, case: str) -> None:
    hidden = office.get("outsider", f"/items/{office.company.item(case, 'clients')}")
    absent = office.get("outsider", f"/items/{'x' * 22}")
    assert (hidden.status_code, text_of(hidden)) == (absent.status_code, text_of(absent))


# Item, action, state it is in, and whom the action is for; the others with a part get 403.
ACTIONS = (
    ("confirm", "submit", ItemState.OPEN, ("leaver",)),
    ("confirm", "submit", ItemState.RETURNED, ("leaver",)),
    ("intro", "submit", ItemState.OPEN, ("receiver",)),
    ("desk", "submit", ItemState.OPEN, ("head", "chief")),
    ("confirm", "accept", ItemState.SUBMITTED, ("receiver",)),
    ("confirm", "return", ItemState.SUBMITTED, ("receiver",)),
    ("confirm", "return", ItemState.ACCEPTED, ("receiver",)),
    ("desk", "accept", ItemState.SUBMITTED, ("receiver",)),
    ("intro", "accept", ItemState.SUBMITTED, ("head", "chief")),
    ("confirm", "waive", ItemState.OPEN, ("head", "chief")),
    ("confirm", "waive", ItemState.SUBMITTED, ("head", "chief")),
    ("confirm", "reopen", ItemState.WAIVED, ("head", "chief")),
)
WORDS = {"statement": "done on Monday", "reason": "because", "remark": ""}


@pytest.mark.parametrize(("key", "action", "state", "allowed"), ACTIONS)
def test_who_may_do_it(
    office: Office,
    case: str,
    key: str,
    action: str,
    state: ItemState,
    allowed: tuple[str, ...],
) -> None:
    item = office.company.item(case, key)
    office.set_items(case, state, key)
    refused = [name for name in EVERYBODY if name not in allowed]
    found = {
        name: office.post(name, f"/items/{item}/{action}", WORDS).status_code for name in refused
    }
    assert found == {name: 403 if name in PARTS else 404 for name in refused}
    for name in allowed:
        office.set_items(case, state, key)
        answer = office.post(name, f"/items/{item}/{action}", WORDS)
        assert answer.status_code == 302, name
        assert answer.location == f"/handovers/{case}?item={item}"
    assert office.get(allowed[0], f"/items/{item}").status_code == 200


# Action, its person, and the states in which it is refused.
STATES = (
    ("submit", "leaver", (ItemState.SUBMITTED, ItemState.ACCEPTED, ItemState.WAIVED)),
    (
        "accept",
        "receiver",
        (ItemState.OPEN, ItemState.RETURNED, ItemState.ACCEPTED, ItemState.WAIVED),
    ),
    ("return", "receiver", (ItemState.OPEN, ItemState.RETURNED, ItemState.WAIVED)),
    ("waive", "head", (ItemState.ACCEPTED, ItemState.WAIVED)),
    ("reopen", "head", (ItemState.OPEN, ItemState.SUBMITTED, ItemState.RETURNED)),
)


@pytest.mark.parametrize(("action", "name", "states"), STATES)
def test_the_wrong_state_is_a_409_with_words(
    office: Office, case: str, action: str, name: str, states: tuple[ItemState, ...]
) -> None:
    item = office.company.item(case, "confirm")
    for state in states:
        office.set_items(case, state, "confirm")
        page = office.post(name, f"/items/{item}/{action}", WORDS)
        assert page.status_code == 409, state
        answer = office.post(name, f"/items/{item}/{action}", WORDS, headers=SCRIPT)
        assert answer.json["error"]["message"], state


@pytest.mark.parametrize(("action", "name"), [("return", "receiver"), ("waive", "head")])
def test_a_reason_is_asked_for_on_the_form(
    office: Office, case: str, action: str, name: str
) -> None:
    item = office.company.item(case, "confirm")
    office.set_items(case, ItemState.SUBMITTED, "confirm")
    answer = office.post(name, f"/items/{item}/{action}", {"reason": " "})
    assert answer.status_code == 400
    assert "error-summary" in answer.get_data(as_text=True)


def test_a_reason_too_long_is_shown_again(office: Office, case: str) -> None:
    item = office.company.item(case, "confirm")
    office.set_items(case, ItemState.SUBMITTED, "confirm")
    reason = "why " * 2000
    answer = office.post("receiver", f"/items/{item}/return", {"reason": reason})
    assert answer.status_code == 400
    assert reason.strip() in answer.get_data(as_text=True)


def test_submitting_nothing(office: Office, case: str) -> None:
    empty = office.post("leaver", f"/items/{office.company.item(case, 'clients')}/submit")
    assert empty.status_code in (400, 409)
    assert "Add a file first" in text_of(empty)
    silent = office.post("leaver", f"/items/{office.company.item(case, 'confirm')}/submit")
    assert silent.status_code in (400, 409)


def test_a_secret_item_takes_a_place_and_no_file(office: Office, case: str) -> None:
    item = office.company.item(case, "crm")
    page = text_of(office.get("leaver", f"/items/{item}"))
    assert "Where it is kept: the vault and the path" in page
    assert "Drop files here" not in page
    answer = office.send("leaver", f"/items/{item}/files", ("passwords.txt", b"hunter2"))
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "secret_takes_no_files"
    done = office.post(
        "leaver", f"/items/{item}/submit", {"statement": "vault: sales/crm"}, follow_redirects=True
    )
    assert "vault: sales/crm" in text_of(done)


def test_the_page_offers_what_the_person_can_do(office: Office, case: str) -> None:
    item = office.company.item(case, "confirm")
    url = f"/items/{item}/"
    offers = {
        ItemState.OPEN: {"leaver": {"submit"}, "head": {"waive"}},
        ItemState.RETURNED: {"leaver": {"submit"}, "head": {"waive"}},
        ItemState.SUBMITTED: {"receiver": {"accept", "return"}, "head": {"waive"}},
        ItemState.ACCEPTED: {"receiver": {"return"}},
        ItemState.WAIVED: {"head": {"reopen"}},
    }
    for state, expected in offers.items():
        office.set_items(case, state, "confirm")
        for name in ("leaver", "receiver", "head", "hr"):
            page = office.get(name, f"/items/{item}").get_data(as_text=True)
            found = {
                action
                for action in ("submit", "accept", "return", "waive", "reopen")
                if f'action="{url}{action}"' in page
            }
            assert found == expected.get(name, set()), (state, name)


def test_the_history_of_an_item(office: Office, case: str) -> None:
    item = office.company.item(case, "confirm")
    office.post("leaver", f"/items/{item}/submit", {"statement": "called the client"})
    office.post("receiver", f"/items/{item}/return", {"reason": "which client?"})
    words = text_of(office.get("leaver", f"/items/{item}")).split("What happened")[1]
    assert "王 接收" in words
    assert "李 离职" in words


@pytest.mark.parametrize("state", [HandoverState.COMPLETED, HandoverState.CANCELLED])
def test_a_closed_case_is_read_only(office: Office, case: str, state: HandoverState) -> None:
    item = office.company.item(case, "confirm")
    office.set_items(case, ItemState.SUBMITTED, "confirm")
    office.close(case, state)
    for name in PARTS:
        assert "<form" not in main_of(office.get(name, f"/items/{item}")), name
    people = {"accept": "receiver", "return": "receiver", "waive": "head"}
    for action, name in people.items():
        assert office.post(name, f"/items/{item}/{action}", WORDS).status_code == 409


def test_words_are_text_never_markup(office: Office, case: str) -> None:
    item = office.company.item(case, "confirm")
    evil = "<script>alert(1)</script>"
    office.post("leaver", f"/items/{item}/submit", {"statement": evil})
    office.post("receiver", f"/items/{item}/return", {"reason": evil})
    for url in (f"/items/{item}", f"/handovers/{case}"):
        page = office.get("leaver", url).get_data(as_text=True)
        assert evil not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
