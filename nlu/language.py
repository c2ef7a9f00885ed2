"""Which language a message is in."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB

from nlu.normal import plain

SAMPLES = Path(__file__).parent / "languages"
"""One file a language, named by its BCP 47 code: messages as people write them, some in Latin letters or without accents."""
ENGLISH = "en"
MOST_ENGLISH = 3000
"""Messages in English that are learnt beside the others."""
KNOWN_SHARE = 0.5
"""A message more than half of whose words stand in our English examples is English, whatever it looks like."""
CLEAR_WORDS = 3
"""Words from which a message in English is taken as a sign that its writer goes on in English."""
SMOOTHING = 0.05


class LanguageReader:
    """Tells English, as young people write it, from other languages by words and pieces of words.

    A wrong guess of a foreign language would keep an answer from somebody who wrote in English, so English has the benefit
    of the doubt. Published identifiers were tried: they read four to seven in a hundred English messages as foreign, and
    hardly know Somali, Tigrinya, Sorani, or Vietnamese and Albanian without accents.
    """

    def __init__(
        self,
        known: frozenset[str],
        foreign: frozenset[str],
        pieces: TfidfVectorizer,
        codes: tuple[str, ...],
        weights: np.ndarray,
    ) -> None:
        self._known, self._foreign = known, foreign
        self._pieces, self._codes, self._weights = pieces, codes, weights

    @classmethod
    def learn(cls, samples: Mapping[str, Sequence[str]], english: Sequence[str]) -> LanguageReader:
        """Learn from some messages in each other language and from our examples in English."""
        few = [english[place] for place in np.linspace(0, len(english) - 1, min(MOST_ENGLISH, len(english))).astype(int)]
        texts, codes = list(few), [ENGLISH] * len(few)
        for code, messages in sorted(samples.items()):
            texts.extend(messages)
            codes.extend([code] * len(messages))
        pieces = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 4), preprocessor=letters, sublinear_tf=True, dtype=np.float32
        )
        classes = MultinomialNB(alpha=SMOOTHING, fit_prior=False).fit(pieces.fit_transform(texts), codes)
        known = frozenset(word for text in english for word in plain(text).split())
        foreign = frozenset(word for each in samples.values() for text in each for word in letters(text).split())
        weights = np.ascontiguousarray(classes.feature_log_prob_.T, dtype=np.float32)
        return cls(known, foreign, pieces, tuple(map(str, classes.classes_)), weights)

    def read(self, text: str) -> str | None:
        """The code of the language; None when the message is too short to tell, or could be a mixture."""
        words = plain(text).split()
        if words and sum(word in self._known for word in words) > KNOWN_SHARE * len(words):
            return ENGLISH if len(words) >= CLEAR_WORDS else None
        if not letters(text):
            return None
        if text.isascii() and len(words) == 1 and not self._foreign & set(letters(text).split()):
            return None  # "okaaay", "hellooo", a name: one strange word in plain letters is more often English
        row = self._pieces.transform([text])
        code = self._codes[int((row.data @ self._weights[row.indices]).argmax())]
        return None if code == ENGLISH else code


def samples(folder: Path = SAMPLES) -> dict[str, list[str]]:
    """The sample messages by the code of their language."""
    return {file.stem: file.read_text(encoding="utf-8").splitlines() for file in sorted(folder.glob("*.txt"))}


def letters(text: str) -> str:
    """The letters and marks of a text in lower case, words apart: no digits, signs or emoji."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8")).lower()
    return " ".join("".join(each if unicodedata.category(each)[0] in "LM" else " " for each in text).split())
