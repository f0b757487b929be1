"""`handover evaluate`: figures for a folder of questions, or a sentence that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli.commands import handover
from tests.indexing.test_evaluation import DOCUMENTS, beir


def run(model_folder: Path, data: Path, *arguments: str) -> Result:
    return CliRunner(catch_exceptions=False).invoke(
        handover,
        ["evaluate", *arguments],
        env={"HANDOVER_DATA_FOLDER": str(data), "HANDOVER_MODEL_FOLDER": str(model_folder)},
    )


def test_it_needs_no_portal_and_leaves_nothing_behind(tmp_path: Path, model_folder: Path) -> None:
    folder, data = str(beir(tmp_path / "set")), tmp_path / "data"
    done = run(model_folder, data, folder, "--json", "--mode", "lexical", "--limit", "2")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert (figures["set"], figures["mode"], figures["questions"]) == ("set", "lexical", 2)
    assert figures["ndcg@10"] == figures["hit@1"] == figures["recall@100"] == 1
    assert figures["tokens_per_second"] > 0
    assert 0 < figures["query_ms_p50"] <= figures["query_ms_p95"]
    assert done.stderr == ""
    assert not data.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "does not exist"),
        (["."], "not a folder in the BEIR layout"),
        (["set/corpus.jsonl"], "is a file"),
        (["set", "--mode", "both"], "'both' is not one of"),
        (["set", "--limit", "0"], "not in the range"),
        (["broken"], "corpus.jsonl, line 1: not JSON"),
        ([], "Missing argument 'DIR'"),
    ],
)
def test_misuse_is_a_sentence_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    beir(tmp_path / "set", DOCUMENTS)
    beir(tmp_path / "broken", "no json\n")
    monkeypatch.chdir(tmp_path)
    done = run(tmp_path / "model", tmp_path / "data", *arguments)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "model").exists()
