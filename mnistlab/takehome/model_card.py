"""A model card: what a trained network is, how good it is, and what it must not be used for.

After M. Mitchell et al., "Model cards for model reporting" (2019).
"""

from dataclasses import dataclass

from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Split
from mnistlab.markup import escape_markdown
from mnistlab.recipe.defaults import train_command
from mnistlab.takehome.trained_network import TrainedNetwork
from mnistlab.text import quantity

LIMITS = (
    "It was trained on the ten digits and nothing else: a letter or a symbol is given the most "
    "similar digit unless it is noticed as not a digit, and not all are.",
    f"It was trained on {MNIST.name}: single digits, 28×28 pixels, white on black, centered by "
    "mass, as people in the USA wrote them in the 1980s and 1990s. Other handwriting (a 7 "
    "with a bar, a 1 with a serif), photos and several digits at once are classified less "
    "accurately.",
    "It is for learning and for demonstrations. Nothing that matters should depend on its answer.",
)
LICENSE = (
    f"{MNIST.name} is by Y. LeCun, C. Cortes and C. Burges, from NIST's Special Databases 1 and 3; "
    "it is distributed under the Creative Commons Attribution-Share Alike 3.0 license."
)


@dataclass(frozen=True)
class CardSection:
    """A heading and its paragraphs, all plain text; a command is code."""

    title: str
    paragraphs: tuple[str, ...]
    command: str = ""


def size_text(trained: TrainedNetwork) -> str:
    """The parameter count against the budget."""
    total = summarize(trained.record.spec).total
    if total <= BUDGET:
        return f"{total:,} parameters of a budget of {BUDGET:,}"
    return f"{total:,} parameters, {total / BUDGET:,.1f} times the budget of {BUDGET:,}"


def accuracy_text(trained: TrainedNetwork) -> str:
    """The reported accuracy with its interval, and on which images."""
    record = trained.record
    if record.test or record.recipe.split is Split.ARTICLE:
        images = f"on {MNIST.name}'s test images"
    else:
        images = "on validation images"
    bias = "; optimistic: these images also selected the epoch" if record.optimistic else ""
    return f"{record.reported_score}, {images}{bias}"


def model_card(trained: TrainedNetwork) -> tuple[CardSection, ...]:
    """The card's sections, in order."""
    record = trained.record
    calibration = (
        f"Confidences are calibrated: logits are divided by {trained.temperature:.3g} before "
        "softmax (temperature scaling)."
        if trained.uncertainty
        else "Confidences are not calibrated."
    )
    training = f"{record.recipe}; the weights are those of epoch {record.epoch}."
    if record.teacher:
        training += f" It learned from another network: {record.teacher}."
    if record.initial:
        training += f" It started from trained weights: {record.initial}."
    return (
        CardSection(
            "Network",
            (f"{record.spec}: {size_text(trained)}.", f"Accuracy: {accuracy_text(trained)}."),
        ),
        CardSection("Confidence", (calibration,)),
        CardSection(
            "Data and split",
            (
                f"{MNIST.name}: {MNIST.n_train:,} training and {MNIST.n_test:,} test images.",
                record.recipe.split.explain(record.recipe.available_images),
            ),
        ),
        CardSection("Training", (training,), train_command(record.spec, record.recipe)),
        CardSection("Limits", LIMITS),
        CardSection("License of the data", (LICENSE,)),
    )


def input_text() -> str:
    """What the network expects, for those who feed it images themselves."""
    return (
        f"{MNIST.image_size}×{MNIST.image_size} gray values, white on black, the digit within "
        "20×20 pixels and its center of mass on pixel 14; "
        f"x = (gray / 255 − {MNIST.mean}) / {MNIST.std}."
    )


def card_markdown(trained: TrainedNetwork) -> str:
    """The card as Markdown, for a file of its own or in another file."""
    parts = [f"# {escape_markdown(trained.name)}"]
    sections = (*model_card(trained), CardSection("Input", (input_text(),)))
    for section in sections:
        parts.append(f"## {section.title}")
        parts += map(escape_markdown, section.paragraphs)
        if section.command:
            parts.append(f"    {section.command}")
    parts.append(f"Made with mnistlab; {quantity(len(trained.record.epochs), 'epoch')} trained.")
    return "\n\n".join(parts) + "\n"
