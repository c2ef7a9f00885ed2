"""Words, letters and meaning of texts as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.normal import plain
from nlu.sentences import SentenceModel


@dataclass(frozen=True)
class Features:
    """A row a text: `words` counts words and pieces of words, `meaning` is the sentence model's vector.

    Each row of either has length one. `meaning` is None where there is no sentence model.
    """

    words: csr_matrix
    meaning: np.ndarray | None


class TextFeatures:
    """Learns the words of a set of texts; then turns any text into features.

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

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_sentences": None}

    def attach(self, sentences: SentenceModel | None) -> None:
        self._sentences = sentences

    def fit(self, texts: Sequence[str]) -> Features:
        """Learn from the texts, and return their features."""
        words, pieces = self._words.fit_transform(texts), self._pieces.fit_transform(texts)
        return self._features(words, pieces, texts)

    def of(self, texts: Sequence[str]) -> Features:
        return self._features(self._words.transform(texts), self._pieces.transform(texts), texts)

    def _features(self, words: csr_matrix, pieces: csr_matrix, texts: Sequence[str]) -> Features:
        halves = hstack([words, pieces], format="csr", dtype=np.float32) * np.float32(np.sqrt(0.5))
        meaning = self._sentences.vectors([plain(text) for text in texts]) if self._sentences else None
        return Features(halves, meaning)
