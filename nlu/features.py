"""Words and letters of a text as numbers: TF-IDF over word pairs and over pieces of words, which forgive spelling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.normal import plain

WORD_WEIGHT, PIECE_WEIGHT = 1.0, 1.0
"""How much each half counts; each half of a text has length one before it is weighed."""


class TextFeatures:
    """Learns the words of a set of texts; then turns any text into a row of numbers."""

    def __init__(self) -> None:
        self._words = TfidfVectorizer(
            preprocessor=plain, token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32
        )
        self._pieces = TfidfVectorizer(
            preprocessor=plain, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, dtype=np.float32
        )

    def fit(self, texts: Sequence[str]) -> csr_matrix:
        """Learn from the texts, and return their rows."""
        return self._join(self._words.fit_transform(texts), self._pieces.fit_transform(texts))

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        return self._join(self._words.transform(texts), self._pieces.transform(texts))

    @staticmethod
    def _join(words: csr_matrix, pieces: csr_matrix) -> csr_matrix:
        return hstack([words * WORD_WEIGHT, pieces * PIECE_WEIGHT], format="csr", dtype=np.float32)
