"""The folded texts at the end of the home page: how training works, what the numbers mean, a plan
for a lesson.

Functions insert the numbers that the code uses.
"""

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.summary import BUDGET
from mnistlab.data.dataset import MNIST
from mnistlab.experiments.targets import QUICK_TRAIN_SIZE, TARGETS
from mnistlab.stats.score import Score
from mnistlab.text import percent, percent_range

TRAINING = """
Training images are used in **batches**. For each batch the **loss** measures how far the network's
probabilities are from the labels; its **gradient** says in which direction each parameter lowers
the loss. The **learning rate** is the size of that step, and **Adam** adapts it to each parameter.
One pass over the training images is an **epoch**. After each epoch, **validation** measures the
accuracy on images that the network was not trained on.
"""


def numbers() -> str:
    """What is counted and measured, as Markdown."""
    target_accuracy = Score(round(MNIST.n_test * (1 - TARGET_ACCURACY)), MNIST.n_test)
    interval = percent_range(*target_accuracy.confidence_interval)
    return f"""
- **The article** is a tutorial that takes a CNN from {TARGETS[0].total:,} parameters to fewer than
  {BUDGET:,} in four targets, at {percent(TARGET_ACCURACY)} on MNIST. It prints no filter counts and
  no learning rates: these networks reproduce its four totals exactly, the rates are ours.
- **MNIST**: {MNIST.n_images:,} handwritten digits, {MNIST.image_size}×{MNIST.image_size} grayscale;
  {MNIST.n_train:,} to train, {MNIST.n_test:,} to test.
- A **parameter** is a number that the network stores. Totals count batch norm's running means and
  variances, as the article and Keras do.
- {percent(target_accuracy.accuracy)} **accuracy** is {target_accuracy.errors} errors in
  {target_accuracy.count:,}; its **95% confidence interval** is {interval}: what other test images
  of the same kind could have given.
- The article's validation images are MNIST's test images, used after every epoch. The best epoch
  selected there is optimistic; Experiments measures by how much.
"""


def lesson() -> str:
    """A lesson of 45 minutes, as Markdown."""
    return f"""
1. **Draw** (5 min). Everybody draws a digit above. Who draws one that is misclassified?
2. **Guess** (5 min). How many parameters does it take? Step 1 has {TARGETS[0].total:,}.
3. **Steps 2 to 4** (15 min). Before opening a step, ask its question; then compare the outlined
   layers and the curves. *Discuss* has questions.
4. **Train** (15 min). In Experiments, each group trains one setting both ways on
   {QUICK_TRAIN_SIZE:,} images and compares the difference with its confidence interval.
5. **Conclude** (5 min). Which differences were larger than chance?

For a projector, open this page with [?big=1](?big=1): larger type, charts at full width.
"""
