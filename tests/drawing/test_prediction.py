import pytest

from mnistlab.drawing.prediction import CONFIDENT_FROM, Prediction, Verdict


def reading(top: float, ood_score: float | None = None) -> Prediction:
    rest = (1 - top) / 2
    return Prediction((0, 0, rest, 0, top, 0, 0, rest, 0, 0), ood_score)


@pytest.mark.parametrize(
    ("top", "ood_score", "verdict"),
    [
        (0.99, None, Verdict.CONFIDENT),
        (CONFIDENT_FROM, 0.4, Verdict.CONFIDENT),
        (CONFIDENT_FROM - 0.01, 0.4, Verdict.UNCERTAIN),
        (CONFIDENT_FROM - 0.01, None, Verdict.UNCERTAIN),
        (0.99, 1.01, Verdict.NOT_A_DIGIT),
        (0.5, 1.01, Verdict.NOT_A_DIGIT),
    ],
)
def test_verdicts(top: float, ood_score: float | None, verdict: Verdict) -> None:
    actual = reading(top, ood_score)
    assert actual.verdict is verdict and actual.digit == 4 and actual.confidence == top


def test_the_candidates_come_in_order() -> None:
    actual = Prediction((0.1, 0, 0.3, 0, 0.05, 0, 0, 0.55, 0, 0))
    assert actual.order[:4] == [7, 2, 0, 4]
