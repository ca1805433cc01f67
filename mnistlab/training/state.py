"""A training between two epochs: everything that the next epoch depends on.

Weights, momenta and random generators, as tensors; the schedule and the order of
the data follow from them and from the epochs so far. A training that takes up another one's state
goes on bit by bit as that one would have (on the CPU).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mnistlab.training.epoch import Epoch
from mnistlab.training.recipe import MOMENTUM, Optimizer, Recipe

NETWORK, OPTIMIZER, RANDOM = "network", "optimizer", "random"


class TrainingState:
    """A network on its way, with its optimizer, its random generators and its epochs so far.

    One generator orders the digits; each of a batch's groups has one for its augmentation and its
    dropout, so that groups may be trained at the same time.
    """

    def __init__(
        self, network: nn.Module, recipe: Recipe, device: torch.device | None = None
    ) -> None:
        self.device = device or torch.device("cpu")
        self.recipe = recipe
        self.epochs: list[Epoch] = []
        self.network = network
        # NHWC is what the CPU's convolutions like best.
        network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = _optimizer(network, recipe)
        self.shuffle_generator = torch.Generator().manual_seed(recipe.seed)
        # On every device alike, as batch norm normalizes within a group.
        seeds = torch.randint(2**31, (recipe.shards,), generator=self.shuffle_generator).tolist()
        self.generators = [torch.Generator(self.device).manual_seed(seed) for seed in seeds]

    def state_dict(self) -> dict[str, Tensor]:
        """Everything but the epochs, as named tensors on the CPU."""
        tensors = {f"{NETWORK}.{name}": v for name, v in self.network.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"{OPTIMIZER}.{index}.{name}": value for name, value in values.items()}
        tensors |= {f"{RANDOM}.{name}": value for name, value in self._random().items()}
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def load_state_dict(self, tensors: Mapping[str, Tensor], epochs: Sequence[Epoch]) -> None:
        """Go on where another training of the same network and recipe stood.

        Raises LookupError, ValueError or RuntimeError if the tensors are not such a training's.
        """
        weights = _below(NETWORK, tensors)
        self.network.load_state_dict(weights)
        saved: dict[int, dict[str, Tensor]] = {}
        for name, value in _below(OPTIMIZER, tensors).items():
            number, _, field = name.partition(".")
            saved.setdefault(int(number), {})[field] = value
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        if set(saved) != set(range(len(parameters))):
            raise ValueError("some weights have no momentum")
        for index, values in saved.items():
            parameter = parameters[index]
            for field, value in values.items():
                if value.ndim:
                    if value.shape != parameter.shape:
                        raise ValueError(f"{field} of parameter {index} has another shape")
                    # The fused optimizers walk through memory: a momentum must lie as its weight.
                    values[field] = torch.empty_like(parameter).copy_(value)
        state = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**state, "state": saved})
        random = _below(RANDOM, tensors)
        if set(random) != set(self._random()):
            raise ValueError("it holds other random generators")
        self.shuffle_generator.set_state(random["order"])
        for index, generator in enumerate(self.generators):
            generator.set_state(random[f"chance{index}"])
        self.epochs = list(epochs)

    def _random(self) -> dict[str, Tensor]:
        states = {f"chance{number}": c.get_state() for number, c in enumerate(self.generators)}
        return {"order": self.shuffle_generator.get_state(), **states}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay pulls on kernels alone; biases and batch norm's scale and shift go free."""
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer is Optimizer.ADAM:
        return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(
        groups, lr=rate, momentum=MOMENTUM, nesterov=True, weight_decay=decay, fused=True
    )
