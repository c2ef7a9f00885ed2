"""The head: which of many classes a text belongs to, with probabilities that mean what they say.

Regularised least squares on one-hot targets, solved in closed form over the examples' kernel, so that a few thousand
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
from scipy.sparse import csr_matrix

RIDGE = 1.0
"""Added to the kernel's diagonal: larger is smoother. An example's own kernel value is 2 (two halves of length one)."""


@dataclass(frozen=True)
class Head:
    """A fitted head. `left_out` holds, for each example, its probabilities had it not been among the examples."""

    classes: tuple[str, ...]
    weights: np.ndarray
    temperature: float
    left_out: np.ndarray

    @classmethod
    def fit(cls, rows: csr_matrix, labels: Sequence[str], *, ridge: float = RIDGE) -> Head:
        classes = tuple(sorted(set(labels)))
        place = {name: index for index, name in enumerate(classes)}
        truth = np.array([place[label] for label in labels])
        targets = np.zeros((len(labels), len(classes)), dtype=np.float32)
        targets[np.arange(len(labels)), truth] = 1.0
        kernel = np.asfortranarray((rows @ rows.T).toarray(), dtype=np.float32)
        kernel[np.diag_indices_from(kernel)] += ridge
        factor, _ = lapack.spotrf(kernel, lower=True, overwrite_a=True)
        duals, _ = lapack.spotrs(factor, targets, lower=True)
        inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
        scores = targets - duals / np.diag(inverse)[:, None]
        temperature = _temperature(scores, truth)
        return cls(
            classes=classes,
            weights=np.ascontiguousarray(rows.T @ duals, dtype=np.float32),
            temperature=temperature,
            left_out=_softmax(scores / temperature),
        )

    def probabilities(self, rows: csr_matrix) -> np.ndarray:
        """One row of probabilities a text, in the order of `classes`; each sums to one."""
        return _softmax((rows @ self.weights) / self.temperature)


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which the probability of the true classes is highest."""

    def surprise(log_temperature: float) -> float:
        probabilities = _softmax(scores / np.exp(log_temperature))
        return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-5.0, 1.0), method="bounded").x))
