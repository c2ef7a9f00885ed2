"""Text made even: what typing leaves behind is evened out, and what was said stays."""

from __future__ import annotations

import re
import unicodedata

SHORT_FORMS = {
    "u": "you", "ur": "your", "r": "are", "y": "why", "pls": "please", "plz": "please", "plss": "please",
    "bc": "because", "cuz": "because", "coz": "because", "cos": "because", "wanna": "want to", "gonna": "going to",
    "gotta": "got to", "tho": "though", "thru": "through", "ppl": "people", "abt": "about", "wat": "what",
    "wot": "what", "wen": "when", "hw": "how", "n": "and", "im": "i am", "ive": "i have", "ill": "i will",
    "dont": "do not", "cant": "cannot", "wont": "will not", "isnt": "is not", "aint": "is not", "doesnt": "does not",
    "didnt": "did not", "havent": "have not", "its": "it is", "whats": "what is", "hows": "how is", "wheres": "where is",
    "whos": "who is", "thats": "that is", "theyre": "they are", "youre": "you are", "idk": "i do not know",
    "dunno": "do not know", "ty": "thank you", "thx": "thanks", "msg": "message", "govt": "government",
    "uni": "university", "accom": "accommodation", "info": "information", "appt": "appointment", "yr": "year",
    "yrs": "years", "asap": "soon", "tmrw": "tomorrow", "2moro": "tomorrow", "2nite": "tonight", "b4": "before",
    "sum1": "someone", "some1": "someone", "gf": "girlfriend", "bf": "boyfriend", "rn": "right now", "atm": "now",
}  # fmt: skip
_APOSTROPHES = re.compile("[‘’ʼ´`]")
_NOT_TEXT = re.compile(r"[^\w£$%&@'?!.,;:/+()-]+")
_STRETCHED = re.compile(r"(.)\1{2,}")
_WORD = re.compile(r"[\w£']+")


def clean(text: str) -> str:
    """One line of lower-case text: no control characters, surrogates or emoji, no letter more than twice in a row."""
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _APOSTROPHES.sub("'", unicodedata.normalize("NFKC", text)).lower()
    text = _NOT_TEXT.sub(" ", text)
    return _STRETCHED.sub(r"\1\1", " ".join(text.split()))


def plain(text: str) -> str:
    """Cleaned text with short forms written out and without punctuation: what the classifier reads."""
    words = (word.strip("'").replace("'", "") for word in _WORD.findall(clean(text)))
    return " ".join(SHORT_FORMS.get(word, word) for word in words if word)
