"""Messages as the crisis screen reads them: even words, whatever was done to their spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from nlu.normal import plain

_LETTERS_APART = re.compile(r"(?<![^\W_])(?:[a-z][\s.\-_*]{1,2}){2,}[a-z](?![^\W_])")
_DISGUISED = re.compile(r"(?<![a-z])[a-z]{1,20}(?:[013457@$!*]+[a-z]*)+")
_DISGUISES = str.maketrans("013457@$!", "oieastasi")
_OVERDOSED = re.compile(r"\bo\.?d\.?['’]?-?(ed|ing)\b|\bo\.?d['’]d\b")
_SPLIT_WORD = re.compile(r"\b(un|over|sui|para)[ -]+(?=alive|dos|cid|cet)")
_SIGNS = {
    **dict.fromkeys("😂🤣😆😅😹😝🤪", " haha "),
    **dict.fromkeys("💀☠", " skull "),
    **dict.fromkeys("😢😔😞💔🥺😓😟🙁☹😥", " sad "),
    **dict.fromkeys("😭😿", " crying "),
    **dict.fromkeys("😰😨😱😖😣", " scared "),
    "🔪": " knife ", "🩸": " blood ", "💊": " pills ", "🪦": " grave ", "⚰": " coffin ",
}  # fmt: skip
"""Signs that change what a message means, as words."""
_TEXTED = {
    "wna": "want to", "wana": "want to", "wanan": "want to", "gna": "going to", "gunna": "going to", "ima": "i am going to",
    "nemore": "anymore", "nomore": "no more", "tonite": "tonight", "tnite": "tonight", "2night": "tonight", "tn": "tonight",
    "ded": "dead", "cnt": "cannot", "nowt": "nothing", "owt": "anything", "summat": "something", "meself": "myself",
    "maself": "myself", "hes": "he is", "shes": "she is", "id": "i would", "wouldnt": "would not", "shouldnt": "should not",
    "hasnt": "has not", "wasnt": "was not", "arent": "are not", "couldnt": "could not", "somones": "someone is",
    "someones": "someone is", "theres": "there is",
}  # fmt: skip
"""Short forms that matter here, beside those that are written out everywhere."""
_ALIKE = str.maketrans(
    {
        # Arabic letters that keyboards and habits exchange, and their Persian, Kurdish and Pashto kin
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ۍ": "ي", "ئ": "ي", "ێ": "ي", "ك": "ک",
        "ة": "ه", "ە": "ه", "ۀ": "ه", "ھ": "ه", "ؤ": "و", "ۆ": "و", "ړ": "ر", "ڕ": "ر", "ڵ": "ل", "ـ": None, "\u200c": " ",
        # Ethiopic letters of one sound
        **dict(zip("ሐሑሒሓሔሕሖኀኁኂኃኄኅኆሠሡሢሣሤሥሦዐዑዒዓዔዕዖፀፁፂፃፄፅፆ", "ሀሁሂሃሄህሆሀሁሂሃሄህሆሰሱሲሳሴስሶአኡኢኣኤእኦጸጹጺጻጼጽጾ", strict=True)),
        # Latin letters that are not a letter and a mark
        "ł": "l", "đ": "d", "ı": "i", "ø": "o", "ё": "е", "ґ": "г",
    }
)  # fmt: skip


def english(text: str, spelling: Spelling) -> list[str]:
    """The words of a message as English, with letters that were set apart or disguised put right."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8")).lower()
    text = "".join(_SIGNS.get(letter, letter) for letter in text if unicodedata.category(letter) != "Cf")
    text = _OVERDOSED.sub(lambda found: "overdosing" if found.group(1) == "ing" else "overdosed", text)
    text = _LETTERS_APART.sub(lambda found: re.sub(r"[\s.\-_*]", "", found.group()), text)
    text = _DISGUISED.sub(lambda found: spelling.undisguised(found.group()), text)
    text = _SPLIT_WORD.sub(r"\1", text)
    return [spelling.corrected(word) for word in plain(text).split()]


def written_out(words: list[str]) -> list[str]:
    """English words with the short forms of danger written out, as the phrases have them."""
    return " ".join(_TEXTED.get(word, word) for word in words).split()


def folded(text: str) -> list[str]:
    """The words of a message without the marks and variants of letters that people leave out or exchange."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8")).lower().translate(_ALIKE)
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter) != "Mn")
    return _words(text)


def marked(text: str) -> list[str]:
    """The words of a message with the marks of its letters, for languages in which they make another word."""
    return _words(unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8")).lower())


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else "" if letter in "'’`" else " " for letter in text).split()


LONGEST_WORD = 20
"""Letters up to which a word is looked at for its spelling."""


class Spelling:
    """Knows some words in any spelling that is one letter off: one missing, added, other, or two exchanged."""

    def __init__(self, words: Iterable[str], disguised: Iterable[str] = ()) -> None:
        """`disguised` are words that are also known when digits and signs stand for their letters."""
        self._words = frozenset(words)
        self._disguised = self._words | frozenset(disguised)
        self._near: dict[str, str] = {}
        for word in sorted(self._words):
            for near in _without_one(word):
                self._near.setdefault(near, word)

    def corrected(self, word: str) -> str:
        if word in self._words or not 5 <= len(word) <= LONGEST_WORD or not word.isascii():
            return word
        if word in self._near:
            return self._near[word]
        return next((self._near.get(near, near) for near in _without_one(word) if self._is_near(near, word)), word)

    def undisguised(self, word: str) -> str:
        """The word without digits and signs for letters, where that makes a word that is listened for."""
        plainer = word.translate(_DISGUISES).replace("*", "")
        return next((each for each in (plainer, word.replace("1", "l")) if self.corrected(each) in self._disguised), word)

    def _is_near(self, near: str, word: str) -> bool:
        if near in self._words:
            return True
        other = self._near.get(near)
        # Both lack one letter: the same place is another letter, neighbours exchanged, or two changes, which is too many.
        return other is not None and len(other) == len(word) and _differ_once(other, word)


def _without_one(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(1, len(word))]


def _differ_once(one: str, other: str) -> bool:
    places = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 2:
        first, second = places
        return second == first + 1 and one[first] == other[second] and one[second] == other[first]
    return len(places) == 1
