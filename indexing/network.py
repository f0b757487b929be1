"""The network of the bundled model as an ONNX graph: a BERT, mean pooling, unit length.

What the last layer says of each token can be had as well: questions and sentences are compared word
by word with it (`indexing/late.py`).

Written node by node instead of traced from a torch model: the build then takes a second, needs no
torch, and places each quantisation where it is wanted. Inputs of a matrix are quantised token by
token. The runtime's own dynamic quantisation takes one scale for a whole batch, so that a text's
vector depends on its neighbours; it is a tenth faster and three times as far from float32
(docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from indexing.entry import FloatArray
from indexing.packed_model import PackedModel

IDS, MASK, VECTORS = "input_ids", "attention_mask", "sentence_embedding"
TOKENS = "token_embeddings"

# Layer normalisation came with 17, GELU with 20; IR 10 belongs to them.
_OPERATORS, _IR = 20, 10
_RUNTIME = "com.microsoft"
# Taken from the attention of padding: e to the power of what is left is 0 in float32.
_HIDDEN = 1e9
# Values of a byte are symmetric to 0: ±127, for inputs moved to 1…255, which is what processors
# multiply fastest.
_LARGEST, _MIDDLE = 127, 128


def network(model: PackedModel, quantised: bool) -> onnx.ModelProto:
    """Return the graph: token ids and mask, int64 (n, length), to unit vectors, float32 (n, d), and
    to what stands behind them, float32 (n, length, d), which costs nothing unless it is asked for.

    Quantised, its matrices are int8 with a scale for each output, their inputs bytes with a scale
    for each token, and the embedding table keeps the precision it has in the file. Otherwise all is
    float32: the reference to compare with. Raises NotPackedModel when a tensor is missing.
    """
    builder = _Builder(model, quantised)
    builder.build()
    return builder.graph.model(model.shape.width)


@dataclass(slots=True)
class _Graph:
    """Nodes and constants, collected."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, values: NDArray[Any] | np.generic) -> str:
        """Add a constant, once for each name; return the name."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        output = output or f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def once(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node unless its output is there already; return the output's name."""
        if any(output in node.output for node in self.nodes):
            return output
        return self.node(kind, inputs, output, **attributes)

    def thirds(self, joined: str) -> list[str]:
        """Split the last axis into three."""
        outputs = [f"Split.{len(self.nodes)}.{part}" for part in range(3)]
        self.nodes.append(helper.make_node("Split", [joined], outputs, axis=-1, num_outputs=3))
        return outputs

    def model(self, width: int) -> onnx.ModelProto:
        """Return everything as a model."""
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
            for name in (IDS, MASK)
        ]
        outputs = [
            helper.make_tensor_value_info(VECTORS, TensorProto.FLOAT, ["texts", width]),
            helper.make_tensor_value_info(TOKENS, TensorProto.FLOAT, ["texts", "tokens", width]),
        ]
        graph = helper.make_graph(
            self.nodes, "encoder", inputs, outputs, list(self.constants.values())
        )
        operators = [helper.make_opsetid("", _OPERATORS), helper.make_opsetid(_RUNTIME, 1)]
        return helper.make_model(graph, opset_imports=operators, ir_version=_IR)


@dataclass(slots=True)
class _Builder:
    """Writes one packed model into a graph."""

    packed: PackedModel
    quantised: bool
    graph: _Graph = field(default_factory=_Graph)

    def build(self) -> None:
        """Write all of it."""
        visible = self.graph.node("Cast", [MASK], to=TensorProto.FLOAT)
        hidden = self._hidden(visible)
        states = self._embedded()
        for layer in range(self.packed.shape.layers):
            attended = self._attention(states, hidden, f"l{layer}.")
            states = self._normal(self._sum(states, attended), f"l{layer}.aln")
            thought = self._inner(states, f"l{layer}.")
            states = self._normal(self._sum(states, thought), f"l{layer}.oln")
        self._pooled(states, visible)

    def _hidden(self, visible: str) -> str:
        graph = self.graph
        less_one = graph.node("Sub", [visible, graph.constant("one", np.float32(1))])
        penalty = graph.node("Mul", [less_one, graph.constant("hidden", np.float32(_HIDDEN))])
        return graph.node("Unsqueeze", [penalty, graph.constant("axes12", np.array([1, 2]))])

    def _embedded(self) -> str:
        graph, width = self.graph, self.packed.shape.width
        table = self.packed.vector("emb.pos").reshape(-1, width)
        # Every token is of the first kind: there is one sentence.
        table = table + self.packed.vector("emb.type")[:width]
        length = graph.node("Shape", [IDS], start=1, end=2)
        first = graph.constant("first", np.array([0]))
        places = graph.node("Slice", [graph.constant("places", table), first, length])
        states = self._normal(self._sum(self._pieces(), places), "emb.ln")
        return self._listed(states)

    def _pieces(self) -> str:
        graph, blocks = self.graph, self.packed.blocks("emb.word", self.packed.shape.width)
        if not self.quantised:
            return graph.node("Gather", [graph.constant("pieces", blocks.matrix()), IDS])
        # As int8 with the scales it had: nothing is lost, and only the rows asked for are read.
        values = graph.node("Gather", [graph.constant("pieces", blocks.values), IDS])
        halves = blocks.scales.astype(np.float16)
        scales = graph.node("Gather", [graph.constant("pieces.scales", halves), IDS])
        floats = [graph.node("Cast", [name], to=TensorProto.FLOAT) for name in (values, scales)]
        width = np.array([0, 0, self.packed.shape.width])
        return graph.node("Reshape", [graph.node("Mul", floats), graph.constant("width", width)])

    def _attention(self, states: str, hidden: str, layer: str) -> str:
        graph, shape = self.graph, self.packed.shape
        joined = self._linear(states, [f"{layer}{part}" for part in "qkv"], shape.width)
        queries, keys, values = graph.thirds(joined)
        products = graph.node("MatMul", [self._heads(queries), self._heads(keys, turned=True)])
        scale = np.float32((shape.width // shape.heads) ** -0.5)
        scaled = graph.node("Mul", [products, graph.constant("scale", scale)])
        shares = graph.node("Softmax", [self._sum(scaled, hidden)], axis=-1)
        mixed = graph.node("MatMul", [shares, self._heads(values)])
        context = self._listed(graph.node("Transpose", [mixed], perm=[0, 2, 1, 3]))
        return self._linear(context, [f"{layer}ao"], shape.width)

    def _heads(self, states: str, turned: bool = False) -> str:
        """Arrange the list of tokens as (text, head, token, part of the head)."""
        shape = self.packed.shape
        parts = self._by_text(states, "heads", [shape.heads, shape.width // shape.heads])
        order = [0, 2, 3, 1] if turned else [0, 2, 1, 3]
        return self.graph.node("Transpose", [parts], perm=order)

    def _listed(self, states: str) -> str:
        """Arrange as one list of tokens (texts × tokens, width): matrices know of no texts."""
        width = np.array([-1, self.packed.shape.width])
        return self.graph.node("Reshape", [states, self.graph.constant("list", width)])

    def _by_text(self, states: str, name: str, last: Sequence[int], output: str = "") -> str:
        """Arrange as (text, token, *last)."""
        graph = self.graph
        sizes = [graph.once("Shape", [IDS], "texts.tokens"), graph.constant(name, np.array(last))]
        shape = graph.once("Concat", sizes, f"by.{name}", axis=0)
        return graph.node("Reshape", [states, shape], output)

    def _inner(self, states: str, layer: str) -> str:
        shape = self.packed.shape
        wide = self._linear(states, [f"{layer}fi"], shape.width)
        return self._linear(self.graph.node("Gelu", [wide]), [f"{layer}fo"], shape.inner)

    def _linear(self, states: str, names: Sequence[str], columns: int) -> str:
        """Multiply with the matrices of the names side by side, and add their biases."""
        graph, name = self.graph, names[0]
        weights = np.concatenate(
            [self.packed.blocks(f"{each}.w", columns).matrix() for each in names]
        ).T
        bias = graph.constant(
            f"{name}.b", np.concatenate([self.packed.vector(f"{each}.b") for each in names])
        )
        if self.quantised:
            product = self._product(states, weights, name)
        else:
            product = graph.node("MatMul", [states, graph.constant(f"{name}.w", weights)])
        return self._sum(product, bias)

    def _product(self, states: str, weights: FloatArray, name: str) -> str:
        """Multiply bytes with bytes; a token's scale comes back after the product."""
        graph = self.graph
        last = graph.constant("last", np.array([-1]))
        largest = graph.node("ReduceMax", [graph.node("Abs", [states]), last], keepdims=0)
        # A token of zeros has the scale 0: whatever its bytes become, times 0 is right again.
        scale = graph.node("Mul", [largest, graph.constant("step", np.float32(1 / _LARGEST))])
        count = graph.once("Shape", [scale], "tokens")
        middles = helper.make_tensor("middle", TensorProto.UINT8, [1], [_MIDDLE])
        middle = graph.once("ConstantOfShape", [count], "middles", value=middles)
        given = graph.node("QuantizeLinear", [states, scale, middle], axis=0)
        values, steps = quantise(weights)
        factors = [graph.constant("one", np.float32(1)), graph.constant(f"{name}.s", steps)]
        inputs = [given, graph.constant(f"{name}.w", values), *factors]
        centre = graph.constant("centre", np.uint8(_MIDDLE))
        product = graph.node("MatMulIntegerToFloat", [*inputs, centre], domain=_RUNTIME)
        return graph.node("Mul", [product, graph.node("Unsqueeze", [scale, last])])

    def _normal(self, states: str, name: str) -> str:
        graph = self.graph
        stored = [graph.constant(f"{name}.{p}", self.packed.vector(f"{name}.{p}")) for p in "wb"]
        epsilon = self.packed.shape.epsilon
        return graph.node("LayerNormalization", [states, *stored], axis=-1, epsilon=epsilon)

    def _pooled(self, states: str, visible: str) -> None:
        # The sum over the visible tokens; unit length makes a mean of it.
        graph = self.graph
        axis = graph.constant("axis1", np.array([1]))
        row = graph.node("Unsqueeze", [visible, axis])
        texts = self._by_text(states, "text", [self.packed.shape.width], TOKENS)
        total = graph.node("Squeeze", [graph.node("MatMul", [row, texts]), axis])
        graph.node("LpNormalization", [total], VECTORS, axis=-1, p=2)

    def _sum(self, one: str, other: str) -> str:
        return self.graph.node("Add", [one, other])


def quantise(weights: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """Return int8 values and float32 scales, one a column, whose product is nearest the weights."""
    scales = (np.abs(weights).max(axis=0) / _LARGEST).astype(np.float32)
    scales[scales == 0] = 1
    values = np.rint(weights / scales).clip(-_LARGEST, _LARGEST)
    return values.astype(np.int8), scales
