"""The choices about data, by name and without torch, so that recipes and pages can offer them.

A choice carries its own words. Where they say a number, they read it from the value that the code
works with.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from mnistlab.data.dataset import MNIST


class Choice(StrEnum):
    """A named choice; `label` is what a page calls it."""

    _value_: str
    label: str

    # Looking a member up by its value, `Split("holdout")`, goes by this signature too: mypy wants
    # the other arguments to be optional.
    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member


class Split(Choice):
    """How the data set is divided between training, validation and test.

    STRICT trains on the official order's first images, validates on the last ones and reads the
    test images once, after the run. ARTICLE trains on all training images and validates on the test
    images after every epoch, as the article does; a best epoch chosen there is optimistic. ALL is
    for a settled recipe: it trains on all training images, keeps the last epoch whatever it is, and
    reads the test images once with it. What it validates on, it has trained on.
    """

    HOLDOUT = "holdout", "Hold-out"
    ARTICLE = "article", "Article"
    ALL = "all", "All data"

    @property
    def n_train(self) -> int:
        """Number of images that are trained on."""
        return MNIST.n_holdout_train if self is Split.HOLDOUT else MNIST.n_train

    @property
    def help(self) -> str:
        """What trains, what selects the epoch, and how the test images are used."""
        match self:
            case Split.HOLDOUT:
                return (
                    f"{self.n_train:,} images train, {MNIST.n_validation:,} others select the "
                    f"epoch, and the {MNIST.n_test:,} test images are used once, after the run."
                )
            case Split.ARTICLE:
                return (
                    f"All {self.n_train:,} training images train, and the {MNIST.n_test:,} test "
                    "images select the epoch, as in the article. The accuracy is optimistic."
                )
            case Split.ALL:
                return (
                    f"All {self.n_train:,} training images train, the last epoch is kept, and the "
                    "test images are used once. Validation only shows that the network learns."
                )

    @property
    def selection(self) -> str:
        """What a finished run's epoch was selected on, as a sentence."""
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
    """How far a training image may be changed, uniformly in both directions; 0 for not at all.

    `rotation` in degrees; `scale` relative, for width and height independently; `shear` in pixels
    sideways per pixel of height; `shift` in whole pixels. `elastic` is by how many pixels the knots
    of a coarse grid over the image may move. `stroke_width` is by how many pixels either edge of a
    stroke may move. `serifs` is the fraction of ones that get a flag; half of that get a foot, and
    as many sevens a bar.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: int = 0
    elastic: float = 0.0
    stroke_width: float = 0.0
    serifs: float = 0.0

    def __str__(self) -> str:
        """Each change with its range, as a list in words; empty if there is none."""
        words = {
            f"rotation ±{self.rotation:g}°": self.rotation,
            f"scale ±{100 * self.scale:.3g}%": self.scale,
            f"shear ±{self.shear:g}": self.shear,
            f"shift ±{self.shift} px": self.shift,
            f"elastic distortion ±{self.elastic:g} px": self.elastic,
            f"stroke edges ±{self.stroke_width:g} px": self.stroke_width,
            f"a flag on {self.serifs:.0%} and a foot on {self.serifs / 2:.0%} of the ones and a "
            f"bar on {self.serifs / 2:.0%} of the sevens, chosen by their labels": self.serifs,
        }
        return ", ".join(word for word, reach in words.items() if reach)


NO_AUGMENTATION = AugmentationRanges()


class Augmentation(Choice):
    """What happens to a training batch before the network sees it."""

    ranges: AugmentationRanges

    def __new__(
        cls, value: str, label: str = "", ranges: AugmentationRanges = NO_AUGMENTATION
    ) -> Self:
        # An enum's `__new__` cannot be inherited by `super()`.
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

    @property
    def help(self) -> str:
        """The ranges in words, from the values that the augmentation works with."""
        if not str(self.ranges):
            return "Images are used as they are, the same in every epoch."
        purpose = "For drawings. " if self.ranges.serifs else ""
        return f"{purpose}Random for each image and epoch: {self.ranges}."
