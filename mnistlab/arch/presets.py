"""Named networks: the article's four targets, and two of our own.

The article prints no filter counts. Its targets are reconstructions that reproduce its four totals
exactly.
"""

from dataclasses import dataclass

from mnistlab.arch.spec import Spec, parse

TARGET_ACCURACY = 0.994
"""The article's target accuracy (0–1), with fewer parameters than `summary.BUDGET`."""


@dataclass(frozen=True)
class ArticleResult:
    """What the article reports; accuracies in percent, None where it reports none."""

    parameters: int
    train: float
    validation: float | None = None


@dataclass(frozen=True)
class Preset:
    """A named network; `article` is what the article reports of it, None for our own.

    A target's question and recipes are in `mnistlab.experiments.targets`.
    """

    name: str
    label: str
    title: str
    spec: Spec
    article: ArticleResult | None = None

    @property
    def heading(self) -> str:
        """The label, with the title if it differs."""
        return self.label if self.title == self.label else f"{self.label}: {self.title}"


ARTICLE_PRESETS = (
    Preset(
        name="target-1",
        label="Target 1",
        title="Vanilla",
        spec=parse("32-64-p32-64-128-256-512-full"),
        article=ArticleResult(1_595_316, train=99.93),
    ),
    Preset(
        name="target-2",
        label="Target 2",
        title="Fewer parameters",
        spec=parse("8-16-p10-16-20-t12-16-20-full"),
        article=ArticleResult(12_490, train=99.71),
    ),
    Preset(
        name="target-3",
        label="Target 3",
        title="Batch normalization",
        spec=parse("8-16-p10-16-20-t12-16-20-full-bn"),
        article=ArticleResult(12_874, train=99.74, validation=99.28),
    ),
    Preset(
        name="target-4",
        label="Target 4",
        title="Dropout",
        spec=parse("8-16-p10-16-20-t12-16-20-full-bn-drop0.05"),
        article=ArticleResult(12_874, train=99.45, validation=99.45),
    ),
)

LAB_PRESETS = (
    Preset(
        name="most-accurate",
        label="Most accurate",
        title="Most accurate",
        spec=parse("12-16-p-16-20-20-p-20-gap-bn-nobias"),
    ),
    Preset(
        name="smallest",
        label="Smallest",
        title="Smallest",
        spec=parse("6-8-p-10-10-12-p-12-gap-bn-nobias"),
    ),
)
PRESETS = ARTICLE_PRESETS + LAB_PRESETS


def find_preset(name: str) -> Preset | None:
    """The preset with a name, None if there is none."""
    return next((preset for preset in PRESETS if preset.name == name), None)


def get_preset(name: str) -> Preset:
    """The preset with a name. Raises KeyError if there is none."""
    preset = find_preset(name)
    if preset is None:
        raise KeyError(name)
    return preset


def article_result(spec: Spec) -> ArticleResult | None:
    """What the article reports of a network, None if it is not one of its four."""
    return next((preset.article for preset in ARTICLE_PRESETS if preset.spec == spec), None)


def resolve(text: str) -> Spec:
    """Parse a preset's name or a network string. Raises SpecError if it is neither."""
    preset = find_preset(text.strip().lower())
    return preset.spec if preset else parse(text)
