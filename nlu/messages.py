"""Labelled messages that are never learnt: one set that probabilities are fitted to, another that reports on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "validation"
CALIBRATION, VALIDATION, LANGUAGES = FOLDER / "calibration.tsv", FOLDER / "messages.tsv", FOLDER / "languages.tsv"


@dataclass(frozen=True)
class Labelled:
    """A message and its labels: entries or intents of the talk, any of which is right."""

    labels: frozenset[str]
    text: str


def read(file: Path) -> list[Labelled]:
    """Lines of labels with commas, a tab and the message; a line that starts with # is a note."""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [Labelled(frozenset(labels.split(",")), text) for labels, text in rows]
