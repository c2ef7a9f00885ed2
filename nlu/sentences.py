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
BATCH = 32
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
        """One row a text, [texts, 384]."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(texts), WIDTH), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(encoded[place]))
        for start in range(0, len(texts), BATCH):
            places = by_length[start : start + BATCH]
            longest = max(len(encoded[place]) for place in places)
            ids = np.zeros((len(places), longest), dtype=np.int64)
            mask = np.zeros((len(places), longest), dtype=np.float32)
            for row, place in enumerate(places):
                ids[row, : len(encoded[place])] = encoded[place]
                mask[row, : len(encoded[place])] = 1.0
            vectors[places] = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors
