"""Builds a sentence model's graph from its published weights, and packs it into eight bits.

The small model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): BERT with 6 layers of 384 and 12 heads (Devlin et
al., 2019; Wang et al., MiniLM, 2020). The large one is sentence-transformers/all-mpnet-base-v2 (Apache-2.0): 12 layers of
768, which see how far apart two tokens stand (Song et al., MPNet, 2020; Raffel et al., T5, 2020). The packages are only
carriers of the weights: they are never imported, and weights are refused when their hash is not that of the published
revision.

The graph gives each token's state in the kept layers: the last, whose mean over a text is the published vector, and two
before it, which keep more of the wording and tell near neighbours apart better (as layers in the middle do: Liu et al.,
"Linguistic Knowledge and Transferability of Contextual Representations", NAACL 2019).
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata
from safetensors.numpy import load_file

from nlu.sentences import LARGE, MOST_TOKENS, SMALL, Published

FAR = 128
"""From so many tokens on, all distances are one to the large model."""


class ModelRefused(Exception):
    """The weights are not those that were published."""


def install(files: Sequence[Path], published: Published, graph: Path, tokenizer: Path) -> None:
    """Build the graph, and put the tokenizer beside it, from what the carriers hold. Raises ModelRefused."""
    graph.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=graph.parent) as name:
        folder = Path(name)
        if len(files) > 2:
            with zipfile.ZipFile(io.BytesIO(b"".join(each.read_bytes() for each in files))) as archive:
                wanted = [f"{published.name}/{each}" for each in ("model.safetensors", "tokenizer.json")]
                files = [Path(archive.extract(each, folder)) for each in wanted]
        build(files[0], graph, published)
        new = folder / "tokenizer.json"
        shutil.copyfile(files[1], new)
        new.replace(tokenizer)


def build(
    weights: Path, target: Path, published: Published = SMALL, *, changes: Mapping[str, np.ndarray] | None = None
) -> None:
    """Write the eight-bit graph; the file appears whole or not at all. Raises ModelRefused.

    `changes` are added to the weights of these names.
    """
    with weights.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != published.sha256:
        reinstall = " and ".join(published.carriers)
        raise ModelRefused(f"{weights.name} is not the published {published.name}; reinstall {reinstall}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may build it at once, so each has its own names.
    whole, packed = target.with_suffix(f".{os.getpid()}.whole"), target.with_suffix(f".{os.getpid()}.new")
    values = load_file(weights)
    for name, change in (changes or {}).items():
        values[name] = values[name] + change
    model = graph(values, published)
    # It has nothing to infer or to merge beforehand; without this mark the packing warns that nobody did.
    add_pre_process_metadata(model)
    onnx.save(model, whole)
    del model, values
    quantize_dynamic(
        whole,
        packed,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=[f"encoder.layer.{layer - 1}.output.dense" for layer in published.precise_layers],
    )
    whole.unlink()
    packed.replace(target)


def graph(weights: dict[str, np.ndarray], published: Published) -> onnx.ModelProto:
    """The graph in 32 bits: (token ids, attention mask), both [texts, tokens] -> [texts, tokens, kept layers, width]."""
    builder = (_MPNet if published.name == LARGE.name else _Bert)(weights, published)
    states = builder.build()
    shape = ["texts", "tokens", len(published.kept_layers), published.width]
    model = helper.make_model(
        helper.make_graph(
            builder.nodes,
            published.name,
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", "tokens"]),
            ],
            [helper.make_tensor_value_info(states, TensorProto.FLOAT, shape)],
            builder.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


class _Builder:
    """Adds nodes one after another; each method returns the name of what it computes."""

    attention: Mapping[str, str]
    """The names of the attention's weights within a layer."""
    epsilon: float

    def __init__(self, weights: dict[str, np.ndarray], published: Published) -> None:
        self._weights, self._published = weights, published
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._count = 0

    def build(self) -> str:
        length = self.op("Slice", self.op("Shape", "ids"), self.ints([1]), self.ints([2]))
        tokens = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), "ids")
        hidden = self.norm(self.placed(tokens, length), "embeddings.LayerNorm")
        hiding = self.op("Mul", self.op("Sub", self.number(1.0), "mask"), self.number(-1e9))
        bias = self.biased(self.op("Unsqueeze", hiding, self.ints([1, 2])), length)
        kept = []
        for layer in range(self._published.layers):
            hidden = self.layer(hidden, bias, f"encoder.layer.{layer}")
            if layer + 1 in self._published.kept_layers:
                kept.append(self.op("Unsqueeze", hidden, self.ints([2])))
        return self.op("Concat", *kept, axis=2)

    def placed(self, tokens: str, length: str) -> str:
        """The tokens' vectors, with what is added to each for where it stands."""
        raise NotImplementedError

    def biased(self, hiding: str, length: str) -> str:
        """What is added to the attention's scores."""
        return hiding

    def layer(self, hidden: str, bias: str, name: str) -> str:
        query, key, value = (
            self.heads(self.dense(hidden, f"{name}.{self.attention[part]}")) for part in ("query", "key", "value")
        )
        width, heads = self._published.width, self._published.heads
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.op("Div", scores, self.number(np.sqrt(width / heads)))
        attention = self.op("Softmax", self.op("Add", scores, bias), axis=-1)
        context = self.op("Transpose", self.op("MatMul", attention, value), perm=[0, 2, 1, 3])
        context = self.op("Reshape", context, self.ints([0, 0, width]))
        attended = self.op("Add", self.dense(context, f"{name}.{self.attention['output']}"), hidden)
        attended = self.norm(attended, f"{name}.{self.attention['norm']}")
        inner = self.dense(attended, f"{name}.intermediate.dense")
        erf = self.op("Erf", self.op("Div", inner, self.number(np.sqrt(2))))
        inner = self.op("Mul", self.op("Mul", inner, self.number(0.5)), self.op("Add", erf, self.number(1.0)))
        return self.norm(self.op("Add", self.dense(inner, f"{name}.output.dense"), attended), f"{name}.output.LayerNorm")

    def heads(self, hidden: str) -> str:
        heads = self._published.heads
        split = self.op("Reshape", hidden, self.ints([0, 0, heads, self._published.width // heads]))
        return self.op("Transpose", split, perm=[0, 2, 1, 3])

    def dense(self, hidden: str, name: str) -> str:
        product = self.op("MatMul", hidden, self.constant(np.ascontiguousarray(self._weights[f"{name}.weight"].T)))
        self.nodes[-1].name = name
        return self.op("Add", product, self.weight(f"{name}.bias"))

    def norm(self, hidden: str, name: str) -> str:
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", hidden, weight, bias, axis=-1, epsilon=self.epsilon)

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


class _Bert(_Builder):
    attention: ClassVar = {part: f"attention.self.{part}" for part in ("query", "key", "value")} | {
        "output": "attention.output.dense",
        "norm": "attention.output.LayerNorm",
    }
    epsilon = 1e-12

    def placed(self, tokens: str, length: str) -> str:
        # In eight bits, as they were when the crisis screen's bounds were chosen.
        places = self.op("Range", self.number(0, np.int64), self.op("Squeeze", length), self.number(1, np.int64))
        tokens = self.op("Add", tokens, self.op("Gather", self.weight("embeddings.position_embeddings.weight"), places))
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self.op("Add", tokens, self.constant(kind))


class _MPNet(_Builder):
    attention: ClassVar = {part: f"attention.attn.{part[0]}" for part in ("query", "key", "value", "output")} | {
        "norm": "attention.LayerNorm"
    }
    epsilon = 1e-5

    def placed(self, tokens: str, length: str) -> str:
        # The first two stand for padding.
        places = self._weights["embeddings.position_embeddings.weight"][2 : 2 + MOST_TOKENS].copy()
        return self.op("Add", tokens, self.op("Slice", self.constant(places), self.ints([0]), length, self.ints([0])))

    def biased(self, hiding: str, length: str) -> str:
        """Each head's liking for tokens at a distance, for one before and one behind apart."""
        table = self._weights["encoder.relative_attention_bias.weight"]
        distances = np.arange(MOST_TOKENS)[None, :] - np.arange(MOST_TOKENS)[:, None]
        liking = table[np.vectorize(lambda each: _bucket(each, len(table)))(distances)].transpose(2, 0, 1)[None]
        square = self.op("Concat", length, length, axis=0)
        own = self.op("Slice", self.constant(np.ascontiguousarray(liking)), self.ints([0, 0]), square, self.ints([2, 3]))
        return self.op("Add", own, hiding)


def _bucket(distance: int, buckets: int) -> int:
    """The row for a distance in tokens: half of them for each side, half of these for one distance, the others wider."""
    side = buckets // 2
    start, far = (side if distance > 0 else 0), abs(distance)
    exact = side // 2
    if far < exact:
        return start + far
    wide = int(math.log(far / exact) / math.log(FAR / exact) * (side - exact))
    return start + min(side - 1, exact + wide)
