"""Networks with a name: the article's four targets, and the lab's own two beyond them.

The article prints no filter counts. Its targets are a reconstruction that reproduces its four
totals exactly.
"""

from dataclasses import dataclass

from mnistlab.arch.spec import Spec, parse

GOAL_ACCURACY = 0.994
"""The article's aim (0–1), with fewer parameters than `ledger.BUDGET`."""


@dataclass(frozen=True)
class ArticleResult:
    """What the article reports; accuracies in percent, None where it gives none."""

    parameters: int
    train: float
    validation: float | None = None


@dataclass(frozen=True)
class Preset:
    """A network with a name; `article` is what it reports of it, None for the lab's own.

    What a target asks and how it is trained lies with it, in `mnistlab.experiments.targets`.
    """

    name: str
    label: str
    title: str
    spec: Spec
    article: ArticleResult | None = None

    @property
    def heading(self) -> str:
        """Its label, and its title where that says more."""
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
    """Find a preset by its name, None if there is none."""
    return next((preset for preset in PRESETS if preset.name == name), None)


def get_preset(name: str) -> Preset:
    """The preset of a name that the code knows. Raises KeyError if there is none."""
    found = find_preset(name)
    if found is None:
        raise KeyError(name)
    return found


def article_result(spec: Spec) -> ArticleResult | None:
    """What the article reports of this very network, None if it is none of its four."""
    return next((preset.article for preset in ARTICLE_PRESETS if preset.spec == spec), None)


def resolve(text: str) -> Spec:
    """Read a preset's name or a Spec's text. Raises SpecError if it is neither."""
    found = find_preset(text.strip().lower())
    return found.spec if found else parse(text)
