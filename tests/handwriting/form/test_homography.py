"""Homographies against a pinhole camera and against differences."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mnistlab.handwriting.form.homography import Floats, area_scale, homography, project

SHEET = np.array([[0.0, 0.0], [180, 0], [0, 250], [180, 250]])


def camera(points: Floats, angles: tuple[float, float, float]) -> Floats:
    """Points of a sheet as a pinhole camera sees them: turned and moved in space, then divided by
    their depth.
    """
    space = np.column_stack([points - [90, 125], np.zeros(len(points))])
    turned = Rotation.from_euler("xyz", angles, degrees=True).apply(space)
    seen = turned + np.array([10, -20, 400])
    result: Floats = 1500 * seen[:, :2] / seen[:, 2:] + [960, 720]
    return result


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 10), (-20, 35, 170), (10, -40, 90)])
def test_a_homography_of_four_points_is_the_camera_s_at_all_others(
    angles: tuple[float, float, float],
) -> None:
    others = np.random.default_rng(0).uniform(0, 250, (50, 2))
    matrix = homography(SHEET, camera(SHEET, angles))
    assert matrix[2, 2] == 1
    np.testing.assert_allclose(project(matrix, others), camera(others, angles), atol=1e-6)
    back = homography(camera(SHEET, angles), SHEET)
    np.testing.assert_allclose(project(back, camera(others, angles)), others, atol=1e-6)


def test_three_points_on_a_line_have_none() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        homography(np.array([[0.0, 0.0], [1, 1], [2, 2], [5, 0]]), SHEET)


def test_the_scale_of_an_area_is_that_of_a_small_parallelogram() -> None:
    points = np.random.default_rng(1).uniform(0, 180, (20, 2))
    for mirror in (1, -1):
        matrix = homography(SHEET * [mirror, 1], camera(SHEET, (25, -15, 40)))
        here, right, down = (
            project(matrix, points + step) for step in ((0, 0), (1e-4, 0), (0, 1e-4))
        )
        area = np.linalg.det(np.stack([right - here, down - here], 1)) / 1e-8
        np.testing.assert_allclose(area_scale(matrix, points), area, rtol=1e-4)
        assert (np.sign(area) == mirror).all()
