"""Verifying finds every passage that would not be found, and says which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from indexing.words import WordSearcher, WordWriter
from portal.models import Embedding, Passage
from portal.services import embeddings, index_rows, verifying
from tests.services.conftest import Desk
from tests.services.test_index_rows import fill


def verdict(desk: Desk) -> verifying.Verdict:
    with desk.resources.read() as uow:
        return verifying.verify(uow)


def test_everything_is_looked_at_and_some_is_searched_for(
    desk: Desk, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk, case, 4)
    index_rows.fold(desk.resources)
    fill(desk, case, 2, 4)
    assert verdict(desk) == verifying.Verdict(sampled=6)
    monkeypatch.setattr(verifying, "SAMPLES", 3)
    assert verdict(desk) == verifying.Verdict(sampled=3)


def test_a_vector_that_is_another_one(desk: Desk, case: str) -> None:
    versions = fill(desk, case, 4)
    index_rows.fold(desk.resources)
    with desk.resources.write() as uow:
        passages = uow.session.scalars(select(Passage.id).order_by(Passage.id)).all()
        other = np.roll(desk.resources.encoder.encode_query("另外"), 7)
        uow.session.execute(
            update(Embedding)
            .where(Embedding.passage_id == passages[1])
            .values(vector=embeddings.to_bytes(other))
        )
    found = verdict(desk)
    assert (found.wrong, found.unfound, found.sound) == (1, 1, False)
    assert (found.passages, found.versions) == ((passages[1],), (versions[1],))


@pytest.mark.parametrize("folded", [True, False])
def test_words_that_were_lost(
    desk: Desk, case: str, monkeypatch: pytest.MonkeyPatch, folded: bool
) -> None:
    add = WordWriter.add

    def losing(self: WordWriter, ordinal: int, *arguments: Any) -> None:
        # The document of one passage, and the words alone of another.
        if ordinal == 1:
            arguments = (arguments[0], "", "")
        if ordinal != 2 or not folded:
            add(self, ordinal, *arguments)

    versions = fill(desk, case, 4)
    monkeypatch.setattr(WordWriter, "add", losing)
    # The folder refuses to open a segment with fewer documents than passages; without that check
    # the lost one shows all the same.
    monkeypatch.setattr(WordSearcher, "passages", 4)
    if folded:
        index_rows.fold(desk.resources)
    found = verdict(desk)
    assert (found.wordless, found.unfound) == ((1, 2) if folded else (0, 1))
    assert versions[1] in found.versions
