"""Labelled messages for the crisis screen: those that its classifier learns from, and those that measure it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from content.crisis import Danger
from content.seed import bodies_of
from nlu.talk import talk

FOLDER = Path(__file__).parent / "messages"
TRAINING, CALIBRATION = (FOLDER / f"{name}.tsv" for name in ("training", "calibration"))
VALIDATION = {name: FOLDER / f"{name}.tsv" for name in ("typical", "near", "told", "hidden")}
"""What measures: messages as they are mostly typed, those on hard subjects near the line, and those written to be missed or
mistaken. Nothing learns from them."""
UNSURE, ORDINARY, NONE = "unsure", "ordinary", "none"
DANGERS = frozenset(danger.value for danger in Danger)
NEAR_ENTRIES = frozenset(("crisis-help", "domestic-abuse-support", "homelessness", "out-of-hours", "mental-health-support"))
NEAR_INTENTS = frozenset(("frightened",))
"""Entries and intents whose examples may themselves be cries for help: they are not learnt as ordinary messages."""


@dataclass(frozen=True)
class Labelled:
    """A message and its labels: kinds of danger, "unsure", or why it is no crisis ("figure", "past", "ordinary" ...)."""

    labels: tuple[str, ...]
    text: str

    @cached_property
    def dangers(self) -> tuple[Danger, ...]:
        return tuple(Danger(label) for label in self.labels if label in DANGERS)

    @property
    def is_crisis(self) -> bool:
        return bool(self.dangers)

    @property
    def is_unsure(self) -> bool:
        return UNSURE in self.labels

    @property
    def is_lookalike(self) -> bool:
        return not self.is_crisis and not self.is_unsure and ORDINARY not in self.labels

    @property
    def classes(self) -> frozenset[str]:
        """What a classifier should say: kinds of danger, "unsure" or "none"."""
        if self.is_crisis:
            return frozenset(danger.value for danger in self.dangers)
        return frozenset((UNSURE if self.is_unsure else NONE,))


def read(file: Path) -> list[Labelled]:
    """Lines of labels with commas, a tab and the message; a line that starts with # is a note."""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [Labelled(tuple(labels.split(",")), text) for labels, text in rows]


def ordinary() -> list[Labelled]:
    """Ordinary messages: the examples of the entries and of the talk."""
    examples = [body["questions"] for key, body in bodies_of("entry").items() if key not in NEAR_ENTRIES]
    examples += [texts for intent, texts in talk().items() if intent not in NEAR_INTENTS]
    return [Labelled((ORDINARY,), text) for texts in examples for text in texts]


def digest(labelled: Sequence[Labelled]) -> str:
    """Tells one set of messages from another."""
    rows = sorted(f"{','.join(each.labels)}\t{each.text}" for each in labelled)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]
