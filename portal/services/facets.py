"""Facets: what the filters of a search offer, with the number of documents behind each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from indexing.entry import IdArray
from portal.findable import Choice, Choices, Facets, Mask, Scope
from portal.models import Handover, Person, Position
from portal.services.search_scope import LANGUAGES, SearchForm, masks
from portal.unit_of_work import UnitOfWork

# A list somebody can still look through; whoever wants another value narrows down by other filters.
MOST = 50


def facets(uow: UnitOfWork, scope: Scope, form: SearchForm) -> Facets:
    """Counts of documents for each filter, as if that filter alone were not set."""
    return scope.facets.of(form.filters, lambda: _counted(uow, scope, form))


def _counted(uow: UnitOfWork, scope: Scope, form: SearchForm) -> Facets:
    everything = scope.everything
    narrowed = masks(uow, everything, form)
    positions = _by(scope, everything.positions, _without("position", scope, narrowed))
    handovers = _by(scope, everything.handovers, _without("handover", scope, narrowed))
    people = _by(scope, everything.people, _without("person", scope, narrowed))
    kinds = _by(scope, everything.kinds, _without("kind", scope, narrowed))
    accepted = _without("verified", scope, narrowed)
    return Facets(
        positions=_listed(uow, positions, _positions(), form.position),
        handovers=_listed(uow, handovers, _handovers(), form.handover),
        kinds=_words({everything.kind_words[at]: count for at, count in kinds.items()}),
        languages=_languages(scope, _without("language", scope, narrowed)),
        people=_listed(uow, people, _people(), form.person),
        verified=_documents(scope, accepted[everything.verified[accepted]]),
    )


def _without(name: str, scope: Scope, narrowed: Mapping[str, Mask]) -> IdArray:
    """Rows of the scope that pass every filter but one."""
    rows = scope.rows
    for other, fits in narrowed.items():
        if other != name:
            rows = rows[fits[rows]]
    return rows


def _by(scope: Scope, column: IdArray, rows: IdArray) -> dict[int, int]:
    """How many documents there are for each value of a column."""
    documents = scope.everything.documents[rows]
    beyond = int(documents.max()) + 1 if rows.size else 1
    # A document counts once for a value, whatever number of versions it has.
    pairs = np.unique(column[rows] * beyond + documents)
    values, counts = np.unique(pairs // beyond, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _documents(scope: Scope, rows: IdArray) -> int:
    return int(np.unique(scope.everything.documents[rows]).size)


def _listed(
    uow: UnitOfWork, counted: Mapping[int, int], labels: Select[*tuple[Any, ...]], chosen: str
) -> Choices:
    """The values with the most documents and the chosen one, with their public ids and labels."""
    most = sorted(counted, key=lambda at: (-counted[at], at))[:MOST]
    table = labels.selected_columns[0].table
    wanted = table.c.id.in_(most) | (table.c.public_id == chosen)
    rows = uow.session.execute(labels.where(wanted)).all()
    found = [
        Choice(row[1], _label(tuple(row)[2:]), counted[row[0]]) for row in rows if row[0] in counted
    ]
    return Choices(_in_order(found), len(counted) - len(found))


def _label(parts: tuple[Any, ...]) -> str:
    """A case is named by its leaver, its position, and the year, as a person would tell it."""
    return ", ".join(part if isinstance(part, str) else str(part.year) for part in parts)


def _positions() -> Select[*tuple[Any, ...]]:
    return select(Position.id, Position.public_id, Position.name)


def _people() -> Select[*tuple[Any, ...]]:
    return select(Person.id, Person.public_id, Person.name)


def _handovers() -> Select[*tuple[Any, ...]]:
    leaver = aliased(Person)
    return (
        select(Handover.id, Handover.public_id, leaver.name, Position.name, Handover.last_day)
        .join(leaver, Handover.leaver_id == leaver.id)
        .join(Position, Handover.position_id == Position.id)
    )


def _languages(scope: Scope, rows: IdArray) -> Choices:
    everything = scope.everything
    found: dict[str, int] = {}
    for name, words in LANGUAGES.items():
        numbers = [at for at, word in enumerate(everything.language_words) if word in words]
        count = _documents(scope, rows[np.isin(everything.languages[rows], numbers)])
        if count:
            found[name] = count
    return _words(found)


def _words(counted: Mapping[str, int]) -> Choices:
    """Values that are words of the portal: templates know how they are said."""
    return Choices(_in_order([Choice(word, word, count) for word, count in counted.items()]))


def _in_order(found: list[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(found, key=lambda choice: (-choice.count, choice.label, choice.value)))
