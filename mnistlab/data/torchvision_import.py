"""torchvision, also beside a torch that cannot load its compiled operators.

The torchvision wheel for Linux is built against CUDA. Beside a CPU-only torch its extension does
not load, and `import torchvision` then fails because it registers Python code for two operators
that were never declared. Declaring their schemas first lets the import go through; the operators
themselves stay unusable, which data sets and transforms never notice.
"""

from typing import Any

import torch


def import_torchvision() -> Any:
    """Import torchvision, whichever torch it was built against."""
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
