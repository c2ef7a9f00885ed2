"""The head: which of many classes a text belongs to, with probabilities that mean what they say.

Regularised least squares, one score a class, solved in closed form over the examples' kernel (Rifkin and Lippert, "Notes
on Regularized Least Squares", MIT CBCL Paper 268, 2007). The scores become probabilities through a softmax whose
temperature is fitted to texts that were not among the examples, and with it how much a family of classes is favoured, whose
share of the examples says nothing of how often it is right (Guo et al., "On Calibration of Modern Neural Networks", ICML
2017, there as vector scaling).

A change of some examples is learnt without solving everything again: only the examples nearest to the changed ones are
solved again, the others' weights stay (one step of block coordinate descent; Tu et al., "Large Scale Kernel Learning using
Block Coordinate Descent", 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import spftrf, spftrs
from scipy.optimize import minimize

from nlu.features import Features

MEANING_WEIGHT = 2.0
"""How much closeness of meaning counts beside shared words, which count one at most."""
MEANING_PRECISION = 2.0
"""How fast closeness of meaning fades with the angle between two vectors: a Gaussian kernel's precision."""
RIDGE = 0.4
"""Added to the kernel's diagonal: larger is smoother. These three were chosen on the calibration messages."""
TEMPERATURE = 0.12
"""Until it is calibrated: about what calibration finds."""
SMALL, RAISED, MOST_RAISED = 80, 0.4, 2.0
"""A class of fewer examples than this scores too low beside those with hundreds. What it is to score at its own examples is
raised, with the root of how few they are. Chosen with ten entries of 14 examples that were published beside all others."""
SOLVED_AGAIN = 300
"""Examples that are solved again after a change, beside the new ones."""
STRIP = 1000
FEW, BLOCK = 8, 8192
"""So few texts are scored one by one against a block of examples at a time: what matters is how often memory is read."""


@dataclass(frozen=True)
class Head:
    """A fitted head. `truth` holds the class of each example as its place in `classes`."""

    classes: tuple[str, ...]
    examples: Features
    truth: np.ndarray
    temperature: float
    favour: np.ndarray
    """What is added to each class's score after the temperature."""
    _duals: np.ndarray
    _word_weights: np.ndarray

    @classmethod
    def fit(cls, examples: Features, labels: Sequence[str]) -> Head:
        """Raises LinAlgError when the examples cannot be told apart from rounding."""
        classes = tuple(sorted(set(labels)))
        truth = _places(classes, labels)
        duals = _solve_all(examples, _targets(truth, len(classes)))
        weights = _word_weights(examples, duals)
        return cls(classes, examples.by_columns(), truth, TEMPERATURE, np.zeros(len(classes)), duals, weights)

    def changed(self, kept: np.ndarray, added: Features, labels: Sequence[str]) -> Head:
        """The head after a change of its examples: `kept` is true for those that stay, `added` come with their labels."""
        staying = self.truth[kept]
        here = np.flatnonzero(np.bincount(staying, minlength=len(self.classes)))
        classes = tuple(self.classes[place] for place in here)
        classes += tuple(sorted(set(labels) - set(classes)))
        truth = np.concatenate([np.searchsorted(here, staying), _places(classes, labels)])
        examples = self.examples[kept].followed_by(added)
        gone = self.examples[~kept]
        duals = np.zeros((len(examples), len(classes)), dtype=np.float32)
        duals[: len(staying), : len(here)] = (self._duals if kept.all() else self._duals[kept])[:, here]
        weights = np.zeros((self._word_weights.shape[0], len(classes)), dtype=np.float32)
        weights[:, : len(here)] = self._word_weights if len(here) == len(self.classes) else self._word_weights[:, here]
        _add_words(weights[:, : len(here)], gone, -self._duals[~kept][:, here])
        raised = _heights(truth, len(classes))[: len(here)] / _heights(self.truth, len(self.classes))[here]
        for place in np.flatnonzero(raised != 1.0):
            duals[:, place] *= raised[place]
            weights[:, place] *= raised[place]

        nearness = closeness(examples, added.followed_by(gone))
        again = np.argsort(-nearness)[: SOLVED_AGAIN + len(added)]
        nearest = examples[again]
        owed = _targets(truth, len(classes))[again] - RIDGE * duals[again]
        step = _solve(_kernel(nearest, nearest), owed - _scores(nearest, examples, duals, weights))
        duals[again] += step
        _add_words(weights, nearest, step)
        favour = np.zeros(len(classes))
        favour[: len(here)] = self.favour[here]
        return Head(classes, examples.by_columns(), truth, self.temperature, favour, duals, weights)

    def calibrated(
        self,
        features: Features,
        labels: Sequence[Collection[str]],
        family: Collection[str] = (),
        share: float | None = None,
    ) -> Head:
        """The head with the temperature, and the favour for a family of classes, by which unseen texts are least surprising.

        A text may have several right labels; those with none of the classes do not count. `share` is how many of all texts
        are of the family where the probabilities will be used, if not the share that is of it here.
        """
        right = np.array([[name in each for name in self.classes] for each in labels])
        known = right.any(axis=1)
        scores = self.scores(features)[known]
        is_family = np.array([name in family for name in self.classes], dtype=float)
        weights = _weights((right[known] & (is_family > 0)).any(axis=1), share)

        def surprise(fitted: np.ndarray) -> float:
            found = np.where(right[known], _softmax(scores / np.exp(fitted[0]) + fitted[1] * is_family), 0.0).sum(axis=1)
            return float(-np.average(np.log(found + 1e-12), weights=weights))

        log_temperature, favour = minimize(surprise, [np.log(TEMPERATURE), 0.0], method="Nelder-Mead").x
        return replace(self, temperature=float(np.exp(log_temperature)), favour=favour * is_family)

    def scores(self, features: Features) -> np.ndarray:
        """One row a text: near one (two for a class of few examples) for a class it belongs to, near zero for others."""
        return _scores(features, self.examples, self._duals, self._word_weights)

    def probabilities(self, features: Features) -> np.ndarray:
        """One row of probabilities a text, in the order of `classes`; each sums to one."""
        return _softmax(self.scores(features) / self.temperature + self.favour)


def _places(classes: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[label] for label in labels], dtype=np.intp)


def closeness(some: Features, others: Features) -> np.ndarray:
    """How close each of some is to the closest of the others: up to three, for the same words and the same meaning."""
    closest: np.ndarray = _kernel(some, others).max(axis=1)
    return closest


def _weights(is_family: np.ndarray, share: float | None) -> np.ndarray:
    """What each text counts, so that those of the family count together as the share of all."""
    here = is_family.mean()
    if share is None or not 0 < here < 1:
        return np.ones(len(is_family))
    return np.where(is_family, share / here, (1 - share) / (1 - here))


def _heights(truth: np.ndarray, classes: int) -> np.ndarray:
    """What each class is to score at its own examples."""
    number = np.maximum(np.bincount(truth, minlength=classes), 1)
    heights: np.ndarray = np.clip((SMALL / number) ** RAISED, 1.0, MOST_RAISED)
    return heights


def _targets(truth: np.ndarray, classes: int) -> np.ndarray:
    targets = np.zeros((len(truth), classes), dtype=np.float32)
    targets[np.arange(len(truth)), truth] = _heights(truth, classes)[truth]
    return targets


def _kernel(some: Features, others: Features) -> np.ndarray:
    """Closeness of each of some to each of the others; made in strips, so that it takes little more room than itself."""
    kernel = np.empty((len(some), len(others)), dtype=np.float32)
    transposed = others.words.T.tocsr()
    for start in range(0, len(some), STRIP):
        rows = slice(start, start + STRIP)
        kernel[rows] = (some.words[rows] @ transposed).toarray()
        if some.meaning is not None and others.meaning is not None:
            kernel[rows] += _closeness_of_meaning(some.meaning[rows], others.meaning)
    return kernel


def _solve_all(examples: Features, targets: np.ndarray) -> np.ndarray:
    """The duals of all examples, from half of their kernel: it is symmetric, and all of it would take gigabytes more.

    The half is kept in LAPACK's rectangular full packed format (Gustavson et al., "Rectangular Full Packed Format for
    Cholesky's Algorithm", ACM TOMS 37, 2010): row r holds the kernel's row r from its diagonal on, and before that the row
    as far below the middle up to its diagonal. To an odd number of examples one is added that is like no other.
    """
    number = len(examples)
    half = (number + 1) // 2
    packed = np.zeros((half, 2 * half + 1), dtype=np.float32)
    for start in range(0, half, STRIP):
        rows = np.arange(start, min(start + STRIP, half))
        later = np.arange(start, number)
        upper = _kernel(examples[rows], examples[later])
        below = rows[rows < number - half] + half
        lower = _kernel(examples[below], examples[np.arange(half, min(rows[-1] + half + 1, number))])
        for place, row in enumerate(rows):
            packed[row, row + 1 : number + 1] = upper[place, place:]
            if place < len(below):
                packed[row, : row + 1] = lower[place, : row + 1]
            else:
                packed[row, row] = 1.0
    diagonal = np.arange(half)
    packed[diagonal, diagonal + 1] += RIDGE
    packed[diagonal, diagonal] += RIDGE
    factor, fault = spftrf(2 * half, packed.reshape(-1), transr="N", uplo="L", overwrite_a=True)
    if fault:
        raise LinAlgError("The examples' kernel cannot be factored.")
    wanted = np.zeros((2 * half, targets.shape[1]), dtype=np.float32, order="F")
    wanted[:number] = targets
    duals, _ = spftrs(2 * half, factor, wanted, transr="N", uplo="L", overwrite_b=True)
    return np.ascontiguousarray(duals[:number])


def _closeness_of_meaning(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    cosines = some @ others.T
    faded: np.ndarray = np.exp(MEANING_PRECISION * (cosines - 1.0), dtype=np.float32)
    return faded * np.float32(MEANING_WEIGHT)


def _solve(kernel: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The duals; the kernel is used up."""
    kernel[np.diag_indices_from(kernel)] += RIDGE
    # The kernel is symmetric, so its transpose is itself in the column order that LAPACK works on in place.
    factor = cho_factor(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    duals: np.ndarray = cho_solve(factor, targets, check_finite=False)
    return np.ascontiguousarray(duals)


def _add_words(weights: np.ndarray, examples: Features, duals: np.ndarray) -> None:
    """Add what the examples' words weigh, to the rows of the words that they have and no others."""
    rows = np.unique(examples.words.indices)
    weights[rows] += examples.words[:, rows].T @ duals


def _word_weights(examples: Features, duals: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(examples.words.T @ duals)


def _scores(features: Features, examples: Features, duals: np.ndarray, word_weights: np.ndarray) -> np.ndarray:
    scores: np.ndarray = features.words @ word_weights
    if features.meaning is None or examples.meaning is None:
        return scores
    if len(features) > FEW:
        scores += _closeness_of_meaning(features.meaning, examples.meaning) @ duals
        return scores
    for start in range(0, len(examples), BLOCK):
        block = slice(start, start + BLOCK)
        for row, meaning in enumerate(features.meaning):
            scores[row] += _closeness_of_meaning(meaning, examples.meaning[block]) @ duals[block]
    return scores


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised: np.ndarray = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised
