"""Sentences as vectors: the small sentence model, run by onnxruntime on one thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from nlu.sentence_graph import WIDTH, build, carried_files

MOST_TOKENS = 256
"""The length that the model was published with; what is longer is cut."""
FILE = "all-MiniLM-L6-v2.int8.onnx"


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
            build(weights, folder / FILE)
        return cls(folder / FILE, tokenizer)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text, [texts, 384].

        Each text runs by itself: eight-bit arithmetic takes its scale from all that runs together, so that in a batch a
        text's vector would depend on its neighbours.
        """
        vectors = np.empty((len(texts), WIDTH), dtype=np.float32)
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            ids = np.array([encoding.ids], dtype=np.int64)
            vectors[row] = self._session.run(None, {"ids": ids, "mask": np.ones(ids.shape, dtype=np.float32)})[0][0]
        return vectors
