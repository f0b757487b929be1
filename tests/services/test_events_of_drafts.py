"""The log of a case tells nobody about drafts that are not theirs."""

from __future__ import annotations

import io

import pytest

from portal.services import documents, events, uploads
from portal.services.uploads import Arrival, ToHandover
from tests.company import Company


def kinds(company: Company, name: str, case: str) -> set[str]:
    with company.looking(name) as uow:
        return {event.kind for event in events.of_handover(uow, case, 1).events}


@pytest.mark.parametrize("name", ["receiver", "head", "chief"])
def test_a_draft_is_in_the_log_of_others_only_when_sealed(company: Company, name: str) -> None:
    case = company.handover()
    blob = uploads.store(company.resources, io.BytesIO(b"what I know"), 1000)
    with company.acting("leaver") as uow:
        version = uploads.add(uow, ToHandover(case), Arrival(blob, "secret plan.txt", None))
        document_id = version.document.public_id
    drafts = {"document_added", "version_uploaded"}
    assert kinds(company, "leaver", case) & drafts
    assert kinds(company, "hr", case) & drafts
    assert not kinds(company, name, case) & drafts
    with company.acting("leaver") as uow:
        documents.submit_extra(uow, document_id)
    assert kinds(company, name, case) & drafts
