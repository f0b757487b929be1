"""Reading the model file."""

from __future__ import annotations

import numpy as np
import pytest

from indexing.packed_model import NotPackedModel, PackedModel
from tests.indexing import packed as made


@pytest.fixture(scope="module")
def file() -> made.Packed:
    return made.packed()


def test_shape_and_vocabulary_are_read(file: made.Packed) -> None:
    model = PackedModel(file.content)
    assert (model.shape.width, model.shape.layers, model.shape.heads) == (32, 2, 2)
    assert (model.shape.inner, model.shape.positions) == (64, 16)
    assert model.shape.epsilon == pytest.approx(made.EPSILON)
    assert model.shape.vocabulary == len(made.PIECES)
    assert list(model.vocabulary.pieces) == made.PIECES
    assert model.vocabulary.characters == made.CHARACTERS
    assert (model.vocabulary.begin, model.vocabulary.padding) == (0, 1)
    assert (model.vocabulary.end, model.vocabulary.unknown) == (2, 3)


def test_weights_are_what_was_packed(file: made.Packed) -> None:
    model = PackedModel(file.content)
    for name, weights in file.weights.items():
        if weights.ndim == 2:
            read = model.blocks(name, weights.shape[1]).matrix()
        else:
            read = model.vector(name)
        np.testing.assert_array_equal(read, weights, err_msg=name)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: b"", id="nothing"),
        pytest.param(lambda content: b"E5S2" + content[4:], id="another magic"),
        pytest.param(lambda content: content[:4] + b"\2" + content[5:], id="another version"),
        pytest.param(lambda content: content[:40] + b"\x10" + content[41:], id="other blocks"),
    ],
)
def test_another_file_is_refused(file: made.Packed, spoil) -> None:
    with pytest.raises(NotPackedModel):
        PackedModel(spoil(file.content))


def test_a_file_cut_short_anywhere_is_refused_and_nothing_else_happens(file: made.Packed) -> None:
    names = [name for name, weights in file.weights.items() if weights.ndim == 1]

    def read(content: bytes) -> None:
        model = PackedModel(content)
        for name in names:
            model.vector(name)

    read(file.content)
    for length in range(0, len(file.content), 97):
        with pytest.raises(NotPackedModel):
            read(file.content[:length])


@pytest.mark.parametrize("name", ["emb.word", "l9.q.b", ""])
def test_an_unknown_tensor_is_refused(file: made.Packed, name: str) -> None:
    with pytest.raises(NotPackedModel):
        PackedModel(file.content).vector(name)
