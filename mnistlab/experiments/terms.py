"""The terms that the steps' texts use, each with its definition, for tooltips.

In a text a term is bold, as in Markdown: `**receptive field**`.
"""

import re

from mnistlab.arch.summary import BUDGET
from mnistlab.data.dataset import MNIST

TERMS = {
    "3×3 convolution": "Multiplies each 3×3 patch of all input channels by learned weights and "
    "adds them up, one filter for each output channel.",
    "feature map": "The output of one filter: its response at every position of the image.",
    "receptive field": "The part of the image that can change one unit of a layer.",
    "transition": "A 1×1 convolution, which mixes channels, then 2×2 max-pooling.",
    "partial transition": "A 1×1 convolution without pooling: fewer channels, same resolution.",
    "relu": "Sets negative values to 0.",
    "softmax": f"Turns the last {MNIST.n_classes} values into probabilities that add up to 1.",
    "batch normalization": "Standardizes each channel over the batch, then scales and shifts it by "
    "learned values.",
    "checkpoint": "The weights after an epoch, saved in a file.",
    "overfitting": "Learning what is true of the training images alone.",
    "generalization gap": "Training accuracy minus validation accuracy.",
    "dropout": "Sets random activations to 0 during training, so that none is relied on alone.",
    "global average pooling": "Replaces each feature map by its mean.",
    "augmentation": "Random rotation, scaling and shifts of the training images.",
    "one-cycle": "A learning rate that rises to its peak, then falls to almost zero.",
    "seed": "Fixes all random numbers: initial weights, the order of images, augmentation.",
    "knowledge distillation": "Training a small network, the student, on the probabilities of a "
    "trained one, the teacher, as well as on the labels.",
    "soft label": "A probability for each digit, where a label names one digit.",
    "temperature": "What logits are divided by before softmax. Above 1, probabilities move closer "
    "together.",
    "pooling": "Keeps the largest value of each 2×2 patch: half the width and height.",
    "parameter": f"A number that the network stores. Here at most {BUDGET:,}.",
}
"""Definitions by lower-case term."""
BOLD = re.compile(r"\*\*(.+?)\*\*")


def definition(term: str) -> str | None:
    """A term's definition, also that of its plural; None if there is none."""
    term = term.lower()
    return TERMS.get(term) or TERMS.get(term.removesuffix("s"))


def terms_in(text: str) -> list[str]:
    """The bold terms of a text, in order."""
    return BOLD.findall(text)
