"""The article's four targets, each as one value with all its texts.

The article gives no learning rates; these are ours. Numbers in the texts are computed from the
networks and recipes, so that they cannot disagree.
"""

from dataclasses import dataclass, replace

from mnistlab.arch.presets import Preset, get_preset
from mnistlab.arch.spec import Spec, Transition
from mnistlab.arch.summary import summarize
from mnistlab.choice import Choice
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.recipe.recipe import ADAM_RATE, Optimizer, Recipe
from mnistlab.recipe.schedules import Schedule

QUICK_TRAIN_SIZE = MNIST.n_train // 10
"""A tenth of the training images: few enough to overfit within 20 epochs, so that target 4 shows
the effect of dropout."""
QUICK_EPOCHS = 20


class Length(Choice):
    """How long the reproduction takes: all training images as in the article, or a tenth."""

    QUICK = "quick", "Quick"
    FULL = "full", "Full"

    @property
    def help(self) -> str:
        """The images and the time, measured on two cores."""
        match self:
            case Length.QUICK:
                return (
                    f"{QUICK_TRAIN_SIZE:,} images, at most {QUICK_EPOCHS} epochs: about 5 min for "
                    "all four targets on 2 cores. Accuracies are lower, but each target shows its "
                    "effect."
                )
            case Length.FULL:
                return (
                    f"All {MNIST.n_train:,} training images, as in the article: about 1 h for "
                    "target 1 on 2 cores, 10 min for each of the others."
                )


@dataclass(frozen=True)
class Suggestion:
    """An ablation to try: a variant's name in `experiments.variants`, and a question."""

    variant: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the home page: a network and its texts.

    `question` is what the step asks, `change` what differs from the previous one. `concepts`
    explains new terms, as Markdown whose bold terms are defined in `experiments.terms`;
    `what_to_look_for` is about the curves; `discuss` has questions about the results.
    """

    preset: Preset
    question: str
    change: str
    concepts: str
    what_to_look_for: str
    discuss: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its record is called; no two steps have the same."""
        return self.preset.name

    @property
    def label(self) -> str:
        return self.preset.label

    @property
    def title(self) -> str:
        return self.preset.title

    @property
    def spec(self) -> Spec:
        return self.preset.spec

    @property
    def total(self) -> int:
        """The network's parameters, trainable and not."""
        return summarize(self.spec).total


@dataclass(frozen=True, kw_only=True)
class Target(Step):
    """One of the article's targets, with its recipes under the article protocol.

    `training_notes` explains the recipe; `dropout` is its rate, where that is not the preset's.
    """

    full: Recipe
    quick: Recipe
    training_notes: str
    suggestion: Suggestion
    dropout: float | None = None

    @property
    def spec(self) -> Spec:
        return super().spec if self.dropout is None else replace(super().spec, dropout=self.dropout)

    def recipe(self, length: Length, split: Split = Split.ARTICLE) -> Recipe:
        return replace(self.full if length is Length.FULL else self.quick, split=split)


ARTICLE = Recipe(
    optimizer=Optimizer.ADAM,
    schedule=Schedule.CONSTANT,
    batch_size=64,
    epochs=40,
    weight_decay=0.0,
    augmentation=Augmentation.NONE,
    split=Split.ARTICLE,
)
FIRST_RATE, SECOND_RATE = 0.0003, 0.0007
QUICK_SECOND_RATE = 0.001
"""Target 2's with fewer steps; with target 1's network it is too high."""
ONE_CYCLE_RATE = 0.01
"""The peak of target 4's rate, which falls; a constant one is lower."""
LONG_DROPOUT = 0.1
"""Target 4's rate of dropout; its preset has half of it, for four epochs."""


def _quick(full: Recipe, epochs: int = QUICK_EPOCHS) -> Recipe:
    return replace(full, epochs=epochs, train_size=QUICK_TRAIN_SIZE)


def total_of(name: str) -> int:
    """A preset's parameters, trainable and not."""
    return summarize(get_preset(name).spec).total


def _target_1() -> Target:
    network = get_preset("target-1")
    full = replace(ARTICLE, learning_rate=FIRST_RATE, epochs=20)
    return Target(
        preset=network,
        full=full,
        quick=_quick(full, epochs=6),
        question="How accurate is a network without a limit?",
        change="3×3 convolutions that double their filters until one unit covers the whole digit; "
        "one early transition; nothing else.",
        concepts="Each **3×3 convolution** slides learned filters over its input; each filter "
        "yields a **feature map**. Stacked layers widen the **receptive field** until one unit "
        f"covers all {MNIST.image_size} px. One early **transition** halves the resolution. "
        "**ReLU** follows every convolution but the last; **softmax** gives probabilities.",
        training_notes=f"Constant rate {full.learning_rate:g}. At {QUICK_SECOND_RATE:g} it never "
        "learns: 11.35%, the score for always predicting 1.",
        what_to_look_for="Training accuracy approaches 100%, validation accuracy stops below it. "
        f"With {total_of('target-1') / MNIST.n_train:.0f} parameters for every training image, "
        "they are easy to memorize.",
        suggestion=Suggestion(
            "filters-halved", "A quarter of the parameters: what is the accuracy?"
        ),
        discuss=(
            "How far apart are training and validation accuracy at the end, and why?",
            "Which layers hold most of the parameters? Which would you remove first?",
        ),
    )


def _target_2() -> Target:
    network = get_preset("target-2")
    full = replace(ARTICLE, learning_rate=SECOND_RATE, epochs=48)
    layers = network.spec.layers
    partial = next(n for n, at in enumerate(layers) if isinstance(at, Transition) and not at.pooled)
    ratio = f"{total_of('target-1') / total_of('target-2'):.0f}"
    return Target(
        preset=network,
        full=full,
        quick=_quick(replace(full, learning_rate=QUICK_SECOND_RATE)),
        question="How many of those parameters are needed?",
        change="Fewer filters everywhere, and a partial transition (1×1, no pooling) in the middle "
        "that reduces the channels before they grow again.",
        concepts="A 3×3 layer has 9 × inputs × filters weights: half the filters, a quarter of the "
        f"total. A **partial transition** (1×1, no pooling) cuts {layers[partial - 1].filters} "
        f"channels to {layers[partial].filters} halfway, so the next layer is cheap. Result: "
        f"{ratio}× fewer parameters.",
        training_notes=f"{full.epochs} epochs, as each takes about a tenth of target 1's time. A "
        f"narrow network tolerates a higher learning rate: {full.learning_rate:g}.",
        what_to_look_for="The curves start lower and rise more slowly, and end only slightly "
        "below target 1's.",
        suggestion=Suggestion(
            "partial-transition", "Remove the partial transition: what does it cost?"
        ),
        discuss=(
            f"What did {ratio}× fewer parameters cost? Is the difference larger than the "
            "confidence intervals?",
            "What does the partial transition save, and what may it lose?",
        ),
    )


def _target_3() -> Target:
    network = get_preset("target-3")
    full = replace(ARTICLE, learning_rate=ADAM_RATE)
    cost = total_of("target-3") - total_of("target-2")
    return Target(
        preset=network,
        full=full,
        quick=_quick(full),
        question="Can the small network be trained better?",
        change="Batch normalization after every 3×3 convolution, a tuned learning rate, and the "
        "checkpoint of the best epoch, because the accuracy fluctuates.",
        concepts="**Batch normalization** standardizes each channel over the batch, then applies a "
        "learned scale and shift. Training is more stable, so the learning rate can be higher; "
        f"cost: 4 × {cost // 4} = {cost}. Accuracy still fluctuates, so the best epoch's "
        "**checkpoint**, its weights in a file, is saved.",
        training_notes=f"Batch norm allows {full.learning_rate / SECOND_RATE:.0f}× the rate. The "
        "rate stays constant, so the accuracy fluctuates, and the best epoch's weights are saved.",
        what_to_look_for="It learns much faster than target 2. Then validation accuracy "
        "fluctuates while training accuracy keeps rising: a gap opens between them.",
        suggestion=Suggestion("learning-rate", "Add learning-rate decay: does the gap close?"),
        discuss=(
            "After how many epochs does it reach target 2's best accuracy? Why is batch norm so "
            "fast?",
            "Why does validation accuracy fluctuate? What would the last epoch have been instead "
            "of the saved one?",
            "Where does the gap between the curves open?",
        ),
    )


def _target_4() -> Target:
    suggested_rate = 0.2
    full = replace(
        ARTICLE,
        learning_rate=ONE_CYCLE_RATE,
        schedule=Schedule.ONE_CYCLE,
        batch_size=128,
        epochs=32,
    )
    return Target(
        preset=get_preset("target-4"),
        dropout=LONG_DROPOUT,
        full=full,
        quick=_quick(full),
        question="How do we reduce overfitting?",
        change="Dropout after every 3×3 convolution, learning-rate decay, a larger batch.",
        concepts="**Overfitting**: training accuracy rises, validation stalls; their difference is "
        f"the **generalization gap**. **Dropout** zeroes {LONG_DROPOUT:.0%} of activations at "
        "random during training, for no parameters. The learning rate falls to zero, and batches "
        "are larger.",
        training_notes=f"The rate rises to {full.learning_rate:g}, then falls to zero by epoch "
        f"{full.epochs}, the article's best. A batch is "
        f"{full.batch_size / ARTICLE.batch_size:g}× as large: gradients are less noisy.",
        what_to_look_for="The gap narrows: dropout lowers training accuracy, validation accuracy "
        "rises above target 3's, and fluctuations shrink as the learning rate falls.",
        suggestion=Suggestion(
            f"dropout-{suggested_rate:g}", f"Does {suggested_rate / LONG_DROPOUT:g}× dropout help?"
        ),
        discuss=(
            "Three things changed at once: dropout, learning-rate decay, the larger batch. Which "
            "one closed the gap? How would you find out?",
            "Is training accuracy below validation accuracy, and how can that be?",
        ),
    )


TARGETS = (_target_1(), _target_2(), _target_3(), _target_4())
"""In the order of the article."""


def find_target(name: str) -> Target | None:
    """The target with a name, None if there is none."""
    return next((target for target in TARGETS if target.preset.name == name), None)
