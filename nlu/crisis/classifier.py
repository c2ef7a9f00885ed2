"""The trained ear of the crisis screen: the sentence model tuned to crises, twice, each with a head for kinds of danger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from content.crisis import Danger
from nlu.crisis.messages import NONE, UNSURE
from nlu.sentences import SentenceModel, Span, carried_files

FIRST, SECOND = (Path(__file__).parent / f"{name}.npz" for name in ("first", "second"))
"""The files of the two readers. They learnt the same messages from different beginnings, and so err on different ones."""
CALM = 0.03
"""A share of all that is not calm, from which on a second reader is asked too: for about one ordinary message in six."""
MOST_PIECES, MOST_UNKNOWN = 1.8, 0.25
"""Pieces a word, and words without any piece, from which on a text is no English. Garbled English has up to about 1.5."""
UNKNOWN_PIECE = "[UNK]"
CLASSES = (*(danger.value for danger in Danger), UNSURE, NONE)


class Reader:
    """The sentence model as one file tunes it, and that file's head."""

    def __init__(self, sentences: SentenceModel, arrays: Mapping[str, np.ndarray]) -> None:
        self.sentences = sentences
        self._head, self._bias = arrays["head"], arrays["bias"]

    @classmethod
    def open(cls, folder: Path, file: Path) -> Reader | None:
        """The reader, its graph built into `folder` the first time; None when its file or the weights are missing.

        Raises ModelRefused when the weights are not the published ones.
        """
        carried = carried_files()
        if carried is None or not file.exists():
            return None
        weights, tokenizer = carried
        with np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        graph = folder / f"crisis-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}.int8.onnx"
        if not graph.exists():
            from nlu.sentence_graph import build  # What builds the graph takes two seconds to import.

            build(weights, graph, changes=_changes(arrays))
        return cls(_sentences(graph.resolve(), tokenizer), arrays)

    def probabilities(self, text: str, parts: Sequence[Span]) -> np.ndarray:
        scores = self.sentences.means(text, parts)[:, -1] @ self._head + self._bias
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
        return shares


class Classifier:
    """Says how likely a text is each kind of danger. English only.

    What the first reader does not find calm, a second one reads too, and the mean of both counts.
    """

    def __init__(self, first: Reader, second: Reader | None = None) -> None:
        self._first, self._second = first, second

    @classmethod
    def open(cls, folder: Path, first: Path = FIRST, second: Path = SECOND) -> Classifier | None:
        """The classifier, with the second reader if its file is there; None when the first one's or the weights are missing.

        Raises ModelRefused when the weights are not the published ones.
        """
        reader = Reader.open(folder, first)
        return cls(reader, Reader.open(folder, second)) if reader else None

    def reads(self, text: str) -> bool:
        """Whether it is English enough: other languages fall into many pieces, or into none that the model knows."""
        pieces = self._first.sentences.pieces(text)
        words = len(text.split()) or 1
        return len(pieces) / words < MOST_PIECES and pieces.count(UNKNOWN_PIECE) / words < MOST_UNKNOWN

    def probabilities(self, text: str, parts: Sequence[Span] = ()) -> np.ndarray:
        """A row for the text and one for each of its parts, in the order of CLASSES; each sums to one."""
        rows = self._first.probabilities(text, parts)
        if self._second is None or rows[:, CLASSES.index(NONE)].min() > 1.0 - CALM:
            return rows
        both: np.ndarray = (rows + self._second.probabilities(text, parts)) / 2
        return both


@cache
def _sentences(graph: Path, tokenizer: Path) -> SentenceModel:
    """One of each graph in a process: it takes 60 MB and a third of a second."""
    return SentenceModel(graph, tokenizer)


def _changes(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is added to each dense layer's weights: the product of its two thin matrices."""
    names = {name.removesuffix(".up") for name in arrays if name.endswith(".up")}
    return {
        f"{name}.weight": (arrays[f"{name}.down"].astype(np.float32) @ arrays[f"{name}.up"].astype(np.float32)).T
        for name in names
    }
