"""A run's predictions as pieces of HTML."""

import numpy as np

from mnistlab.stats.predictions import Predictions
from mnistlab.ui.run import run_details


def test_a_digit_without_images_has_no_accuracy() -> None:
    labels = np.array([0, 0, 3], np.uint8)
    text = run_details.accuracies(Predictions(labels, labels, np.ones(3, np.float32)))
    assert text.count("100.00%") == 2 and text.count("–") == 8
