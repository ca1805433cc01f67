"""Which digits train, which validate, and which are kept for the end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistlab.data.mnist import Digits, Mnist


class Split(StrEnum):
    """How MNIST is divided.

    STRICT trains on the official order's first 50,000, validates on its last 10,000 and reads the
    test images once, after the run. ARTICLE trains on all 60,000 and validates on the test images
    after every epoch, as the article does; a best epoch chosen there is optimistic.
    """

    STRICT = "strict"
    ARTICLE = "article"


@dataclass(frozen=True)
class Parts:
    """What a run reads; `test` is None where the test images already served to validate."""

    train: "Digits"
    validation: "Digits"
    test: "Digits | None"


def divide(mnist: "Mnist", split: Split, subset: int | None = None) -> Parts:
    """Divide MNIST; a `subset` keeps that many training digits, for a quick look."""
    if split is Split.ARTICLE:
        return Parts(mnist.train[:subset], mnist.test, None)
    return Parts(mnist.train[:50_000][:subset], mnist.train[50_000:], mnist.test)
