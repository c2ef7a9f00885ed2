"""What is learnt from the examples of one moment, and how it follows the published examples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from content.library import Shelf
from content.seed import bodies_of
from nlu.decision import HELD, Decision, Guess, Thresholds, combine, decide, pooled
from nlu.features import Features, Meaning, TextFeatures
from nlu.head import Head, closeness
from nlu.messages import Labelled
from nlu.normal import plain
from nlu.segments import segments
from nlu.sentences import SentenceModel

NO_ENTRY = ("not_covered", "out_of_scope")
"""Classes whose examples say that no entry answers them, which a new entry may change."""
ANSWERED_NOW = 0.9
"""How close to a new entry's examples those of NO_ENTRY are that it answers now. They were written when nothing did, and
would keep it from being heard. Of ten new entries, each with 14 examples and 25 messages, one message in six was answered;
two in three without these examples and with the height that `nlu/head.py` gives to a class of few."""
HELD_SHARE = 0.15
"""Of all messages, those that no entry answers: an estimate. Among the calibration messages they are one in five, for they
are the hardest to tell; without this, one hard question in ten was taken for something that no entry answers."""
LEARNT_AT_ONCE = 300
"""Changed examples that are learnt in one step: some tenths of a second."""
SURE = 0.8
"""A message is read a second time unless the first head is so sure of it and of each of its parts. It is of two in three
messages; with 0.97, and half of the messages read again, no more were answered right."""


@dataclass(frozen=True)
class Example:
    """A text, and the entry or the intent of the talk that it belongs to."""

    label: str
    text: str


@dataclass(frozen=True)
class Second:
    """The second reading: a head that sees where a larger sentence model puts a text, beside all that the first one sees.

    It has the first head's examples, but for the changes that it still owes: reading many texts by the larger model takes
    seconds. While it owes any, messages are not read a second time.
    """

    meaning: Meaning
    head: Head
    owed: tuple[tuple[np.ndarray, Features, tuple[Example, ...]], ...] = ()
    """Changes: which examples stay, and the features and the texts of those that are added."""

    @classmethod
    def learn(cls, sentences: SentenceModel, rows: Features, examples: Sequence[Example]) -> Second:
        meaning = Meaning(sentences)
        joined = rows.joined(meaning.fit([each.text for each in examples]))
        return cls(meaning, Head.fit(joined, [each.label for each in examples]))

    def probabilities(self, rows: Features, text: str, parts: Sequence[str]) -> np.ndarray:
        """As the head gives them for a text and its parts, from the features that the first reading had."""
        return self.head.probabilities(rows.joined(self.meaning.of_parts(text, parts)))

    def caught_up(self) -> Second:
        """Nothing is owed any more."""
        head = self.head
        for kept, rows, added in self.owed:
            joined = (
                rows.joined(self.meaning.of([each.text for each in added])) if added else head.examples[np.zeros_like(kept)]
            )
            head = head.changed(kept, joined, [each.label for each in added])
        return replace(self, head=head, owed=())


@dataclass(frozen=True)
class Knowledge:
    """Features, heads and thresholds for one set of examples; replaced whole when the examples change."""

    examples: tuple[Example, ...]
    entries: frozenset[str]
    features: TextFeatures
    head: Head
    thresholds: Thresholds
    foreseen: frozenset[str]
    """The entries that whoever wrote the examples of NO_ENTRY knew of."""
    second: Second | None = None

    @classmethod
    def learn(
        cls,
        talk: Mapping[str, Sequence[str]],
        shelf: Shelf,
        sentences: SentenceModel | None,
        calibration: Sequence[Labelled],
        larger: SentenceModel | None = None,
    ) -> Knowledge:
        """Learn everything: with a larger sentence model two and a half minutes for ten thousand examples, without it one.

        Both heads are calibrated by themselves, and the thresholds fitted to what they say together.
        """
        spoken = (Example(name, text) for name, texts in talk.items() for text in texts if plain(text))
        examples, foreseen = (*spoken, *published(shelf)), frozenset(bodies_of("entry"))
        features = TextFeatures(sentences)
        rows = features.fit([each.text for each in examples])
        is_new = np.array([each.label in shelf.entries and each.label not in foreseen for each in examples])
        kept = ~_answered_now(examples, rows, rows[is_new])
        examples, rows = tuple(compress(examples, kept)), rows[kept]
        head = Head.fit(rows, [each.label for each in examples])
        known = [message for message in calibration if message.labels & set(head.classes)]
        texts, labels = [message.text for message in known], [message.labels for message in known]
        seen = features.of(texts)
        head = head.calibrated(seen, labels, HELD, HELD_SHARE)
        probabilities = pooled(head.probabilities(seen), head.classes)
        second = Second.learn(larger, rows, examples) if larger and features.meaning else None
        if second:
            joined = seen.joined(second.meaning.of(texts))
            second = replace(second, head=second.head.calibrated(joined, labels, HELD, HELD_SHARE))
            unsure = probabilities.max(axis=1) < SURE
            probabilities[unsure] = pooled(second.head.probabilities(joined[unsure]), head.classes)
        entries = frozenset(shelf.entries)
        thresholds = Thresholds.fit(probabilities, head.classes, labels, entries)
        return cls(examples, entries, features, head, thresholds, foreseen, second)

    def attach(self, sentences: SentenceModel | None, larger: SentenceModel | None) -> Knowledge:
        """The knowledge as it was stored, with the sentence models to read by; without the larger, no second reading."""
        if self.features.meaning:
            self.features.meaning.attach(sentences)
        if self.second:
            self.second.meaning.attach(larger)
        return self if larger else replace(self, second=None)

    def changes(self, shelf: Shelf) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """The examples of entries that were withdrawn, and those that were added."""
        wanted = published(shelf)
        now, before = set(wanted), {each for each in self.examples if each.label in self.entries}
        gone = tuple(each for each in before if each not in now) if before - now else ()
        return gone, tuple(each for each in wanted if each not in before)

    def after(self, withdrawn: Collection[Example], added: Sequence[Example]) -> Knowledge:
        """The knowledge after a change of some hundred examples at most; some tenths of a second.

        The second reading owes it. Words that no earlier example had stay unknown until everything is learnt again; their
        letters and their meaning are known. Temperature and thresholds stay.
        """
        gone, texts = set(withdrawn), [each.text for each in added]
        kept = np.array([each not in gone for each in self.examples]) if gone else np.ones(len(self.examples), dtype=bool)
        rows = self.features.of(texts) if texts else self.head.examples[np.zeros_like(kept)]
        is_new = np.array([each.label not in self.foreseen for each in added], dtype=bool)
        kept &= ~_answered_now(self.examples, self.head.examples, rows[is_new])
        return replace(
            self,
            examples=(*compress(self.examples, kept), *added),
            entries=self.entries | {each.label for each in added},
            head=self.head.changed(kept, rows, [each.label for each in added]),
            second=self.second and replace(self.second, owed=(*self.second.owed, (kept, rows, tuple(added)))),
        )

    def following(self, shelf: Shelf) -> Iterator[Knowledge]:
        """The knowledge after each step towards what is published; nothing when it is there."""
        known, (withdrawn, added) = self, self.changes(shelf)
        while withdrawn or added:
            first, withdrawn = withdrawn[:LEARNT_AT_ONCE], withdrawn[LEARNT_AT_ONCE:]
            room = LEARNT_AT_ONCE - len(first)
            next_added, added = added[:room], added[room:]
            known = known.after(first, next_added)
            yield known
        if known.second and known.second.owed:
            yield replace(known, second=known.second.caught_up())

    def rehearse(self) -> None:
        """Learn one example that is known: the first change of a process takes a second longer than those after it."""
        after = self.after((), self.examples[:1])
        if after.second:
            after.second.caught_up()

    def decide(self, text: str) -> tuple[Decision, list[Guess]]:
        """The decision on a message, and all guesses on the whole of it, the likeliest first."""
        parts = segments(text)
        parts = parts if len(parts) > 1 else []
        rows = self.features.of_parts(text, parts)
        probabilities = self.head.probabilities(rows)
        if self.second and not self.second.owed and pooled(probabilities, self.head.classes).max(axis=1).min() < SURE:
            probabilities = self.second.probabilities(rows, text, parts)
        decisions = [
            decide(ranked(row, self.head.classes), self.entries, self.thresholds, words=len(plain(each).split()))
            for each, row in zip([text, *parts], pooled(probabilities, self.head.classes), strict=True)
        ]
        return combine(decisions[0], decisions[1:]), ranked(probabilities[0], self.head.classes)


def _answered_now(examples: Sequence[Example], rows: Features, new: Features) -> np.ndarray:
    """True for the examples of NO_ENTRY that new entries' examples, of these features, answer."""
    is_answered = np.zeros(len(examples), dtype=bool)
    unanswered = np.flatnonzero([each.label in NO_ENTRY for each in examples])
    if len(new) and len(unanswered):
        is_answered[unanswered] = closeness(rows[unanswered], new) >= ANSWERED_NOW
    return is_answered


def ranked(probabilities: np.ndarray, classes: Sequence[str]) -> list[Guess]:
    return [Guess(classes[place], float(probabilities[place])) for place in (-probabilities).argsort()]


def published(shelf: Shelf) -> tuple[Example, ...]:
    """The examples of all entries: what editors wrote, the title, and the label."""
    return tuple(
        dict.fromkeys(
            Example(entry.id, text)
            for entry in shelf.entries.values()
            for text in (entry.title, entry.label, *entry.questions)
        )
    )
