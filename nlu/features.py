"""Words, letters and meaning of texts as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.normal import plain
from nlu.sentences import SentenceModel, Span

MEANING_WIDTH = 192
"""Numbers that are kept of a sentence model's vector: nearly all that tells our examples apart, at a sixth of the cost."""


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

    def by_columns(self) -> Features:
        """The same, with the meaning's columns one after another: one row is compared with all of them in less time."""
        return Features(self.words, None if self.meaning is None else np.asfortranarray(self.meaning))

    def followed_by(self, others: Features) -> Features:
        """The rows of both; both come from the same TextFeatures."""
        meaning = None if self.meaning is None or others.meaning is None else np.vstack([self.meaning, others.meaning])
        return Features(vstack([self.words, others.words], format="csr"), meaning)

    def joined(self, meaning: np.ndarray) -> Features:
        """The same with a second meaning beside the first; each counts half."""
        assert self.meaning is not None
        both = np.hstack([self.meaning, meaning]) * np.float32(np.sqrt(0.5))
        return Features(self.words, np.ascontiguousarray(both, dtype=np.float32))


class Meaning:
    """Where a sentence model puts texts, along the directions in which those that it learnt from differ most.

    The sentence model is not kept when this is stored: `attach` gives it back.
    """

    def __init__(self, sentences: SentenceModel) -> None:
        self._sentences: SentenceModel | None = sentences
        self._axes: PCA | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_sentences": None}

    def attach(self, sentences: SentenceModel | None) -> None:
        self._sentences = sentences

    def fit(self, texts: Sequence[str]) -> np.ndarray:
        vectors = self._vectors(texts)
        self._axes = PCA(min(MEANING_WIDTH, len(texts) - 1), svd_solver="randomized", random_state=0).fit(vectors)
        return self._placed(vectors)

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """A row of length one for each text."""
        return self._placed(self._vectors(texts))

    def of_parts(self, text: str, parts: Sequence[str]) -> np.ndarray:
        """A row for the text and one for each of its parts, all from one run of the model."""
        assert self._sentences is not None
        whole, *spans = map(plain, (text, *parts))
        return self._placed(self._sentences.with_parts(whole, _spans(whole, spans)))

    def _vectors(self, texts: Sequence[str]) -> np.ndarray:
        assert self._sentences is not None
        return self._sentences.vectors([plain(text) for text in texts])

    def _placed(self, vectors: np.ndarray) -> np.ndarray:
        assert self._axes is not None
        meaning = (vectors - self._axes.mean_) @ self._axes.components_.T
        placed: np.ndarray = meaning / np.linalg.norm(meaning, axis=1, keepdims=True)
        return placed


class TextFeatures:
    """Learns the words and the meanings of texts; then turns any text into features.

    Words count as pairs too; pieces of two to five letters forgive spelling. Each of the two is half of a row.
    """

    def __init__(self, sentences: SentenceModel | None) -> None:
        self.meaning = Meaning(sentences) if sentences else None
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
        return {name: value for name, value in self.__dict__.items() if name not in ("_wide", "_parts_of_words")}

    def fit(self, texts: Sequence[str]) -> Features:
        """Learn from the texts, and return their features."""
        words, pieces = self._words.fit_transform(texts), self._pieces.fit_transform(texts)
        return self._features(words, pieces, self.meaning.fit(texts) if self.meaning else None)

    def of(self, texts: Sequence[str]) -> Features:
        meaning = self.meaning.of(texts) if self.meaning else None
        return self._features(self._words.transform(texts), self._pieces.transform(texts), meaning)

    def of_parts(self, text: str, parts: Sequence[str]) -> Features:
        """A row for the text and one for each of its parts, for little more than the cost of the text alone."""
        rows = [self._words_of(plain(each)) for each in (text, *parts)]
        ends = np.cumsum([0, *(len(places) for places, _ in rows)])
        places = np.concatenate([places for places, _ in rows])
        weights = np.concatenate([weights for _, weights in rows])
        words = csr_matrix((weights, places, ends), shape=(len(rows), self._wide))
        return Features(words, self.meaning.of_parts(text, parts) if self.meaning else None)

    @cached_property
    def _wide(self) -> int:
        return len(self._words.vocabulary_) + len(self._pieces.vocabulary_)

    @cached_property
    def _parts_of_words(self) -> list[tuple[Callable[[str], list[str]], dict[str, int], np.ndarray, int]]:
        """For words and for pieces: what cuts a text, where each stands, how much it counts, and where their half begins."""
        each = ((self._words, 0), (self._pieces, len(self._words.vocabulary_)))
        return [(kind.build_analyzer(), kind.vocabulary_, kind.idf_, start) for kind, start in each]

    def _words_of(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The same as the vectorizers give for one text, in a fourth of the time."""
        found, weighed = [], []
        for analyze, vocabulary, rarity, start in self._parts_of_words:
            counts = Counter(place for term in analyze(text) if (place := vocabulary.get(term)) is not None)
            places = np.fromiter(counts, dtype=np.int32, count=len(counts))
            weights = (1.0 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))) * rarity[places]
            length = np.sqrt(2.0 * (weights @ weights)) or 1.0
            found.append(places + start)
            weighed.append(weights / length)
        return np.concatenate(found), np.concatenate(weighed).astype(np.float32)

    def _features(self, words: csr_matrix, pieces: csr_matrix, meaning: np.ndarray | None) -> Features:
        halves = hstack([words, pieces], format="csr", dtype=np.float32)
        halves.data *= np.float32(np.sqrt(0.5))
        return Features(halves, meaning)


def _spans(whole: str, parts: Sequence[str]) -> list[Span]:
    """Where the parts stand in the whole, in their order; the whole for one that is not found."""
    spans, at = [], 0
    for part in parts:
        start = whole.find(part, at)
        spans.append((start, start + len(part)) if start >= 0 else (0, len(whole)))
        at = max(at, start)
    return spans
