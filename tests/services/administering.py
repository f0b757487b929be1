"""What tests of the administration share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from portal.errors import InvalidInput
from portal.models import Event
from tests.company import Company


@contextmanager
def refused(*expected: tuple[str, str]) -> Iterator[None]:
    """Expect a form to be refused for exactly these fields and reasons."""
    with pytest.raises(InvalidInput) as caught:
        yield
    found = {(problem.field, problem.code) for problem in caught.value.problems}
    assert found == set(expected)


def facts(company: Company, kind: str) -> list[dict[str, object]]:
    """Facts of the events of a kind, oldest first."""
    with company.resources.read() as uow:
        return list(
            uow.session.scalars(select(Event.facts).where(Event.kind == kind).order_by(Event.id))
        )
