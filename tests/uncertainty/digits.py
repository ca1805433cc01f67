"""Images that stand for digits where only their number and shape matter."""

import torch

from mnistlab.data.mnist import LabeledImages


def random_digits(count: int, seed: int = 0) -> LabeledImages:
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 28, 28), generator=draw).byte()
    return LabeledImages(images, torch.arange(count) % 10)
