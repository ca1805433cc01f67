"""The tensors of a checkpoint: PyTorch's own module is the oracle."""

from collections.abc import Callable

import numpy as np
import pytest

from mnistlab.arch.build import build
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.arch.tensors import (
    BATCH_COUNT,
    Tensors,
    check_weights,
    parameter_shapes,
    tensor_shapes,
)

SPECS = [
    *(preset.spec for preset in PRESETS),
    parse("8s-8r-8d-p10-t8-p-gap-bn-nobias"),
    parse("8d-8s-p-full-bn-gelu-drop0.1"),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_names_and_shapes_are_those_of_the_built_module(spec: Spec) -> None:
    network = build(spec, seed=0)
    state = {n: tuple(v.shape) for n, v in network.state_dict().items() if BATCH_COUNT not in n}
    assert list(tensor_shapes(spec).items()) == list(state.items())
    assert parameter_shapes(spec) == {n: tuple(p.shape) for n, p in network.named_parameters()}
    sizes = [np.prod(shape, dtype=int) for shape in tensor_shapes(spec).values()]
    assert sum(sizes) == summarize(spec).total


SPEC = parse("4-4-p-gap-bn")


def weights() -> dict[str, np.ndarray]:
    return {name: np.ones(shape, np.float32) for name, shape in tensor_shapes(SPEC).items()}


def test_right_weights_pass() -> None:
    check_weights(SPEC, weights())


NAME, OTHER = "conv2.norm.weight", "conv2.norm.bias"
WRONG: list[Callable[[dict[str, np.ndarray]], Tensors]] = [
    lambda w: {n: v for n, v in w.items() if n != NAME},
    lambda w: w | {"conv9.norm.weight": w[NAME]},
    lambda w: {n.replace("conv2", "conv9"): v for n, v in w.items()},
    lambda w: w | {NAME: w[NAME].reshape(2, 2)},
    lambda w: w | {"conv1.conv.weight": w["conv1.conv.weight"].transpose(1, 0, 2, 3)},
    lambda w: {n: v.astype(np.int32) for n, v in w.items()},
    lambda w: w | {NAME: w[NAME].astype(np.float64)},
    lambda w: w | {NAME: w[NAME].astype(np.float16)},
    lambda w: w | {NAME: w[NAME].astype(np.complex64)},
    lambda w: w | {NAME: w[NAME].astype(bool)},
    lambda w: w | {NAME: w[NAME] * np.float32(np.inf)},
    lambda w: w | {NAME: w[NAME] * np.float32(np.nan)},
    lambda w: w | {"conv2.norm.running_var": -w[NAME]},
]


@pytest.mark.parametrize("change", WRONG)
def test_any_other_weights_are_named(change: Callable[[dict[str, np.ndarray]], Tensors]) -> None:
    with pytest.raises(ValueError, match="conv"):
        check_weights(SPEC, change(weights()))
