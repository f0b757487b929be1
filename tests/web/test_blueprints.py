"""Pages of checklists: reading, and an editor that loses nothing and needs no script."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.models import Blueprint, Position
from tests.company import LINES, Company
from tests.web.acting import EVERYBODY, SCRIPT, Office, main_of, statuses, text_of
from tests.web.reading_pages import tree_of

EDITORS = ("hr", "head", "chief")
READERS = (*EDITORS, "leaver", "receiver", "colleague")


def url_of(company: Company, key: str = "sales", more: str = "") -> str:
    return f"/positions/{company.positions[key].public_id}/blueprint{more}"


@pytest.fixture
def editor(company: Company) -> str:
    """The address of the editor of sales."""
    return url_of(company, more="/edit")


def fields_of(answer: TestResponse) -> dict[str, str]:
    """What the editor's form would send, as a browser gathers it, without a button."""
    form = tree_of(answer).css_first("main form")
    fields = {}
    for field in form.css("input, select, textarea"):
        attributes = field.attributes
        if field.tag == "select":
            chosen = field.css_first("option[selected]") or field.css_first("option")
            value = chosen.attributes["value"]
        elif field.tag == "textarea":
            value = field.text().removeprefix("\n")
        else:
            value = attributes.get("value") or ""
        if attributes.get("type") != "checkbox" or "checked" in attributes:
            fields[attributes["name"]] = value
    del fields["csrf_token"]
    return fields


def shown_titles(answer: TestResponse) -> list[str]:
    fields = fields_of(answer)
    return [fields[f"title-{at}"] for at in range(int(fields["count"]))]


def numbers(company: Company, key: str = "sales") -> list[int]:
    with company.resources.read() as uow:
        return list(
            uow.session.scalars(
                select(Blueprint.number)
                .where(Blueprint.position_id == company.positions[key].id)
                .order_by(Blueprint.number)
            )
        )


def test_who_opens_and_sends_what(office: Office, company: Company, case: str) -> None:
    page, editor, copy = (url_of(company, more=more) for more in ("", "/edit", "/copy"))
    wanted = {}
    for who in EVERYBODY:
        denied = 403 if who in READERS else 404
        wanted[f"{who} list"] = 200
        wanted[f"{who} page"] = 200 if who in READERS else 404
        wanted[f"{who} editor"] = 200 if who in EDITORS else denied
        wanted[f"{who} step"] = 200 if who in EDITORS else denied
        wanted[f"{who} save"] = 400 if who in EDITORS else denied
        wanted[f"{who} copy"] = 409 if who in EDITORS else denied
    sales = company.positions["sales"].public_id
    with statuses(wanted) as found:
        for who in EVERYBODY:
            found[f"{who} list"] = office.get(who, "/blueprints").status_code
            found[f"{who} page"] = office.get(who, page).status_code
            found[f"{who} editor"] = office.get(who, editor).status_code
            found[f"{who} step"] = office.post(who, editor, {"step": "add"}).status_code
            found[f"{who} save"] = office.post(who, editor, {"based_on": "1"}).status_code
            found[f"{who} copy"] = office.post(who, copy, {"like": sales}).status_code
    for url in ("/blueprints", page, editor):
        assert office.get("visitor", url).status_code == 302
    assert office.post("visitor", editor).status_code == 302
    assert numbers(company) == [1]


def test_the_list_shows_which_position_has_none(office: Office) -> None:
    page = main_of(office.get("hr", "/blueprints"))
    assert "销售经理" in page
    assert "version 1" in page
    assert page.count("none yet") == 3
    assert "销售经理" not in main_of(office.get("administrator", "/blueprints"))


def test_a_version_is_shown_with_all_its_lines(office: Office, company: Company) -> None:
    page = text_of(office.get("leaver", url_of(company)))
    for line in LINES:
        assert line[2] in page
        assert f"what makes «{line[2]}» acceptable" in page
    assert "15 working days before the last day" in page
    assert "on the last working day" in page
    assert "Edit" not in main_of(office.get("leaver", url_of(company)))


def test_the_editor_holds_the_newest_version(office: Office, editor: str) -> None:
    fields = fields_of(office.get("hr", editor))
    assert fields["count"] == "7"
    assert (fields["key-0"], fields["kind-4"], fields["responsible-5"], fields["due-0"]) == (
        "clients", "secret", "head", "15",
    )  # fmt: skip
    assert [f"required-{at}" in fields for at in range(7)] == [line[3] for line in LINES]


def test_saving_makes_a_version_and_old_ones_can_be_read(
    office: Office, company: Company, editor: str
) -> None:
    fields = fields_of(office.get("head", editor))
    fields |= {"title-0": "客户档案与价格", "due-0": "20", "note": "Prices belong to it"}
    del fields["required-1"]
    answer = office.post("head", editor, fields)
    assert answer.location == url_of(company)
    page = text_of(office.get("head", answer.location))
    assert "Saved as version 2. Running handovers keep theirs." in page
    assert "客户档案与价格" in page
    assert "Prices belong to it" in page
    assert "陈 主管" in page
    assert "20 working days before the last day" in page
    old = office.get("head", url_of(company) + "?version=1")
    assert "客户档案与价格" not in text_of(old)
    assert "Handovers that are started now use version 2." in text_of(old)
    for unknown in ("?version=9", "?version=" + "9" * 30, "?version=x"):
        assert office.get("head", url_of(company) + unknown).status_code == 200


def test_saving_nothing_new_adds_nothing(office: Office, company: Company, editor: str) -> None:
    answer = office.post("hr", editor, fields_of(office.get("hr", editor)))
    assert "Nothing was changed" in text_of(office.get("hr", answer.location))
    assert numbers(company) == [1]


TITLES = [line[2] for line in LINES]
STEPS = [
    ("add", [*TITLES, ""], "title-7"),
    ("remove-0", TITLES[1:], "title-0"),
    ("remove-6", TITLES[:6], "title-5"),
    ("up-1", [TITLES[1], TITLES[0], *TITLES[2:]], "title-0"),
    ("down-5", [*TITLES[:5], TITLES[6], TITLES[5]], "title-6"),
    # What no button sends changes nothing.
    ("up-0", TITLES, None),
    ("down-6", TITLES, None),
    ("remove-7", TITLES, None),
    ("remove-99999", TITLES, None),
    ("dance", TITLES, None),
]


def test_steps_move_lines_and_keep_what_was_typed(
    office: Office, company: Company, editor: str
) -> None:
    fields = fields_of(office.get("hr", editor))
    fields |= {"criteria-3": "typed\nin two lines", "note": "why <so>", "due-3": "soon"}
    for step, titles, focus in STEPS:
        answer = office.post("hr", editor, {**fields, "step": step})
        assert answer.status_code == 200
        assert shown_titles(answer) == titles, step
        again = fields_of(answer)
        at = titles.index(TITLES[3])
        assert again[f"criteria-{at}"] == "typed\nin two lines"
        assert again[f"due-{at}"] == "soon"
        assert again[f"key-{at}"] == "confirm"
        assert again["note"] == "why <so>"
        focused = tree_of(answer).css_first("main [autofocus]")
        assert (focused.attributes["id"] if focused else None) == focus
    assert numbers(company) == [1]


def test_all_lines_can_go_and_new_ones_come(office: Office, company: Company) -> None:
    editor = url_of(company, "support", "/edit")
    answer = office.get("head", editor)
    assert shown_titles(answer) == [""]
    answer = office.post("head", editor, {**fields_of(answer), "step": "remove-0"})
    assert shown_titles(answer) == []
    assert office.post("head", editor, fields_of(answer)).status_code == 400
    for title in ("Offers", "Prices"):
        answer = office.post("head", editor, {**fields_of(answer), "step": "add"})
        fields = fields_of(answer)
        fields[f"title-{int(fields['count']) - 1}"] = title
        answer = office.post("head", editor, {**fields, "step": "dance"})
    assert office.post("head", editor, fields_of(answer)).status_code == 302
    page = text_of(office.get("head", url_of(company, "support")))
    assert page.index("Offers") < page.index("Prices")


def test_mistakes_stand_at_their_lines(office: Office, company: Company, editor: str) -> None:
    fields = fields_of(office.get("hr", editor))
    fields |= {"title-2": "", "due-3": "1.5", "kind-4": "song", "due-5": "٣", "note": "n" * 501}
    answer = office.post("hr", editor, fields)
    assert answer.status_code == 400
    page = tree_of(answer)
    for field in ("title-2", "due-3", "kind-4", "due-5", "note"):
        assert page.css_first(f"#{field}-error") is not None, field
        assert page.css_first(f'.error-summary a[href="#{field}"]') is not None
    assert fields_of(answer)["due-3"] == "1.5"
    assert numbers(company) == [1]


def test_forged_forms_are_no_fault_of_ours(office: Office, editor: str) -> None:
    for fields, status in (
        ({"count": "99999999", "based_on": "1"}, 400),
        ({"count": "-1", "based_on": "1"}, 400),
        ({"count": "x", "based_on": "y"}, 409),
        ({"count": "1", "title-0": "a\x00b", "kind-0": "\x00", "based_on": "1"}, 400),
        ({"count": "1", "title-0": "a", "kind-0": "task", "responsible-0": "head",
          "due-0": "1", "based_on": "9" * 40}, 409),
    ):  # fmt: skip
        assert office.post("hr", editor, fields).status_code == status


def test_who_is_overtaken_keeps_everything_typed(
    office: Office, company: Company, editor: str
) -> None:
    fields = fields_of(office.get("hr", editor))
    head = fields_of(office.get("head", editor))
    office.post("head", editor, {**head, "title-0": "Theirs", "note": "their reason"})
    mine = {**fields, "title-0": "Mine", "note": "my reason"}
    assert office.post("hr", editor, mine, headers=SCRIPT).json["error"]["code"] == (
        "blueprint_changed"
    )
    answer = office.post("hr", editor, mine)
    assert answer.status_code == 409
    page = text_of(answer)
    assert "陈 主管 has saved version 2 meanwhile." in page
    assert "their reason" in page
    again = fields_of(answer)
    assert again == {**mine, "based_on": "2"}
    # Saving now is a decision; what was there stays readable.
    assert office.post("hr", editor, again).status_code == 302
    assert numbers(company) == [1, 2, 3]
    assert "Theirs" in text_of(office.get("hr", url_of(company) + "?version=2"))


def test_a_position_without_one_is_led_to_its_first(office: Office, company: Company) -> None:
    page = url_of(company, "support")
    assert "HR or the head of the department makes it." in text_of(office.get("neighbour", page))
    answer = office.get("head", page)
    assert "Make the checklist" in text_of(answer)
    assert "销售经理" in [option.text() for option in tree_of(answer).css("#like option")]
    sales = company.positions["sales"].public_id
    copied = office.post("head", page + "/copy", {"like": sales})
    assert copied.location == page + "/edit"
    assert shown_titles(office.get("head", copied.location)) == TITLES
    for like, status in (("nowhere", 404), ("\x00", 404), ("", 404), (sales, 409)):
        assert office.post("hr", page + "/copy", {"like": like}).status_code == status


def test_names_and_notes_are_shown_as_they_are(
    office: Office, company: Company, editor: str
) -> None:
    with company.resources.write() as uow:
        uow.session.get_one(Position, company.positions["sales"].id).name = "<i>Sales</i>"
    fields = fields_of(office.get("hr", editor))
    fields |= {"title-0": "<b>T</b>", "criteria-0": "</textarea><u>", "note": "<s>n</s>"}
    office.post("hr", editor, fields)
    for url in (editor, url_of(company), "/blueprints"):
        page = main_of(office.get("hr", url))
        for tag in ("<i>", "<b>", "<u>", "<s>"):
            assert tag not in page
    assert fields_of(office.get("hr", editor))["criteria-0"] == "</textarea><u>"
