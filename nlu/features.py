"""Words, letters and meaning of texts as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.normal import plain
from nlu.sentences import SentenceModel, Span

MEANING_WIDTH = 256
"""Numbers that are kept of a sentence model's vector: nearly all that tells our examples apart, at a quarter of the cost."""


@dataclass(frozen=True)
class Features:
    """A row a text: `words` counts words and pieces of words, `meaning` is where the sentence model puts it.

    Each row of either has length one. `meaning` is None where there is no sentence model.
    """

    words: csr_matrix
    meaning: np.ndarray | None

    def __len__(self) -> int:
        return int(self.words.shape[0])

    def __getitem__(self, rows: np.ndarray) -> Features:
        return Features(self.words[rows], None if self.meaning is None else self.meaning[rows])

    def followed_by(self, others: Features) -> Features:
        """The rows of both; both come from the same TextFeatures."""
        meaning = None if self.meaning is None or others.meaning is None else np.vstack([self.meaning, others.meaning])
        return Features(vstack([self.words, others.words], format="csr"), meaning)


class TextFeatures:
    """Learns the words of texts and the directions in which their meanings differ; then turns any text into features.

    Words count as pairs too; pieces of two to five letters forgive spelling. Each of the two is half of a row.
    The sentence model is not kept when this is stored: `attach` gives it back.
    """

    def __init__(self, sentences: SentenceModel | None) -> None:
        self._sentences = sentences
        self._words = TfidfVectorizer(
            preprocessor=plain,
            tokenizer=str.split,
            token_pattern=None,
            ngram_range=(1, 2),
            sublinear_tf=True,
            dtype=np.float32,
        )
        self._pieces = TfidfVectorizer(
            preprocessor=plain, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        self._axes: PCA | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_sentences": None}

    def attach(self, sentences: SentenceModel | None) -> None:
        self._sentences = sentences

    @property
    def reads_meaning(self) -> bool:
        return self._axes is not None

    def fit(self, texts: Sequence[str]) -> Features:
        """Learn from the texts, and return their features."""
        words, pieces = self._words.fit_transform(texts), self._pieces.fit_transform(texts)
        vectors = self._vectors(texts)
        if vectors is not None:
            self._axes = PCA(min(MEANING_WIDTH, len(texts) - 1), svd_solver="randomized", random_state=0).fit(vectors)
        return self._features(words, pieces, vectors)

    def of(self, texts: Sequence[str]) -> Features:
        return self._features(self._words.transform(texts), self._pieces.transform(texts), self._vectors(texts))

    def of_parts(self, text: str, parts: Sequence[str]) -> Features:
        """A row for the text and one for each of its parts, for little more than the cost of the text alone."""
        texts = [text, *parts]
        vectors = None
        if self._sentences:
            whole = plain(text)
            vectors = self._sentences.with_parts(whole, _spans(whole, [plain(part) for part in parts]))
        return self._features(self._words.transform(texts), self._pieces.transform(texts), vectors)

    def _vectors(self, texts: Sequence[str]) -> np.ndarray | None:
        return self._sentences.vectors([plain(text) for text in texts]) if self._sentences else None

    def _features(self, words: csr_matrix, pieces: csr_matrix, vectors: np.ndarray | None) -> Features:
        halves = hstack([words, pieces], format="csr", dtype=np.float32)
        halves.data *= np.float32(np.sqrt(0.5))
        if vectors is None or self._axes is None:
            return Features(halves, None)
        meaning = (vectors - self._axes.mean_) @ self._axes.components_.T
        return Features(halves, meaning / np.linalg.norm(meaning, axis=1, keepdims=True))


def _spans(whole: str, parts: Sequence[str]) -> list[Span]:
    """Where the parts stand in the whole, in their order; the whole for one that is not found."""
    spans, at = [], 0
    for part in parts:
        start = whole.find(part, at)
        spans.append((start, start + len(part)) if start >= 0 else (0, len(whole)))
        at = max(at, start)
    return spans
