"""The home page's text, apart from the targets' own. A term is explained where it first appears.

Functions insert the numbers that the code uses.
"""

from mnistlab import zoo
from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.data.dataset import MNIST
from mnistlab.stats.score import Score
from mnistlab.text import percent, percent_range


def beginning() -> str:
    """Explain the data, parameters and accuracy."""
    target_accuracy = Score(round(MNIST.n_test * (1 - TARGET_ACCURACY)), MNIST.n_test)
    interval = percent_range(*target_accuracy.confidence_interval)
    side = MNIST.image_size
    return (
        f"**MNIST**: {MNIST.n_images:,} handwritten digits, {side}×{side} grayscale; "
        f"{MNIST.n_train:,} to train, {MNIST.n_test:,} to test. A **parameter** is a number the "
        f"network stores. {percent(target_accuracy.accuracy)} **accuracy** is "
        f"{target_accuracy.errors} errors in "
        f"{target_accuracy.count:,}; its **95% confidence interval** is {interval}."
    )


TRAINING = """
Training images are used in **batches**. For each batch the **loss** measures how far the network's
probabilities are from the labels; its **gradient** says in which direction each parameter lowers
the loss. The **learning rate** is the size of that step, and **Adam** adapts it to each parameter.
One pass over the training images is an **epoch**. After each epoch, **validation** measures the
accuracy on images that the network was not trained on.
"""


def beyond() -> str:
    """Introduce the two networks beyond the article."""
    seeds = max(map(len, zoo.SEED_ERRORS.values()))
    return (
        "The article ends here. Two networks go further, with "
        "**augmentation** (random rotation, scaling, shifts), a one-cycle learning rate and "
        f"{seeds} **seeds** each: a seed fixes the initial weights, the order of the images and "
        "all other random numbers. Each seed is tested once."
    )


ABOUT = """
- Totals count batch norm's running means and variances, as the article and Keras do.
- The article prints no filter counts. These networks are a reconstruction that reproduces its four
  totals exactly.
- The article prints no learning rates. These are ours.
- The article's validation images are MNIST's test images, used after every epoch. A best epoch
  selected there is optimistic; Experiments measures by how much.
"""
