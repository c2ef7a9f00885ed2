"""What is learnt from the examples of one moment, and how it follows the published examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from content.library import Shelf
from nlu.decision import Decision, Guess, Thresholds, combine, decide, pooled
from nlu.features import TextFeatures
from nlu.head import Head
from nlu.messages import Labelled
from nlu.normal import plain
from nlu.segments import segments
from nlu.sentences import SentenceModel

LEARNT_AT_ONCE = 300
"""Changed examples that are learnt in one step: some tenths of a second."""


@dataclass(frozen=True)
class Example:
    """A text, and the entry or the intent of the talk that it belongs to."""

    label: str
    text: str


@dataclass(frozen=True)
class Knowledge:
    """Features, head and thresholds for one set of examples; replaced whole when the examples change."""

    examples: tuple[Example, ...]
    entries: frozenset[str]
    features: TextFeatures
    head: Head
    thresholds: Thresholds

    @classmethod
    def learn(
        cls,
        talk: Mapping[str, Sequence[str]],
        shelf: Shelf,
        sentences: SentenceModel | None,
        calibration: Sequence[Labelled],
    ) -> Knowledge:
        """Learn everything; a minute for some ten thousand examples."""
        spoken = (Example(name, text) for name, texts in talk.items() for text in texts if plain(text))
        examples = (*spoken, *published(shelf))
        features = TextFeatures(sentences)
        head = Head.fit(features.fit([each.text for each in examples]), [each.label for each in examples])
        known = [message for message in calibration if message.labels & set(head.classes)]
        seen, labels = features.of([message.text for message in known]), [message.labels for message in known]
        head = head.calibrated(seen, labels)
        entries = frozenset(shelf.entries)
        thresholds = Thresholds.fit(pooled(head.probabilities(seen), head.classes), head.classes, labels, entries)
        return cls(examples, entries, features, head, thresholds)

    def differs_from(self, shelf: Shelf) -> int:
        """How many examples of entries were added or withdrawn."""
        return len(self._entry_examples() ^ set(published(shelf)))

    def following(self, shelf: Shelf) -> Knowledge:
        """The knowledge one step nearer to what is published: at most LEARNT_AT_ONCE examples added and withdrawn.

        Words that no earlier example had stay unknown until everything is learnt again; their letters and their meaning
        are known. Temperature and thresholds stay.
        """
        wanted = published(shelf)
        now = set(wanted)
        withdrawn = self._entry_examples() - now
        gone = set([each for each in self.examples if each in withdrawn][:LEARNT_AT_ONCE])
        there = set(self.examples)
        added = [each for each in wanted if each not in there][: LEARNT_AT_ONCE - len(gone)]
        kept = np.array([each not in gone for each in self.examples])
        rows = self.features.of([each.text for each in added]) if added else self.head.examples[~np.ones_like(kept)]
        return replace(
            self,
            examples=(*(each for each in self.examples if each not in gone), *added),
            entries=self.entries | frozenset(shelf.entries),
            head=self.head.changed(kept, rows, [each.label for each in added]),
        )

    def decide(self, text: str) -> tuple[Decision, list[Guess]]:
        """The decision on a message, and all guesses on the whole of it, the likeliest first."""
        parts = segments(text)
        parts = parts if len(parts) > 1 else []
        probabilities = self.head.probabilities(self.features.of_parts(text, parts))
        decisions = [
            decide(ranked(row, self.head.classes), self.entries, self.thresholds, words=len(plain(each).split()))
            for each, row in zip([text, *parts], pooled(probabilities, self.head.classes), strict=True)
        ]
        return combine(decisions[0], decisions[1:]), ranked(probabilities[0], self.head.classes)

    def _entry_examples(self) -> set[Example]:
        return {each for each in self.examples if each.label in self.entries}


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
