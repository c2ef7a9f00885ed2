"""The figures of an evaluation: how often the understanding is right, and whether its probabilities mean what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from nlu.decision import ASK_ENTRY, ASK_TOPIC, ASK_WHICH, HELD, NOT_UNDERSTOOD, PERSON, VAGUE
from nlu.messages import Labelled

BINS = 10
CHITCHAT = frozenset(("greet", "thank", "goodbye", "ask_identity", "ask_capabilities"))


@dataclass(frozen=True)
class Understood:
    """What the pipeline made of one labelled message, in `seconds`."""

    message: Labelled
    intent: str
    entries: tuple[str, ...]
    near: tuple[str, ...]
    guesses: tuple[tuple[str, float], ...]
    """The likeliest classes with their probabilities; none where the message was not weighed."""
    seconds: float

    @classmethod
    def of(cls, message: Labelled, parsed: Mapping[str, Any], seconds: float) -> Understood:
        guesses = tuple((guess["name"], guess["confidence"]) for guess in parsed["intent_ranking"])
        entries, intent = tuple(parsed["entries"]), parsed["intent"]["name"]
        return cls(message, intent, entries, tuple(parsed["near"]), guesses or (((*entries, intent)[0], 1.0),), seconds)

    @property
    def best(self) -> tuple[str, float]:
        return self.guesses[0]

    @property
    def is_best_right(self) -> bool:
        return self.best[0] in self.message.labels


@dataclass(frozen=True)
class Bin:
    """Messages whose best class had a probability in one tenth: how many, how sure on average, how often right."""

    count: int
    sure: float
    right: float


@dataclass(frozen=True)
class Report:
    """`figures` by name, from 0 to 1 (milliseconds where the name says so); the tables behind them."""

    figures: Mapping[str, float]
    bins: tuple[Bin | None, ...]
    confusions: tuple[tuple[str, str, int], ...]
    """(what was right, what was taken for it, how often), the most frequent first."""
    worst: tuple[Understood, ...]
    """Wrong, the surest first."""

    @classmethod
    def of(cls, rows: Sequence[Understood], entries: Collection[str]) -> Report:
        vague = [row for row in rows if any(label.startswith(VAGUE) for label in row.message.labels)]
        questions = [row for row in rows if row.message.labels & set(entries) and row not in vague]
        talk = [row for row in rows if row not in questions]
        wrong = [row for row in rows if not row.is_best_right]
        bins = _bins(rows)
        pairs = Counter((min(row.message.labels), row.best[0]) for row in wrong)
        milliseconds = [row.seconds * 1000 for row in rows]
        figures = {
            "right_first": _share(row.is_best_right for row in rows),
            "questions_right_first": _share(row.is_best_right for row in questions),
            "questions_right_among_three": _share(
                any(name in row.message.labels for name, _ in row.guesses[:3]) for row in questions
            ),
            "talk_right_first": _share(row.is_best_right for row in talk),
            "answered_right": _share(_answers(row) is True for row in questions),
            "right_or_offered": _share(_answers(row) is True or _offers(row) for row in questions),
            "wrong_answer": _share(_answers(row) is False for row in questions),
            "held": _share(_answers(row) is None for row in talk if row.message.labels & HELD),
            "asks_back": _share(row.intent in (ASK_TOPIC, ASK_WHICH, NOT_UNDERSTOOD) for row in vague),
            "person": _share(row.intent == PERSON for row in talk if PERSON in row.message.labels),
            "chitchat": _share(row.intent in row.message.labels for row in talk if row.message.labels & CHITCHAT),
            "calibration_error": sum(abs(each.sure - each.right) * each.count for each in bins if each) / len(rows),
            "p50_ms": quantiles(milliseconds, n=20)[9],
            "p95_ms": quantiles(milliseconds, n=20)[18],
        }
        worst = sorted(wrong, key=lambda row: -row.best[1])
        return cls(figures, bins, tuple((*pair, count) for pair, count in pairs.most_common()), tuple(worst))

    def below(self, floors: Mapping[str, float]) -> list[str]:
        """A sentence for each figure that is worse than its floor, or than its ceiling where less is better."""
        worse = []
        for name, floor in floors.items():
            value = self.figures[name]
            if value > floor if name in CEILINGS else value < floor:
                worse.append(f"{name} is {value:.3f}; the recorded {'ceiling' if name in CEILINGS else 'floor'} is {floor}.")
        return worse


CEILINGS = frozenset(("calibration_error", "wrong_answer", "p50_ms", "p95_ms"))


def _answers(row: Understood) -> bool | None:
    """Whether a right entry is answered, or a wrong one; None when none is."""
    return bool(set(row.entries) & row.message.labels) if row.intent == ASK_ENTRY else None


def _offers(row: Understood) -> bool:
    """Whether a right entry is among the choices, which every reply has where another entry is likely enough."""
    return bool(set(row.near) & row.message.labels)


def _bins(rows: Sequence[Understood]) -> tuple[Bin | None, ...]:
    """Expected calibration error in ten bins of equal width (Guo et al., 2017)."""
    found: list[list[Understood]] = [[] for _ in range(BINS)]
    for row in rows:
        found[min(int(row.best[1] * BINS), BINS - 1)].append(row)
    return tuple(
        Bin(len(each), sum(row.best[1] for row in each) / len(each), _share(row.is_best_right for row in each))
        if each
        else None
        for each in found
    )


def _share(flags: Any) -> float:
    known = list(flags)
    return sum(known) / len(known) if known else 0.0
