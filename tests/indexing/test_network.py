"""The graph computes what a BERT computes, written out here once more in plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import onnxruntime
import pytest

from indexing.network import TOKENS, VECTORS, network, quantise
from indexing.packed_model import PackedModel
from tests.indexing import packed as made

TEXTS = [[0, 5, 8, 2], [0, 6, 5, 8, 9, 11, 3, 2], [0, 2]]


@pytest.fixture(scope="module")
def file() -> made.Packed:
    return made.packed()


def session(
    file: made.Packed, quantised: bool, precision: str = "0"
) -> onnxruntime.InferenceSession:
    graph = network(PackedModel(file.content), quantised).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", precision)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run(runtime: onnxruntime.InferenceSession, texts: list[list[int]]) -> np.ndarray:
    longest = max(map(len, texts))
    ids = np.array([text + [1] * (longest - len(text)) for text in texts], np.int64)
    mask = np.array([[1] * len(text) + [0] * (longest - len(text)) for text in texts], np.int64)
    (vectors,) = runtime.run([VECTORS], {"input_ids": ids, "attention_mask": mask})
    return vectors


def normal(states: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = states - states.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + made.EPSILON)
    return centred / spread * weights[f"{name}.w"] + weights[f"{name}.b"]


def by_hand(weights: dict[str, np.ndarray], text: list[int]) -> np.ndarray:
    mean = states_by_hand(weights, text).mean(0)
    return mean / np.linalg.norm(mean)


def states_by_hand(weights: dict[str, np.ndarray], text: list[int]) -> np.ndarray:
    def linear(states: np.ndarray, name: str) -> np.ndarray:
        return states @ weights[f"{name}.w"].T + weights[f"{name}.b"]

    places = weights["emb.pos"].reshape(-1, made.WIDTH)[: len(text)]
    kind = weights["emb.type"][: made.WIDTH]
    states = normal(weights["emb.word"][text] + places + kind, weights, "emb.ln")
    size = made.WIDTH // made.HEADS
    for layer in range(made.LAYERS):
        name = f"l{layer}"
        parts = []
        for head in range(made.HEADS):
            q, k, v = (
                linear(states, f"{name}.{part}")[:, head * size : (head + 1) * size]
                for part in "qkv"
            )
            scores = np.exp(q @ k.T / math.sqrt(size))
            parts.append(scores / scores.sum(-1, keepdims=True) @ v)
        attended = linear(np.concatenate(parts, -1), f"{name}.ao")
        states = normal(states + attended, weights, f"{name}.aln")
        wide = linear(states, f"{name}.fi")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        states = normal(states + linear(wide, f"{name}.fo"), weights, f"{name}.oln")
    return states


def test_without_quantisation_it_is_the_network_exactly(file: made.Packed) -> None:
    expected = np.stack([by_hand(file.weights, text) for text in TEXTS])
    np.testing.assert_allclose(run(session(file, quantised=False), TEXTS), expected, atol=2e-6)


def test_it_tells_of_each_token_what_the_vector_is_the_mean_of(file: made.Packed) -> None:
    given = {"input_ids": np.array([TEXTS[1]]), "attention_mask": np.ones((1, 8), np.int64)}
    (states,) = session(file, quantised=False).run([TOKENS], given)
    np.testing.assert_allclose(states[0], states_by_hand(file.weights, TEXTS[1]), atol=2e-5)


def test_quantised_it_stays_close_and_of_unit_length(file: made.Packed) -> None:
    expected = np.stack([by_hand(file.weights, text) for text in TEXTS])
    vectors = run(session(file, quantised=True), TEXTS)
    assert ((vectors * expected).sum(1) > 0.999).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("quantised", [False, True])
def test_neighbours_and_padding_change_nothing(file: made.Packed, quantised: bool) -> None:
    runtime = session(file, quantised)
    together = run(runtime, TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(run(runtime, [text])[0], vector, atol=1e-6)


def test_processors_without_vnni_compute_the_same(file: made.Packed) -> None:
    fast, wide = (run(session(file, quantised=True, precision=value), TEXTS) for value in "01")
    np.testing.assert_allclose(fast, wide, atol=1e-6)


def test_quantising_keeps_every_column_within_half_a_step() -> None:
    weights = np.random.default_rng(3).normal(0, 1, (40, 7)).astype(np.float32)
    weights[:, 3] = 0
    weights[:, 4] *= 1000
    values, scales = quantise(weights)
    assert values.dtype == np.int8
    assert (np.abs(values * scales - weights) <= scales * 0.5 + 1e-6).all()
    assert not values[:, 3].any()
