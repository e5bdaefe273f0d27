"""A map: vectors in two dimensions, by principal components. The same vectors give the same map."""

from typing import Any

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def plane(vectors: np.ndarray[Any, Any]) -> Matrix:
    """Coordinates of each vector along the two directions in which they differ most, within [0, 1].

    The directions are eigenvectors of the covariance matrix; their signs are fixed by the largest component, which is
    made positive, so that a map is not mirrored from one day to the next.
    """
    if not len(vectors):
        return np.zeros((0, 2))
    centred = vectors.astype(np.float64) - vectors.astype(np.float64).mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    two = directions[:, -1:-3:-1]
    two = two * np.where(two[np.abs(two).argmax(axis=0), np.arange(two.shape[1])] < 0, -1.0, 1.0)
    places = centred @ two
    low, high = places.min(axis=0), places.max(axis=0)
    spread: Matrix = (places - low) / np.where(high - low < 1e-9, 1.0, high - low)
    return spread
