"""Read the sample company from its TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from portal.sample_company.company import (
    Assignment,
    Decision,
    Department,
    Document,
    Entity,
    Handover,
    Item,
    Outcome,
    Person,
    Position,
    Question,
    Requirement,
    RequirementKind,
    Responsible,
    Role,
    Round,
    SampleCompany,
    Text,
    Visibility,
)
from portal.sample_company.validation import check

FOLDER = Path(__file__).parent

Table = Mapping[str, Any]


def load(folder: Path = FOLDER) -> SampleCompany:
    """Return the sample company described in `folder`.

    Raises SampleCompanyInvalid when its parts do not fit together, KeyError or ValueError when a
    field is missing or has an unknown value, OSError when a file is missing.
    """
    company = _read(folder / "company.toml")
    blueprints = _read(folder / "blueprints.toml")
    positions = [_position(table, blueprints) for table in company["position"]]
    by_key = {position.key: position for position in positions}
    cases = _read(folder / "handovers.toml")["handover"]
    sample = SampleCompany(
        name=_text(company["name"]),
        domain=company["domain"],
        notice=_text(company["notice"]),
        departments=_all(_department, company["department"]),
        positions=tuple(positions),
        people=_all(_person, company["person"]),
        handovers=tuple(_handover(case, by_key[case["position"]], folder) for case in cases),
        folder=folder,
    )
    check(sample)
    return sample


def load_questions(folder: Path = FOLDER) -> tuple[Question, ...]:
    """Return the questions for tests of search, the unanswerable ones last.

    Raises KeyError when a field is missing, OSError when the file is.
    """
    tables = _read(folder / "questions.toml")
    answered = [_question(table) for table in tables["question"]]
    unanswerable = [_question({"file": None, "passage": "", **t}) for t in tables["unanswerable"]]
    return (*answered, *unanswerable)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _all(build: Any, tables: Sequence[Table]) -> tuple[Any, ...]:
    return tuple(build(table) for table in tables)


def _text(table: Table) -> Text:
    return Text(zh=table["zh"], en=table["en"])


def _department(table: Table) -> Department:
    name = _text(table["name"])
    return Department(table["key"], name, table.get("parent"), table.get("language", "zh"))


def _requirement(table: Table) -> Requirement:
    return Requirement(
        key=table["key"],
        kind=RequirementKind(table["kind"]),
        title=_text(table["title"]),
        required=table["required"],
        responsible=Responsible(table["responsible"]),
        due=table["due_working_days_before"],
        acceptance=_text(table["acceptance"]),
    )


def _position(table: Table, blueprints: Table) -> Position:
    key = table["key"]
    blueprint = _all(_requirement, blueprints.get(key, []))
    return Position(
        key=key,
        name=_text(table["name"]),
        department=table["department"],
        language=table.get("language", "zh"),
        blueprint=blueprint,
    )


def _assignment(table: Table) -> Assignment:
    return Assignment(table["position"], table["since"], table.get("until"))


def _person(table: Table) -> Person:
    return Person(
        email=table["email"],
        name=table["name"],
        language=table["language"],
        department=table["department"],
        roles=frozenset({Role.EMPLOYEE, *map(Role, table.get("roles", []))}),
        assignments=_all(_assignment, table.get("assignments", [])),
        shows=_text(table["shows"]) if "shows" in table else None,
    )


def _document(table: Table, folder: Path) -> Document:
    return Document(
        file=table["file"],
        path=folder / "documents" / table["file"],
        filename=table["filename"],
        title=table["title"],
        visibility=Visibility(table.get("visibility", Visibility.POSITION)),
    )


def _entity(table: Table) -> Entity:
    return Entity(table["name"], table["done"], table.get("note", ""))


def _decision(table: Table) -> Decision:
    outcome = Outcome(table["outcome"])
    return Decision(outcome, table["by"], table["day"], table.get("reason", ""))


def _round(table: Table, folder: Path) -> Round:
    return Round(
        day=table["day"],
        submitted=table.get("submitted", True),
        statement=table.get("statement", ""),
        documents=_all(partial(_document, folder=folder), table.get("documents", [])),
        entities=_all(_entity, table.get("entities", [])),
        decision=_decision(table["decision"]) if "decision" in table else None,
    )


def _items(table: Table, position: Position, folder: Path) -> tuple[Item, ...]:
    rounds: dict[str, list[Round]] = {line.key: [] for line in position.blueprint}
    for turn in table["round"]:
        # An unknown requirement is a KeyError here: a typing mistake must not lose a document.
        rounds[turn["requirement"]].append(_round(turn, folder))
    return tuple(Item(key, tuple(turns)) for key, turns in rounds.items())


def _handover(table: Table, position: Position, folder: Path) -> Handover:
    return Handover(
        key=table["key"],
        leaver=table["leaver"],
        position=position.key,
        receivers=tuple(table["receivers"]),
        head=table["head"],
        start_day=table["started_in_working_days"],
        last_day=table["last_day_in_working_days"],
        completion_day=table.get("completed_in_working_days"),
        items=_items(table, position, folder),
        knowledge=_all(partial(_document, folder=folder), table.get("knowledge", [])),
        knowledge_day=table["knowledge_day"],
    )


def _question(table: Table) -> Question:
    return Question(
        text=table["text"],
        language=table["language"],
        file=table["file"],
        passage=table["passage"],
        page=table.get("page"),
        heading=table.get("heading"),
    )
