"""The state of a training between two epochs: everything that the next epoch depends on.

It consists of weights, momenta and random generators, as tensors; the learning rate and the order
of the images follow from these and from the epochs so far. On the CPU a resumed training gives the
same result, bit for bit, as one that was not interrupted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mnistlab.recipe.recipe import MOMENTUM, Optimizer, Recipe
from mnistlab.training.engine.selection import Kernels, default_kernels
from mnistlab.training.epoch import Epoch

NETWORK, OPTIMIZER, RANDOM = "network", "optimizer", "random"


class TrainingState:
    """A network in training, with its optimizer, its random generators and its epochs so far.

    `teacher` is the network that the recipe names, in evaluation mode; only training needs it.
    One generator shuffles the images; each shard of a batch has its own for augmentation and
    dropout, so that shards can be trained at the same time. `kernels` compute the steps: unless
    they are given, the fastest ones of this machine.
    """

    def __init__(
        self,
        network: nn.Sequential,
        recipe: Recipe,
        device: torch.device | None = None,
        teacher: nn.Module | None = None,
        kernels: Kernels | None = None,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.kernels = kernels or default_kernels(self.device.type)
        self.recipe = recipe
        self.epochs: list[Epoch] = []
        self.network = network
        # The CPU's convolutions are fastest in NHWC.
        network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.teacher: nn.Module | None = None
        if teacher:
            self.set_teacher(teacher)
        self.initial: nn.Module | None = None
        self.optimizer = _optimizer(network, recipe)
        self.shuffle_generator = torch.Generator().manual_seed(recipe.seed)
        # The same shards on every device, because batch norm normalizes within a shard.
        seeds = torch.randint(2**31, (recipe.shards,), generator=self.shuffle_generator).tolist()
        self.generators = [torch.Generator(self.device).manual_seed(seed) for seed in seeds]

    def set_teacher(self, teacher: nn.Module) -> None:
        """Learn from this network as well, which does not change, on the training's device."""
        teacher.eval().requires_grad_(False)
        self.teacher = teacher.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def set_initial(self, network: nn.Module) -> None:
        """Start from this network's weights, which are kept; a training with epochs has its own.

        Raises RuntimeError if it has other tensors.
        """
        self.initial = network.eval().requires_grad_(False).to(self.device)
        if not self.epochs:
            self.network.load_state_dict(network.state_dict())

    def state_dict(self) -> dict[str, Tensor]:
        """The whole state except the epochs, as named tensors on the CPU."""
        tensors = {f"{NETWORK}.{name}": v for name, v in self.network.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"{OPTIMIZER}.{index}.{name}": value for name, value in values.items()}
        tensors |= {f"{RANDOM}.{name}": value for name, value in self._random().items()}
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def load_state_dict(self, tensors: Mapping[str, Tensor], epochs: Sequence[Epoch]) -> None:
        """Continue from the state of a training of the same network and recipe.

        Raises LookupError, ValueError or RuntimeError if the tensors do not fit it.
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
                    # Fused optimizers need a momentum in the memory format of its weight.
                    values[field] = torch.empty_like(parameter).copy_(value)
        state = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**state, "state": saved})
        random = _below(RANDOM, tensors)
        if set(random) != set(self._random()):
            raise ValueError("it holds other random generators")
        self.shuffle_generator.set_state(random["shuffle"])
        for index, generator in enumerate(self.generators):
            generator.set_state(random[f"generator{index}"])
        self.epochs = list(epochs)

    def _random(self) -> dict[str, Tensor]:
        states = {f"generator{i}": g.get_state() for i, g in enumerate(self.generators)}
        return {"shuffle": self.shuffle_generator.get_state(), **states}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay applies to kernels only, not to biases and batch norm's scale and shift."""
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
