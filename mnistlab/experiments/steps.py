"""The steps of the home page: the article's targets, then our own networks, then distillation.

Numbers in the texts are computed from the networks, so that they cannot disagree.
"""

from dataclasses import dataclass

from mnistlab.arch.presets import TARGET_ACCURACY, get_preset
from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.experiments.targets import TARGETS, Step, total_of
from mnistlab.text import percent


def _most_accurate() -> Step:
    return Step(
        preset=get_preset("most-accurate"),
        question=f"What is the best accuracy under {BUDGET:,}?",
        change="No transitions, no full-map head: the savings pay for filters at low resolution. "
        "No bias before batch norm, no dropout.",
        concepts="**Global average pooling** replaces the full-map head; what that saves pays for "
        "filters at low resolution. **Augmentation** makes new images for every epoch, and a "
        "**one-cycle** learning rate ends near zero. Several **seeds** show how much is chance.",
        what_to_look_for="Training accuracy is below validation accuracy: augmented images are "
        "harder. All images train this network, so validation images are no longer new to it; only "
        "the test accuracy, measured once, counts.",
        discuss=(
            "Why is validation accuracy here no estimate of test accuracy?",
            "How large is the spread of the seeds, compared with the gain over target 4?",
        ),
    )


def _smallest() -> Step:
    network = get_preset("smallest")
    ratio = total_of("most-accurate") / summarize(network.spec).total
    return Step(
        preset=network,
        question=f"What is the smallest network at {percent(TARGET_ACCURACY)}?",
        change="The most accurate network's layout, narrowed to the limit.",
        concepts=f"Step 5's layout with about half the filters: {ratio:.1f}× fewer parameters. "
        "**Pooling** comes early, so most filters work at low resolution. It was narrowed while "
        f"the mean of several **seeds** stayed above {percent(TARGET_ACCURACY)}.",
        what_to_look_for="The curves end lower than the larger network's (gray) and rise until the "
        "last epoch: there is little room to memorize. Here too, validation images are training "
        "images, and only the test accuracy counts.",
        discuss=(
            f"The interval reaches below {percent(TARGET_ACCURACY)}. Is the target met?",
            "Which layer would you narrow next? Try it in Design.",
        ),
    )


LAB_NETWORKS = (_most_accurate(), _smallest())
"""Our own networks, beyond the article."""


@dataclass(frozen=True, kw_only=True)
class Distillation(Step):
    """A network that learns from a pretrained checkpoint, `teacher`; its layers do not change."""

    teacher: str

    @property
    def name(self) -> str:
        return "distillation"

    @property
    def label(self) -> str:
        return f"{self.preset.label} with a teacher"

    @property
    def title(self) -> str:
        return "Distillation"


DISTILLATION = Distillation(
    preset=get_preset("smallest"),
    teacher="most-accurate",
    question="Can a larger network teach a smaller one?",
    change="The smallest network again, with no more parameters. Its loss also compares its "
    "probabilities with those of the most accurate network, its teacher.",
    concepts="In **knowledge distillation** a student also learns a teacher's probabilities, its "
    "**soft labels**. A label says 4; soft labels also say how much this 4 resembles a 9. A "
    "**temperature** above 1 brings out such small probabilities. Only training needs the teacher.",
    what_to_look_for="Train with the teacher and without it, then compare the two runs. Compare "
    "accuracies, not training losses: one of them includes the teacher's part. Seeds differ by "
    "about 0.1 pp, so a single pair of runs may show nothing.",
    discuss=(
        "The teacher was trained on all training images, including the hold-out protocol's "
        "validation images. Is the student's validation accuracy still an estimate of its test "
        "accuracy?",
        "Label smoothing softens labels, too, but every image's in the same way. What do soft "
        "labels add?",
        "Is the most accurate teacher the best one? How would you find out?",
    ),
)

STEPS: tuple[Step, ...] = (*TARGETS, *LAB_NETWORKS, DISTILLATION)
"""The steps of the home page, in order."""


def predecessor(step: Step) -> Step | None:
    """The previous step, with which one is compared; None for the first."""
    index = [each.name for each in STEPS].index(step.name)
    return STEPS[index - 1] if index else None
