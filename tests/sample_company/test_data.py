"""The description of the sample company fits together, and what does not fit is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.sample_company import (
    Handover,
    ItemState,
    RequirementKind,
    Responsible,
    Role,
    SampleCompany,
    SampleCompanyInvalid,
    load_questions,
)
from portal.sample_company.loading import FOLDER
from portal.sample_company.validation import check


def case(sample: SampleCompany, key: str) -> Handover:
    return {case.key: case for case in sample.handovers}[key]


def test_two_handovers_are_finished_and_one_runs(sample: SampleCompany) -> None:
    finished = {case.key: case.completion_day is not None for case in sample.handovers}
    assert finished == {"sales": False, "engineering": True, "administration": True}


def test_the_running_handover_shows_every_state(sample: SampleCompany) -> None:
    assert {item.state for item in case(sample, "sales").items} == set(ItemState)


def test_the_blueprints_show_every_kind_and_responsible(sample: SampleCompany) -> None:
    lines = [line for position in sample.positions for line in position.blueprint]
    assert {line.kind for line in lines} == set(RequirementKind)
    assert {line.responsible for line in lines} == set(Responsible)
    assert {line.required for line in lines} == {True, False}


def test_every_role_can_be_signed_in_as(sample: SampleCompany) -> None:
    roles = {role for person in sample.people if person.shows for role in person.roles}
    assert roles == set(Role)


def test_documents_are_of_all_promised_kinds_and_languages(sample: SampleCompany) -> None:
    kinds = {document.path.suffix for document in sample.documents}
    assert kinds == {".docx", ".pdf", ".md", ".txt"}
    assert len({document.title for document in sample.documents}) >= 20


def test_every_document_says_that_it_is_a_sample(sample: SampleCompany) -> None:
    texts = [*FOLDER.glob("sources/*/*"), *FOLDER.glob("documents/*/*.md")]
    assert len(texts) > 20
    silent = [
        path.name
        for path in texts
        if not re.search("示例公司的演示资料|Sample material of Sample Company", path.read_text())
    ]
    assert silent == []


# What looks like a telephone or identity number, an address that could exist, a password.
SUSPICIOUS = re.compile(
    r"(?<![\d.])1[3-9]\d{9}(?!\d)|\b0\d{2,3}-\d{7,8}\b|\b\d{17}[\dXx]\b"
    r"|[\w.]+@(?!sample-company\.example)[\w.-]+\.\w+|(?:password|密码|口令)\s*[:：=]\s*\S"
)


def test_nothing_looks_like_somebody_real() -> None:
    texts = [path for path in FOLDER.rglob("*") if path.suffix in (".md", ".txt", ".toml")]
    found = {
        path.name: SUSPICIOUS.findall(path.read_bytes().decode("utf-8", "ignore")) for path in texts
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_file_is_used_and_every_source_has_its_result(sample: SampleCompany) -> None:
    used = {document.file for document in sample.documents}
    there = {
        path.relative_to(FOLDER / "documents").as_posix() for path in FOLDER.glob("documents/*/*")
    }
    assert there == used
    made = {
        re.sub(r"\.md$|\.gb18030(?=\.txt$)", "", path.name) for path in FOLDER.glob("sources/*/*")
    }
    assert made <= {path.rpartition("/")[2] for path in used}


def test_questions_ask_for_documents_of_the_sample(sample: SampleCompany) -> None:
    questions = load_questions()
    files = {document.file for document in sample.documents}
    assert {question.file for question in questions} - {None} <= files
    assert {question.language for question in questions} == {"zh", "en"}
    assert sum(question.file is not None for question in questions) >= 20
    assert sum(question.file is None for question in questions) >= 4


def with_case(sample: SampleCompany, key: str, **changes: object) -> SampleCompany:
    changed = (
        replace(each, **changes) if each.key == key else each  # type: ignore[arg-type]
        for each in sample.handovers
    )
    return replace(sample, handovers=tuple(changed))


def with_round(
    sample: SampleCompany, key: str, requirement: str, **changes: object
) -> SampleCompany:
    items = []
    for item in case(sample, key).items:
        if item.requirement == requirement:
            last = replace(item.rounds[-1], **changes)  # type: ignore[arg-type]
            item = replace(item, rounds=(*item.rounds[:-1], last))
        items.append(item)
    return with_case(sample, key, items=tuple(items))


def with_decision(
    sample: SampleCompany, key: str, requirement: str, **changes: object
) -> SampleCompany:
    item = {item.requirement: item for item in case(sample, key).items}[requirement]
    decision = item.rounds[-1].decision
    assert decision is not None
    return with_round(
        sample,
        key,
        requirement,
        decision=replace(decision, **changes),  # type: ignore[arg-type]
    )


def with_person(sample: SampleCompany, number: int, **changes: object) -> SampleCompany:
    people = list(sample.people)
    people[number] = replace(people[number], **changes)  # type: ignore[arg-type]
    return replace(sample, people=tuple(people))


LI_SI = "li.si@sample-company.example"
SUN_BA = "sun.ba@sample-company.example"
ROBIN = "robin@sample-company.example"

CONTRADICTIONS: list[tuple[Callable[[SampleCompany], SampleCompany], str]] = [
    (lambda s: replace(s, departments=s.departments[1:]), "unknown one"),
    (lambda s: replace(s, departments=(*s.departments, s.departments[0])), "is there twice"),
    (lambda s: with_person(s, 0, email="somebody@elsewhere.example"), "is not an address at"),
    (lambda s: with_person(s, 0, department="moon"), "unknown department"),
    (lambda s: with_person(s, 0, assignments=()), "does not end on the last working day"),
    (lambda s: with_case(s, "sales", leaver="nobody@nowhere"), "unknown people"),
    (lambda s: with_case(s, "sales", receivers=()), "has to receive"),
    (lambda s: with_case(s, "sales", receivers=(SUN_BA,)), "does not hold the position"),
    (lambda s: with_case(s, "sales", head=LI_SI), "is no head"),
    (lambda s: with_case(s, "sales", last_day=-1), "has its last working day ahead"),
    (lambda s: with_case(s, "sales", knowledge_day=-20), "outside the handover"),
    (lambda s: with_case(s, "engineering", completion_day=-1), "completed outside the handover"),
    (lambda s: with_case(s, "administration", completion_day=-30), "outside the handover"),
    (lambda s: with_round(s, "engineering", "test-report", submitted=False), "without having been"),
    (lambda s: with_round(s, "engineering", "open-work", decision=None), "completed although"),
    (lambda s: with_round(s, "engineering", "open-work", statement=""), "without a statement"),
    (lambda s: with_round(s, "sales", "clients", entities=()), "a list is asked for"),
    (lambda s: with_round(s, "sales", "contracts", documents=()), "a document is asked for"),
    (lambda s: with_round(s, "sales", "contracts", day=-20), "out of order"),
    (lambda s: with_decision(s, "sales", "open-orders", by=SUN_BA), "may not decide"),
    (lambda s: with_decision(s, "sales", "samples", by=LI_SI), "may not decide"),
    (lambda s: with_decision(s, "engineering", "release-alone", by=ROBIN), "may not decide"),
    (lambda s: with_decision(s, "sales", "open-orders", reason=""), "without a reason"),
    (lambda s: with_decision(s, "sales", "open-orders", day=-9), "out of order"),
]


@pytest.mark.parametrize(("change", "said"), CONTRADICTIONS)
def test_contradictions_are_refused(
    sample: SampleCompany, change: Callable[[SampleCompany], SampleCompany], said: str
) -> None:
    with pytest.raises(SampleCompanyInvalid) as caught:
        check(change(sample))
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_a_file_with_another_ending_or_none_at_all_is_refused(sample: SampleCompany) -> None:
    [contracts] = next(
        item.rounds[-1].documents
        for item in case(sample, "sales").items
        if item.requirement == "contracts"
    )
    for changed, said in (
        (replace(contracts, filename="contracts.docx"), "different types"),
        (replace(contracts, path=contracts.path.with_name("gone.pdf")), "is missing"),
    ):
        broken = with_round(sample, "sales", "contracts", documents=(changed,))
        with pytest.raises(SampleCompanyInvalid, match=said):
            check(broken)
