"""The perspective of a flat sheet in a photo."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def homography(sources: Floats, targets: Floats) -> Floats:
    """The matrix (3, 3), its last element 1, that maps four points (4, 2) to four others.

    In homogeneous coordinates, (x', y', 1) ~ H (x, y, 1): two linear equations for each pair of
    points (R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed., 4.1).
    Raises numpy.linalg.LinAlgError if three of the points are on a line.
    """
    rows, values = [], []
    for (x, y), (u, v) in zip(sources, targets, strict=True):
        # u (h₃₁ x + h₃₂ y + 1) = h₁₁ x + h₁₂ y + h₁₃, and the same for v.
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solution = np.linalg.solve(np.array(rows, np.float64), np.array(values, np.float64))
    return np.append(solution, 1.0).reshape(3, 3)


def project(matrix: Floats, points: Floats) -> Floats:
    """Points (N, 2) through a homography."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[:, :2] / mapped[:, 2:]


def area_scale(matrix: Floats, points: Floats) -> Floats:
    """By how much (N,) a homography scales a small area at each point (N, 2); below 0 if it also
    mirrors it.

    The determinant of its derivative: det H / w³, w being the third coordinate.
    """
    w = points @ matrix[2, :2] + matrix[2, 2]
    scale: Floats = float(np.linalg.det(matrix)) / w**3
    return scale
