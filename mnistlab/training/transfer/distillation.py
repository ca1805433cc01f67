"""The loss of a training, also with a teacher: knowledge distillation.

A student learns from the labels and from the probabilities of a teacher, a network that is trained
already (Hinton, Vinyals & Dean, "Distilling the Knowledge in a Neural Network", 2015). Both see the
very same augmented image (Beyer et al., "Knowledge distillation: a good teacher is patient and
consistent", 2022).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnistlab.recipe.recipe import Recipe


def training_loss(
    recipe: Recipe, logits: Tensor, labels: Tensor, images: Tensor, teacher: nn.Module | None
) -> Tensor:
    """The loss in nats, summed over the images: (1 − w) · cross-entropy + w · soft-label loss.

    `logits` (N, 10) are the student's for the prepared `images` (N, 1, 28, 28), which the teacher
    gets as they are; w is the recipe's `soft_label_weight`. Without a teacher, or with w = 0, the
    loss is the cross-entropy alone, with the recipe's label smoothing.
    """
    cross_entropy = functional.cross_entropy(
        logits, labels, reduction="sum", label_smoothing=recipe.label_smoothing
    )
    weight = recipe.soft_label_weight
    if teacher is None or not weight:
        return cross_entropy
    # Not in inference mode: the gradient needs the teacher's probabilities, and autograd cannot
    # save a tensor of that mode.
    with torch.no_grad():
        teacher_logits = teacher(images)
    soft = soft_label_loss(logits, teacher_logits, recipe.distillation_temperature)
    return (1 - weight) * cross_entropy + weight * soft


def soft_label_loss(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """T² · KL(teacher ‖ student) in nats, summed over the images; both logits (N, 10) divided by T.

    The gradient of the divergence shrinks with 1/T², so the factor keeps its size next to the
    cross-entropy's (Hinton et al., section 2).
    """
    divergence = functional.kl_div(
        functional.log_softmax(logits / temperature, 1),
        functional.log_softmax(teacher_logits / temperature, 1),
        reduction="sum",
        log_target=True,
    )
    return temperature**2 * divergence
