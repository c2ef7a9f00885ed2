"""What follows from a text's probabilities: answer, offer the likeliest, talk, or say that it was not understood."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

RIGHT, WRONG = 1.0, -1.0
"""What an outcome is worth: a wrong answer about rights costs what a right one gains; saying nothing is worth nothing."""
OFFER_RIGHT, OFFER_WRONG = 0.2, -0.2
"""A choice of three that holds the right one saves a question; one that does not costs a little."""
TALK_WRONG = -0.3
"""A wrong turn of the talk, or a person offered to somebody who asked for none, harms less than a wrong answer."""
DRAWS = 51
OFFERED = 3
LEAST = 0.03
"""An entry less likely than this is not offered beside another reply."""
LEAST_SHARE = 0.05
"""Of all entries' probability together: what an entry must have to be offered where one is near, however unlikely."""
SURE_ALONE = 0.9
"""Of several questions in a message, one that the whole of it does not point to must be as clear as this by itself. Without
that, one message in seven of several sentences brought an answer that nobody had asked for; with it, one in twelve."""
MOST_AT_ONCE = 3
"""Questions of one message that are answered."""


@dataclass(frozen=True)
class Guess:
    """One class and its probability."""

    name: str
    probability: float


ASK_ENTRY, ASK_WHICH, ASK_TOPIC, NOT_UNDERSTOOD = "ask_entry", "ask_which", "ask_topic", "nlu_fallback"
VAGUE = "vague_"
"""Classes of this prefix are messages that name only a topic, or, as `vague_help`, not even that."""
STOP, PERSON = "stop", "ask_person"
HELD = frozenset(("out_of_scope", "not_covered", "own_case_status", "abuse"))
"""Classes that no entry answers; what is said of them differs little, so that a doubt between them is none."""


ABOUT_CARE = frozenset(("not_covered", "own_case_status"))
"""Held classes that are about leaving care all the same. Of the questions that were taken for one of these, three in four
had the right entry among those that LEAST_SHARE leaves."""


def pooled(probabilities: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Rows in which the likeliest of the held classes has the probability of all of them, and so for the vague ones."""
    pools = probabilities.copy()
    for family in (
        [index for index, name in enumerate(classes) if name in HELD],
        [index for index, name in enumerate(classes) if name.startswith(VAGUE)],
    ):
        if family:
            likeliest = np.array(family)[probabilities[:, family].argmax(axis=1)]
            pools[:, family] = 0.0
            pools[np.arange(len(pools)), likeliest] = probabilities[:, family].sum(axis=1)
    return pools


@dataclass(frozen=True)
class Thresholds:
    """Pooled probabilities from which a class is acted on, learnt from messages that were not among the examples."""

    answer: float
    offer: float
    talk: float
    held: float

    @classmethod
    def fit(
        cls,
        probabilities: np.ndarray,
        classes: Sequence[str],
        labels: Sequence[Collection[str]],
        entries: Collection[str],
    ) -> Thresholds:
        """`probabilities` has a pooled row a message, `labels` what is right for it; `entries` are the entries' classes."""
        right = np.array([[name in each for name in classes] for each in labels])
        best, top = probabilities.argmax(axis=1), probabilities.max(axis=1)
        is_entry = np.array([name in entries for name in classes])
        is_held = np.array([name in HELD for name in classes])
        is_right = right[np.arange(len(best)), best]
        worth, talk_worth = np.where(is_right, RIGHT, WRONG), np.where(is_right, RIGHT, TALK_WRONG)
        asks, holds = is_entry[best], is_held[best]
        held_worth = np.where((right & is_held).any(axis=1), RIGHT, TALK_WRONG)
        among_entries = np.where(is_entry, probabilities, 0.0)
        likeliest = np.argsort(-among_entries, axis=1)[:, :OFFERED]
        mass = np.take_along_axis(among_entries, likeliest, axis=1).sum(axis=1)
        offer_worth = np.where(np.take_along_axis(right, likeliest, axis=1).any(axis=1), OFFER_RIGHT, OFFER_WRONG)
        return cls(
            answer=_best_from(top[asks], worth[asks] - np.maximum(offer_worth[asks], 0.0)),
            offer=_best_from(mass, offer_worth),
            talk=_best_from(top[~asks & ~holds], talk_worth[~asks & ~holds]),
            held=_best_from(top[holds], held_worth[holds]),
        )


@dataclass(frozen=True)
class Decision:
    """What to do about one text: an intent, the entries that are asked for, and the likeliest entries beside them."""

    intent: str
    confidence: float
    entries: tuple[Guess, ...] = ()
    near: tuple[Guess, ...] = ()
    topic: str | None = None
    left_over: int = 0
    """Further questions in the message that are not answered at once."""


def decide(ranked: Sequence[Guess], entries: Collection[str], thresholds: Thresholds, *, words: int) -> Decision:
    """Decide on one text of so many words from all its pooled guesses, the likeliest first.

    A single word ("rent") names a subject, however sure the guess: the likeliest entries are offered.
    """
    best = ranked[0]
    near = tuple(guess for guess in ranked if guess.name in entries)[:OFFERED]
    likely = tuple(guess for guess in near if guess.probability >= LEAST)
    if best.name in entries:
        if best.probability >= thresholds.answer:
            if words == 1:
                return Decision(ASK_WHICH, best.probability, near=near)
            return Decision(ASK_ENTRY, best.probability, entries=(best,), near=likely)
    elif best.probability >= (thresholds.held if best.name in HELD else thresholds.talk):
        return _talk(best, _nearest(ranked, entries) if best.name in ABOUT_CARE else likely)
    mass = sum(guess.probability for guess in near)
    if mass >= thresholds.offer:
        return Decision(ASK_WHICH, mass, near=near)
    return Decision(NOT_UNDERSTOOD, 1.0 - best.probability, near=likely)


def combine(whole: Decision, parts: Sequence[Decision]) -> Decision:
    """Decide on a message from the decision on all of it and those on its parts: two clear questions are both asked."""
    asked: dict[str, Guess] = {}
    for part in parts:
        for guess in part.entries:
            if guess.name not in asked or guess.probability > asked[guess.name].probability:
                asked[guess.name] = guess
    told = {guess.name for guess in whole.near}
    meant = [guess for guess in asked.values() if guess.name in told or guess.probability >= SURE_ALONE]
    clear = sorted(meant or asked.values(), key=lambda guess: -guess.probability)
    if whole.intent in (STOP, PERSON) or not clear:
        return whole if whole.intent != NOT_UNDERSTOOD else next((p for p in parts if p.intent == ASK_WHICH), whole)
    if len(clear) > 1:
        clearest = sorted(clear[:MOST_AT_ONCE], key=lambda guess: list(asked).index(guess.name))
        left_over = len(clear) - len(clearest)
        return Decision(ASK_ENTRY, clear[0].probability, entries=tuple(clearest), near=whole.near, left_over=left_over)
    if whole.intent == ASK_ENTRY and whole.confidence >= clear[0].probability:
        return whole
    return Decision(ASK_ENTRY, clear[0].probability, entries=(clear[0],), near=whole.near or (clear[0],))


def _nearest(ranked: Sequence[Guess], entries: Collection[str]) -> tuple[Guess, ...]:
    guesses = [guess for guess in ranked if guess.name in entries]
    least = LEAST_SHARE * sum(guess.probability for guess in guesses)
    return tuple(guess for guess in guesses[:OFFERED] if guess.probability >= least)


def _talk(guess: Guess, near: tuple[Guess, ...]) -> Decision:
    if guess.name.startswith(VAGUE):
        topic = guess.name.removeprefix(VAGUE)
        return Decision(ASK_TOPIC, guess.probability, near=near, topic=None if topic == "help" else topic)
    return Decision(guess.name, guess.probability, near=near)


def _best_from(scores: np.ndarray, gains: np.ndarray) -> float:
    """The score from which on acting gains most: the median over resampled messages, for one sample's best is chance."""
    if not len(scores):
        return 1.0
    random = np.random.default_rng(0)
    draws = [random.integers(len(scores), size=len(scores)) for _ in range(DRAWS)]
    return float(np.median([_best_of(scores[each], gains[each]) for each in draws]))


def _best_of(scores: np.ndarray, gains: np.ndarray) -> float:
    order = np.argsort(-scores)
    return float(scores[order][np.argmax(np.cumsum(gains[order]))])
