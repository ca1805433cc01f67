"""The options about data: evaluation protocol, augmentation and test-time augmentation.

Without torch, so that a page can show them before it is loaded.

Each option has its own label and help text. The numbers in a text are computed from the values that
the code uses.
"""

from dataclasses import dataclass, replace
from typing import Self

from mnistlab.choice import Choice
from mnistlab.data.dataset import MNIST


class Split(Choice):
    """The evaluation protocol: which images train, validate and test.

    HOLDOUT trains on the first images in the official order, validates on the last ones and uses
    the test images once, after the run. ARTICLE trains on all training images and validates on the
    test images after every epoch, as the article does; a best epoch selected there is optimistic.
    ALL is for a fixed recipe: it trains on all training images, saves the last epoch and uses the
    test images once. Its validation images are training images too.
    """

    HOLDOUT = "holdout", "Hold-out"
    ARTICLE = "article", "Article"
    ALL = "all", "All data"

    @property
    def n_train(self) -> int:
        """Number of training images."""
        return MNIST.n_holdout_train if self is Split.HOLDOUT else MNIST.n_train

    @property
    def help(self) -> str:
        """Which images train and select the epoch, and how the test images are used."""
        return self.explain(self.n_train)

    def explain(self, n_train: int) -> str:
        """The same for a run that trains on so many of them."""
        whole = "All " if n_train == MNIST.n_train else ""
        match self:
            case Split.HOLDOUT:
                return (
                    f"{n_train:,} images train, {MNIST.n_validation:,} others select the "
                    f"epoch, and the {MNIST.n_test:,} test images are used once, after the run."
                )
            case Split.ARTICLE:
                return (
                    f"{whole}{n_train:,} training images train, and the {MNIST.n_test:,} test "
                    "images select the epoch, as in the article. The accuracy is optimistic."
                )
            case Split.ALL:
                return (
                    f"{whole}{n_train:,} training images train, the last epoch is saved, and the "
                    "test images are used once. Validation only shows that the network learns."
                )

    @property
    def selection(self) -> str:
        """Which images selected a finished run's epoch, as a sentence."""
        match self:
            case Split.HOLDOUT:
                return (
                    f"Selected on {MNIST.n_validation:,} held-out images; the test images were "
                    "used once, after the run."
                )
            case Split.ARTICLE:
                return "Selected on the test images, as in the article: the accuracy is optimistic."
            case Split.ALL:
                return (
                    "The last epoch is saved; the test images were used once. Validation images "
                    "were trained on too, so their accuracy is no estimate."
                )


@dataclass(frozen=True)
class AugmentationRanges:
    """Limits of the random changes, which are uniform in both directions; 0 is no change.

    `rotation` is in degrees; `scale` is relative, for width and height independently; `shear` is in
    pixels sideways per pixel of height; `shift` is in whole pixels. `elastic` is the displacement
    of a coarse grid's points, and `stroke_width` that of either edge of a stroke, both in pixels.
    `serifs` is the fraction of ones that get a flag; half as many get a foot, half as many sevens a
    bar, and a quarter as many zeros a slash. `synthetic` is the fraction of images that make room
    for a synthetic drawing of the same digit (`pen.synthetic`), which then changes like any other
    image.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: int = 0
    elastic: float = 0.0
    stroke_width: float = 0.0
    serifs: float = 0.0
    synthetic: float = 0.0

    def __str__(self) -> str:
        """Each change with its range; empty if there is none."""
        ranges = {
            f"rotation ±{self.rotation:g}°": self.rotation,
            f"scale ±{100 * self.scale:.3g}%": self.scale,
            f"shear ±{self.shear:g}": self.shear,
            f"shift ±{self.shift} px": self.shift,
            f"elastic distortion ±{self.elastic:g} px": self.elastic,
            f"stroke edges ±{self.stroke_width:g} px": self.stroke_width,
            f"a flag on {self.serifs:.0%} and a foot on {self.serifs / 2:.0%} of the ones, a bar "
            f"on {self.serifs / 2:.0%} of the sevens and a slash through {self.serifs / 4:.0%} of "
            "the zeros, chosen by their labels": self.serifs,
            f"{self.synthetic:.0%} of the images replaced by synthetic handwriting of the same "
            "digit": self.synthetic,
        }
        return ", ".join(text for text, limit in ranges.items() if limit)


NO_AUGMENTATION = AugmentationRanges()


class Augmentation(Choice):
    """Random changes of the training images."""

    ranges: AugmentationRanges

    def __new__(
        cls, value: str, label: str = "", ranges: AugmentationRanges = NO_AUGMENTATION
    ) -> Self:
        # `super().__new__` does not work in an enum.
        member = str.__new__(cls, value)
        member._value_, member.label, member.ranges = value, label, ranges
        return member

    NONE = "none", "None", NO_AUGMENTATION
    SHIFT = "shift", "Shift", AugmentationRanges(shift=2)
    AFFINE = "affine", "Affine", AugmentationRanges(rotation=10, scale=0.1, shear=0.1, shift=2)
    HANDWRITING = (
        "handwriting",
        "Handwriting",
        AugmentationRanges(
            rotation=10, scale=0.1, shear=0.1, shift=2, elastic=0.5, stroke_width=0.2, serifs=0.5
        ),
    )
    SYNTHETIC = "synthetic", "Synthetic handwriting", replace(HANDWRITING[2], synthetic=0.1)

    @property
    def help(self) -> str:
        """The ranges in words."""
        if not str(self.ranges):
            return "Images are used as they are, the same in every epoch."
        purpose = "For drawings. " if self.ranges.serifs else ""
        return f"{purpose}Random for each image and epoch: {self.ranges}."


TTA_ROTATION = 8.0
"""Degrees."""
TTA_SHIFT = 1.0
"""Pixels."""
TTA_ZOOM = 0.08
"""Relative."""

# Rotation (degrees), shift to the right and down (pixels), magnification.
TTA_VIEWS = (
    (0.0, 0.0, 0.0, 1.0),
    (TTA_ROTATION, 0.0, 0.0, 1.0),
    (-TTA_ROTATION, 0.0, 0.0, 1.0),
    (0.0, TTA_SHIFT, 0.0, 1.0),
    (0.0, -TTA_SHIFT, 0.0, 1.0),
    (0.0, 0.0, TTA_SHIFT, 1.0),
    (0.0, 0.0, -TTA_SHIFT, 1.0),
    (0.0, 0.0, 0.0, 1 + TTA_ZOOM),
    (0.0, 0.0, 0.0, 1 - TTA_ZOOM),
)
TTA_HELP = (
    f"Averages the logits over {len(TTA_VIEWS)} views: original, rotated by ±{TTA_ROTATION:g}°, "
    f"shifted by {TTA_SHIFT:g} px in 4 directions, scaled by ±{TTA_ZOOM:.0%}. Off: original only."
)
