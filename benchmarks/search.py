"""Searching a large company over HTTP, against the bare parts a search is made of.

    .venv/bin/python benchmarks/search.py HANDBOOKS --passages 10000 100000 --work FOLDER

For each size a company is made (`large_company.py`), its index folded, and the portal's own web
server started on it. Measured are searches of four people who may read everything, a tenth, a
hundredth and a few passages; beside them, in the same run and on the same files, what a search
cannot do without: the encoding of the question, a search of the bare FAISS index, and one of the
bare tantivy index. What is made stays in FOLDER and is used again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import faiss
import numpy as np
import tantivy

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import large_company  # noqa: E402
from served import Client, served  # noqa: E402

from indexing.encoder import Encoder  # noqa: E402
from indexing.entry import FloatArray, IdArray  # noqa: E402
from indexing.generation import current_manifest  # noqa: E402
from indexing.index import Mode  # noqa: E402
from indexing.query import parse  # noqa: E402
from indexing.terms import terms_of  # noqa: E402
from indexing.vectors import map_rows  # noqa: E402
from indexing.words import SCHEMA, _analyzer  # noqa: E402
from portal import models  # noqa: E402
from portal.database import upgrade  # noqa: E402
from portal.resources import Resources  # noqa: E402
from portal.services import embeddings, findable_rows, index_rows  # noqa: E402
from portal.settings import Settings  # noqa: E402

QUESTIONS = 100
CLIENTS = 8
Figures = dict[str, float]


def main() -> None:
    """Measure every size and print a table each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("handbooks", type=Path, help="folder of Markdown files")
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    base = Settings.from_environment(os.environ)
    encoder = Encoder.load(base.model, base.model_folder, base.encoder_threads)
    real = large_company.real_passages(options.handbooks, encoder, options.work / "real")
    questions = large_company.questions(real, QUESTIONS)
    figures = {}
    for passages in options.passages:
        folder = options.work / str(passages)
        settings = Settings(data_folder=folder, model_folder=base.model_folder)
        made = make(settings, encoder, real, passages)
        figures[passages] = made | measure(settings, encoder, questions)
        print(f"\n{passages:,} passages")
        for name, value in figures[passages].items():
            print(f"  {name:<48} {value:>12,.3f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def make(settings: Settings, encoder: Encoder, real: large_company.Real, passages: int) -> Figures:
    """Make the company and its index, unless that was done before; return what it took."""
    written = settings.data_folder / "made.json"
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url)
    resources = _resources(settings)
    if written.exists():
        found: Figures = json.loads(written.read_text("utf-8"))
        return found
    begin = time.perf_counter()
    large_company.found(resources, encoder, large_company.Drawn(real, passages), passages)
    rows = time.perf_counter() - begin
    with resources.write() as uow:
        # As the reconciler does every hour.
        findable_rows.prune(uow)
    begin = time.perf_counter()
    index_rows.fold(resources)
    folded = time.perf_counter() - begin
    resources.close()
    size = sum(path.stat().st_size for path in settings.index_folder.rglob("*") if path.is_file())
    found = {"rows written, s": rows, "index folded, s": folded, "index on disk, MB": size / 1e6}
    written.write_text(json.dumps(found), "utf-8")
    return found


def measure(settings: Settings, encoder: Encoder, questions: Sequence[str]) -> Figures:
    """Return the figures of one size."""
    parts = bare(settings, encoder, questions)
    found = parts | recall(settings, encoder, questions)
    with served(settings) as server:
        for who in large_company.SHARES:
            client = Client(server.port, f"{who}@example.org", large_company.PASSWORD)
            client.search(questions[0])
            times = [client.search(question) for question in questions]
            found[f"HTTP, {who}, p50 ms"] = float(np.percentile(times, 50))
            found[f"HTTP, {who}, p95 ms"] = float(np.percentile(times, 95))
            answers = [client.answer(question) for question in questions[:30]]
            found[f"answer, {who}, p50 ms"] = float(np.percentile(answers, 50))
        found["HTTP p50 to bare parts"] = (
            found["HTTP, everything, p50 ms"] / parts["bare parts together, p50 ms"]
        )
        rate, times = together(server.port, questions)
        found[f"{CLIENTS} clients, searches a second"] = rate
        found[f"{CLIENTS} clients, p50 ms"] = float(np.percentile(times, 50))
        found[f"{CLIENTS} clients, p95 ms"] = float(np.percentile(times, 95))
        found["throughput to bare parts"] = rate / parts["bare parts, searches a second"]
        found["memory of the web server, MB"] = server.memory()
        found["sealed to found, s"] = sealed_to_found(settings, encoder, server.port)
    return found


def bare(settings: Settings, encoder: Encoder, questions: Sequence[str]) -> Figures:
    """Time the parts of a search on the largest segment's own files, without anything of ours."""
    segment = _largest(settings)
    # One thread for one question, as in the portal: several would only fight for the same cores.
    faiss.omp_set_num_threads(1)
    if (segment / "vectors.faiss").exists():
        vectors = faiss.read_index(str(segment / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)
    else:
        vectors = faiss.IndexFlatIP(encoder.dimension)
        vectors.add(map_rows(segment / "vectors.rows", encoder.dimension))
    words = tantivy.Index.open(str(segment / "words"))
    words.register_tokenizer("spaces", _analyzer())
    searcher = words.searcher()

    def ask_words(question: str) -> None:
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(SCHEMA, name, token, "freq"))
            for name, token in terms_of(parse(question))
        ]
        searcher.search(tantivy.Query.boolean_query(clauses), 10, count=False)

    asked = [encoder.encode_query(question) for question in questions]
    found = {
        "encoding the question, p50 ms": _p50(encoder.encode_query, questions),
        "bare FAISS, p50 ms": _p50(lambda vector: vectors.search(vector[None], 10), asked),
        "bare tantivy, p50 ms": _p50(ask_words, questions),
    }
    found["bare parts together, p50 ms"] = sum(found.values())

    def whole(question: str) -> None:
        vectors.search(encoder.encode_query(question)[None], 10)
        ask_words(question)

    with ThreadPoolExecutor(CLIENTS) as pool:
        begin = time.perf_counter()
        list(pool.map(whole, [*questions] * 3))
        found["bare parts, searches a second"] = 3 * len(questions) / (time.perf_counter() - begin)
    return found


def recall(settings: Settings, encoder: Encoder, questions: Sequence[str]) -> Figures:
    """Share of the ten exactly nearest passages that the vector half finds, for each person."""
    resources = _resources(settings)
    with resources.read() as uow:
        index = index_rows.caught_up(uow)
    segment = _largest(settings)
    rows = map_rows(segment / "vectors.rows", encoder.dimension)
    passages, readings = np.load(segment / "passages.npy"), np.load(segment / "readings.npy")
    found: Figures = {}
    for who, person in large_company.person_ids(resources).items():
        with resources.read(person) as uow:
            mine = findable_rows.scope(uow)
        allowed = mine.readings
        visible = np.flatnonzero(np.isin(readings, allowed))
        shares = []
        for question in questions[:50]:
            vector = encoder.encode_query(question)
            exact = set(passages[_nearest(rows, visible, vector)].tolist())
            hits = index.search(question, vector, allowed, 10, Mode.DENSE)
            shares.append(len(exact & {hit.passage_id for hit in hits}) / max(1, len(exact)))
        found[f"passages readable, {who}"] = float(visible.size)
        found[f"recall@10, {who}"] = float(np.mean(shares))
    resources.close()
    return found


def _nearest(rows: FloatArray, visible: IdArray, vector: FloatArray) -> IdArray:
    parts = [rows[part] @ vector for part in np.array_split(visible, len(visible) // 50_000 + 1)]
    return visible[np.argsort(-np.concatenate(parts), kind="stable")[:10]]


def together(port: int, questions: Sequence[str]) -> tuple[float, list[float]]:
    """Return searches a second of clients who never wait, and how long each took in ms."""
    clients = [
        Client(port, f"{who}@example.org", large_company.PASSWORD)
        for who in [*large_company.SHARES] * (CLIENTS // 4)
    ]

    def all_of(number: int) -> list[float]:
        turned = [*questions[number:], *questions[:number]]
        return [clients[number].search(question) for question in turned]

    with ThreadPoolExecutor(CLIENTS) as pool:
        begin = time.perf_counter()
        times = [each for part in pool.map(all_of, range(CLIENTS)) for each in part]
        return len(times) / (time.perf_counter() - begin), times


def sealed_to_found(settings: Settings, encoder: Encoder, port: int) -> float:
    """Seconds from the commit of a sealed document to a page that shows it."""
    word = f"Nachtrag{int(time.time())}"
    client = Client(port, "everything@example.org", large_company.PASSWORD)
    resources = _resources(settings)
    vector = encoder.encode_passages([word])[0]
    with resources.write() as uow:
        document = uow.session.get_one(models.Document, 1)
        new = models.Document(
            handover_id=document.handover_id, owner_id=document.owner_id, title=word
        )
        uow.session.add(new)
        uow.session.flush()
        version = models.Version(
            document_id=new.id, number=1, digest=f"{1:064x}", filename=word,
            uploaded_by_id=document.owner_id, sealed_by_id=document.owner_id,
            sealed_at=datetime.now(UTC),
        )  # fmt: skip
        uow.session.add(version)
        uow.session.flush()
        read = models.Reading(version_id=version.id, state=models.ReadingState.FINDABLE)
        uow.session.add(read)
        uow.session.flush()
        passage = models.Passage(
            reading_id=read.id, ordinal=0, kind="paragraph", text=word, embedding_text=word,
            place={}, first_block=0, last_block=0,
        )  # fmt: skip
        uow.session.add(passage)
        uow.session.flush()
        stored = embeddings.to_bytes(vector)
        uow.session.add(models.Embedding(passage_id=passage.id, model_id=1, vector=stored))
        embeddings.publish(uow.session, read.id, 1)
    begin = time.perf_counter()
    while word not in client.page(f"/search?{urlencode({'q': word})}").split("<main", 1)[1]:
        if time.perf_counter() - begin > 60:
            raise RuntimeError("never found")
    resources.close()
    return time.perf_counter() - begin


def _p50(act: Callable[..., object], items: Sequence[object]) -> float:
    times = []
    # Once before: what is mapped is then in memory, as it is for the portal, asked after this.
    for item in items:
        act(item)
    for item in items:
        begin = time.perf_counter()
        act(item)
        times.append(time.perf_counter() - begin)
    return float(1000 * np.percentile(times, 50))


def _largest(settings: Settings) -> Path:
    with _resources(settings).read() as uow:
        model = embeddings.active_model(uow.session)
        assert model is not None
        folder = uow.resources.index_folder(model.identity)
    manifest = current_manifest(folder)
    assert manifest is not None
    record = max(manifest.segments, key=lambda each: each.passages)
    return folder / "generations" / f"{manifest.generation:06}" / record.name


def _resources(settings: Settings) -> Resources:
    def send(_: object) -> None:
        """No worker is there."""

    return Resources(settings, send)


if __name__ == "__main__":
    main()
