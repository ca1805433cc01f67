"""The choices about data, by name and without torch, so that recipes and pages can offer them."""

from enum import StrEnum


class Split(StrEnum):
    """How MNIST is divided.

    STRICT trains on the official order's first 50,000, validates on its last 10,000 and reads the
    test images once, after the run. ARTICLE trains on all 60,000 and validates on the test images
    after every epoch, as the article does; a best epoch chosen there is optimistic. ALL is for a
    recipe that is settled: it trains on all 60,000, keeps the last epoch whatever it is, and reads
    the test images once with it. What it validates on, the last 10,000 again, it has trained on.
    """

    STRICT = "strict"
    ARTICLE = "article"
    ALL = "all"

    @property
    def digits(self) -> int:
        """How many digits are trained on."""
        return 50_000 if self is Split.STRICT else 60_000


class Augmentation(StrEnum):
    """What happens to a training batch before the network sees it."""

    NONE = "none"
    SHIFT = "shift"
    AFFINE = "affine"
    HAND = "hand"
    """What hands do beside: wider ranges, slant, bends, a thinner or thicker pen."""
