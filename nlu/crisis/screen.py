"""The crisis screen: hears whether a message is a cry for help, and of which kind. It never answers; it only says so.

Two ears listen: reviewed phrases, and a classifier that was trained on written examples. A phrase that is a cry for help by
itself needs no classifier; what makes it doubtful (a joke, a film, long ago) and soft words are for the classifier to weigh.
Without the classifier the phrases alone still work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from content.crisis import Danger
from nlu.crisis.classifier import CLASSES, Classifier
from nlu.crisis.messages import NONE, UNSURE
from nlu.crisis.phrases import ENGLISH, Answer, Evidence, Phrases, spelling
from nlu.crisis.words import english
from nlu.sentences import Span

CRISIS_AT, UNSURE_AT, CONCERN_AT = 0.6, 0.25, 0.2
"""From which probability of danger on a message has which level. Chosen on messages that were held out of the training
messages, and on the talk's own validation messages: of these, many hard to read, two in a hundred reach UNSURE_AT."""
PHRASE_AT, DOUBTFUL_AT = 0.1, 0.3
"""From which on a sure phrase is believed, and one that something makes doubtful; below they are only asked about. Of the
held-out messages with a sure phrase and less than this, nearly all were no cry for help."""
LONGEST = 40_000
"""Letters of a message that are read: of a longer one the beginning and the end, so that no message holds up others."""
LONGEST_PIECE = 60
"""Words that the classifier reads at once; a longer message is read in pieces."""
FIRST_PIECES, LAST_PIECES = 4, 16
"""Of a very long message the classifier reads these; the phrases read more of it."""
FEWEST_WORDS = 3
_SENTENCE = re.compile(r"[.!?;\n]+")


class Level(str, Enum):
    NONE = "none"
    CONCERN = "concern"
    """A kind friend would ask whether they are safe."""
    UNSURE = "unsure"
    """They may be in danger: they are asked, and given the numbers."""
    CRISIS = "crisis"


@dataclass(frozen=True)
class Heard:
    """What the screen heard in one message. `danger` is None only at level NONE; `language` is the one it was heard in."""

    level: Level = Level.NONE
    danger: Danger | None = None
    language: str = ENGLISH

    @property
    def is_crisis(self) -> bool:
        return self.level is Level.CRISIS

    @property
    def asks(self) -> bool:
        """Whether the person is to be asked if they are safe."""
        return self.level in (Level.CONCERN, Level.UNSURE)

    @property
    def brings_numbers(self) -> bool:
        return self.level in (Level.UNSURE, Level.CRISIS)


QUIET = Heard()


class CrisisScreen:
    """Listens to messages. Safe to use from several threads."""

    def __init__(self, classifier: Classifier | None = None) -> None:
        self.classifier = classifier
        self._added: Mapping[Danger, Sequence[str]] = {}
        self._phrases = Phrases()

    def listen_for(self, added: Mapping[Danger, Sequence[str]]) -> None:
        """Listen for phrases that staff added, beside the built-in ones, instead of those added before."""
        if added is not self._added:
            self._added, self._phrases = added, Phrases(added)

    def hear(self, text: str, *, quickly: bool = False) -> Heard:
        """What stands in a message; `quickly`, by its phrases alone, in a tenth of the time."""
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
        evidence = self._phrases.evidence(text)
        classifier = self.classifier
        if classifier is None or quickly:
            return _by_phrases(evidence)
        return _by_both(evidence, *_weigh(classifier, text))

    def answer(self, text: str) -> Answer | None:
        """What a message says after the person was asked whether they are safe, or after they were given urgent help."""
        return self._phrases.answer(text)


def _by_phrases(evidence: Evidence) -> Heard:
    danger = next((each for each in Danger if each in evidence.sure), None)
    if danger:
        return Heard(Level.UNSURE if evidence.is_doubtful else Level.CRISIS, danger, evidence.language)
    danger = next((each for each in Danger if each in evidence.soft), None)
    return Heard(Level.UNSURE, danger) if danger and not evidence.is_doubtful else QUIET


def _by_both(evidence: Evidence, likely: float, unsure: float, guess: Danger) -> Heard:
    """`likely` is how likely any danger is, `unsure` how likely the message is one that a friend would ask about."""
    told = next((each for each in Danger if each in evidence.sure), None)
    if told and evidence.language != ENGLISH:
        return Heard(Level.CRISIS, told, evidence.language)
    if told and likely >= (DOUBTFUL_AT if evidence.is_doubtful else PHRASE_AT):
        return Heard(Level.UNSURE if evidence.is_doubtful and likely < CRISIS_AT else Level.CRISIS, told)
    if likely >= UNSURE_AT:
        return Heard(Level.CRISIS if likely >= CRISIS_AT else Level.UNSURE, told or guess)
    is_concern = likely >= CONCERN_AT or unsure >= UNSURE_AT or bool(told and not evidence.is_doubtful)
    return Heard(Level.CONCERN, told or guess) if is_concern else QUIET


def _weigh(classifier: Classifier, text: str) -> tuple[float, float, Danger]:
    """Of the whole and its parts the one that sounds most like danger: its probabilities, and its likeliest kind."""
    read = [(piece, parts) for piece, parts in pieces(text) if classifier.reads(piece)]
    rows = np.concatenate([classifier.probabilities(piece, parts) for piece, parts in read] or [_CALM])
    danger = 1.0 - rows[:, CLASSES.index(NONE)] - rows[:, CLASSES.index(UNSURE)]
    worst = int((danger + 0.5 * rows[:, CLASSES.index(UNSURE)]).argmax())
    kinds = list(Danger)
    return (
        float(danger[worst]),
        float(rows[worst, CLASSES.index(UNSURE)]),
        kinds[int(rows[worst, : len(kinds)].argmax())],
    )


_CALM = np.eye(len(CLASSES))[[CLASSES.index(NONE)]]


def pieces(text: str) -> list[tuple[str, list[Span]]]:
    """The message as the classifier reads it: pieces of even words, each with where its sentences stand in it."""
    known = spelling()
    sentences = [words for part in _SENTENCE.split(text) if (words := english(part, known))]
    found = list(_packed(sentences))
    if len(found) > FIRST_PIECES + LAST_PIECES:
        found = [*found[:FIRST_PIECES], *found[-LAST_PIECES:]]
    return [(" ".join(map(" ".join, piece)), _spans(piece)) for piece in found]


def _packed(sentences: list[list[str]]) -> Iterator[list[list[str]]]:
    """Sentences together up to the longest piece; a sentence that is longer is cut."""
    piece: list[list[str]] = []
    for sentence in sentences:
        for start in range(0, len(sentence), LONGEST_PIECE):
            part = sentence[start : start + LONGEST_PIECE]
            if piece and sum(map(len, piece)) + len(part) > LONGEST_PIECE:
                yield piece
                piece = []
            piece.append(part)
    if piece:
        yield piece


def _spans(piece: list[list[str]]) -> list[Span]:
    if len(piece) < 2:
        return []
    spans, at = [], 0
    for sentence in piece:
        length = len(" ".join(sentence))
        if len(sentence) >= FEWEST_WORDS:
            spans.append((at, at + length))
        at += length + 1
    return spans
