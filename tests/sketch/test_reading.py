import pytest

from mnistlab.sketch.reading import SURE_FROM, Reading, Verdict


def reading(top: float, strangeness: float | None = None) -> Reading:
    rest = (1 - top) / 2
    return Reading((0, 0, rest, 0, top, 0, 0, rest, 0, 0), strangeness)


@pytest.mark.parametrize(
    ("top", "strangeness", "verdict"),
    [
        (0.99, None, Verdict.SURE),
        (SURE_FROM, 0.4, Verdict.SURE),
        (SURE_FROM - 0.01, 0.4, Verdict.UNSURE),
        (SURE_FROM - 0.01, None, Verdict.UNSURE),
        (0.99, 1.01, Verdict.STRANGE),
        (0.5, 1.01, Verdict.STRANGE),
    ],
)
def test_verdicts(top: float, strangeness: float | None, verdict: Verdict) -> None:
    found = reading(top, strangeness)
    assert found.verdict is verdict and found.digit == 4 and found.sure == top


def test_the_candidates_come_in_order() -> None:
    found = Reading((0.1, 0, 0.3, 0, 0.05, 0, 0, 0.55, 0, 0))
    assert found.order[:4] == [7, 2, 0, 4]
