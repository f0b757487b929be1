"""A portal whose index stands in Milvus: found at once, folded, verified, changed to a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from indexing import milvus_client
from indexing.encoder import Encoder
from indexing.shelf import IndexUnreachable
from portal.cli.check import State
from portal.cli.check import index as check
from portal.cli.errors import sentence_for
from portal.errors import NotReady
from portal.models import Embedding, Passage
from portal.services import embeddings, index_rows, reconciling, reembedding, search
from portal.services.search_scope import SearchForm
from tests.services.conftest import Desk
from tests.services.test_index_rows import fill
from tests.services.test_reembedding import Small, active, name, nearest, run
from tests.services.test_verifying import verdict

# Nothing here is a matter of the database.
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture
def remote(desk: Desk, tmp_path: Path) -> Desk:
    """A desk of such a portal."""
    resources = desk.resources
    resources.settings = replace(resources.settings, index=f"milvus+file://{tmp_path}/lite.db")
    return desk


def test_a_document_s_way(remote: Desk, case: str, encoder: Encoder) -> None:
    fill(remote, case, 3)
    assert remote.found("bravo") == ["文件 bravo"]
    manifest = index_rows.fold(remote.resources)
    assert manifest is not None
    assert (manifest.passages, manifest.watermark) == (3, 3)
    assert not list(remote.resources.settings.index_folder.rglob("*.npy"))
    fill(remote, case, 1, 3)
    for word in ("bravo", "delta"):
        assert remote.found(word) == [f"文件 {word}"]
    found = verdict(remote)
    assert (found.sound, found.sampled) == (True, 4)
    with remote.resources.write() as uow:
        first = uow.session.scalars(select(Passage.id).order_by(Passage.id)).first()
        other = embeddings.to_bytes(np.roll(encoder.encode_query("另外"), 7))
        changed = update(Embedding).where(Embedding.passage_id == first).values(vector=other)
        uow.session.execute(changed)
    assert verdict(remote).passages == (first,)
    # Another model: collections of its own, and those of the old one go with its vectors.
    small = Small()
    name(remote, "/srv/small", small)
    reconciling.reconcile(remote.resources)
    run(remote)
    assert active(remote) == "small model"
    assert nearest(remote, "文件 bravo") == 2
    remote.resources.clock.move(days=reembedding.KEPT_DAYS)  # type: ignore[attr-defined]
    reembedding.sweep(remote.resources)
    assert remote.resources.shelf(encoder.identity, encoder.dimension).manifest() is None
    assert verdict(remote).sound


def test_without_an_answer_searches_say_so_and_files_are_read(
    remote: Desk, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(remote, case, 1)

    def silent(url: str) -> None:
        raise IndexUnreachable("nobody there")

    monkeypatch.setattr("indexing.milvus_shelf.connected", silent)
    milvus_client.connected.cache_clear()
    with pytest.raises(NotReady) as caught, remote.company.looking("leaver") as uow:
        search.search(uow, SearchForm("文件"))
    assert caught.value.code == "index_unreachable"
    assert "nobody there" in str(sentence_for(caught.value))
    reconciling.reconcile(remote.resources)
    version = fill(remote, case, 1, 1)[0]
    assert remote.reading(version).finished
    assert check(remote.resources.settings).state is State.FAIL
    assert "Start Milvus" in str(sentence_for(IndexUnreachable("why")))
