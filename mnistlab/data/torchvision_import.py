"""Import torchvision, even with a torch that cannot load its compiled operators.

The torchvision wheel for Linux is built for CUDA. With a CPU-only torch its extension does not
load, and `import torchvision` fails, because it registers Python code for two undeclared operators.
If their schemas are declared first, the import succeeds. The operators themselves cannot be used,
but data sets and transforms do not need them.
"""

from typing import Any

import torch


def import_torchvision() -> Any:
    """Import torchvision, with or without its compiled operators."""
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for operator in ("nms", "qnms"):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)
        import torchvision
    return torchvision


def mnist_mirrors() -> list[str]:
    """The addresses that torchvision downloads MNIST from, each ending in a slash."""
    import_torchvision()
    from torchvision.datasets import MNIST

    return list(MNIST.mirrors)
