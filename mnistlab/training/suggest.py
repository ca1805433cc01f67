"""Where to begin with a network: the recipe that a training starts from."""

from mnistlab.arch.presets import OWN, TARGETS
from mnistlab.arch.spec import Spec
from mnistlab.training.recipe import Recipe

SETTLED = {
    TARGETS[3].spec: Recipe(epochs=4, batch_size=64, learning_rate=0.2),
    OWN[0].spec: Recipe(epochs=40, label_smoothing=0.05),
    OWN[1].spec: Recipe(epochs=30),
}
"""Recipes that were searched for one network; README says what they reach."""


def suggested(spec: Spec) -> Recipe:
    """A network's own recipe, else the lab's; without batch norm a smaller learning rate."""
    return SETTLED.get(spec) or Recipe(learning_rate=0.1 if spec.batch_norm else 0.02)
