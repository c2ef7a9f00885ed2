"""The head: which of many classes a text belongs to, with probabilities that mean what they say.

Regularised least squares on one-hot targets, solved in closed form over the examples' kernel, so that some thousands of
examples are learnt in seconds and each example's leave-one-out score comes with the solution (Rifkin and Lippert,
"Notes on Regularized Least Squares", MIT CBCL Paper 268, 2007). The scores become probabilities through a softmax
whose temperature is fitted to those leave-one-out scores (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize_scalar

from nlu.features import Features

MEANING_WEIGHT = 2.0
"""How much closeness of meaning counts beside shared words, which count one at most."""
MEANING_WIDTH = 2.0
"""How fast closeness of meaning fades with the angle between two vectors: a Gaussian kernel's precision."""
RIDGE = 0.5
"""Added to the kernel's diagonal: larger is smoother. These three were chosen on leave-one-out scores of our examples."""


@dataclass(frozen=True)
class Head:
    """A fitted head. `left_out` holds, for each example, its probabilities had it not been among the examples."""

    classes: tuple[str, ...]
    temperature: float
    left_out: np.ndarray
    _word_weights: np.ndarray
    _examples: np.ndarray | None
    _duals: np.ndarray

    @classmethod
    def fit(cls, features: Features, labels: Sequence[str]) -> Head:
        classes = tuple(sorted(set(labels)))
        place = {name: index for index, name in enumerate(classes)}
        truth = np.array([place[label] for label in labels])
        targets = np.zeros((len(labels), len(classes)), dtype=np.float32, order="F")
        targets[np.arange(len(labels)), truth] = 1.0
        kernel = (features.words @ features.words.T).toarray()
        if features.meaning is not None:
            kernel += _closeness(features.meaning, features.meaning)
        kernel[np.diag_indices_from(kernel)] += RIDGE
        # The kernel is symmetric, so its transpose is itself in the column order that LAPACK works on in place.
        factor, failed = lapack.spotrf(kernel.T, lower=True, overwrite_a=True)
        if failed:
            raise ArithmeticError("The examples' kernel cannot be factorised.")
        duals, _ = lapack.spotrs(factor, targets, lower=True)
        inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
        scores = targets - duals / np.diag(inverse)[:, None]
        temperature = _temperature(scores, truth)
        return cls(
            classes=classes,
            temperature=temperature,
            left_out=_softmax(scores / temperature),
            _word_weights=np.ascontiguousarray(features.words.T @ duals),
            _examples=features.meaning,
            _duals=np.ascontiguousarray(duals),
        )

    @property
    def reads_meaning(self) -> bool:
        return self._examples is not None

    def probabilities(self, features: Features) -> np.ndarray:
        """One row of probabilities a text, in the order of `classes`; each sums to one."""
        scores = features.words @ self._word_weights
        if self._examples is not None and features.meaning is not None:
            scores = scores + _closeness(features.meaning, self._examples) @ self._duals
        return _softmax(scores / self.temperature)


def _closeness(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    cosines = some @ others.T
    faded: np.ndarray = np.exp(MEANING_WIDTH * (cosines - 1.0), dtype=np.float32)
    return faded * np.float32(MEANING_WEIGHT)


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised: np.ndarray = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which the probability of the true classes is highest."""

    def surprise(log_temperature: float) -> float:
        probabilities = _softmax(scores / np.exp(log_temperature))
        return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-5.0, 1.0), method="bounded").x))
