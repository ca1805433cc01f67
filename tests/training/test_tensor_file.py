"""The checksum of checkpoints and training states: no flipped bit is read as something else."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import Optimizer, Recipe
from mnistlab.training.checkpoint import load_checkpoint, save_checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.state import TrainingState
from mnistlab.training.tensor_file import check_state, packed, unpacked

SPEC = parse("4-p4-8-gap-bn")
EPOCH = Epoch(1, 0.1, 0.9, 0.1, 100, 10_000, 0.1, 1.0, 1000.0)


def record(recipe: Recipe) -> TrainingRecord:
    return TrainingRecord("mine", SPEC, recipe, (EPOCH,), 1, None, {"threads": "1"})


def after_one_step(recipe: Recipe) -> TrainingState:
    training = TrainingState(build(SPEC, 0), recipe)
    training.network(torch.randn(2, 1, 28, 28)).logsumexp(1).sum().backward()
    training.optimizer.step()
    return training


def state(recipe: Recipe) -> dict[str, np.ndarray]:
    return {n: v.numpy() for n, v in after_one_step(recipe).state_dict().items()}


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_in_a_checkpoint_or_a_training_state_is_read(tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, batch_size=64)
    best, resume = tmp_path / "best.safetensors", tmp_path / "resume.safetensors"
    save_checkpoint(best, build(SPEC, 0), record(recipe))
    save_training_state(resume, after_one_step(recipe), record(recipe))
    chance = random.Random(0)
    for path, n_flips in ((best, 400), (resume, 100)):
        content = path.read_bytes()
        header = 8 * (8 + int.from_bytes(content[:8], "little"))
        bits = [chance.randrange(64, header) for _ in range(n_flips // 2)]
        bits += [chance.randrange(header, 8 * len(content)) for _ in range(n_flips // 2)]
        for bit in bits:
            path.write_bytes(flipped(content, bit))
            with pytest.raises(CheckpointError, match=path.name):
                if path == best:
                    load_checkpoint(path)
                else:
                    load_training_state(path, TrainingState(build(SPEC, 0), recipe), SPEC)


def test_a_flipped_bit_of_a_weight_is_told_as_damage(tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, batch_size=64)
    path = tmp_path / "resume.safetensors"
    save_training_state(path, after_one_step(recipe), record(recipe))
    content = path.read_bytes()
    # The exponent of a weight: finite, and so large that the loss is no number in the next step.
    at = content.index(state_bytes(content))
    path.write_bytes(flipped(content, 8 * (at + 3) + 6))
    with pytest.raises(CheckpointError, match="does not match its checksum") as found:
        load_training_state(path, TrainingState(build(SPEC, 0), recipe), SPEC)
    assert "learning rate" not in str(found.value)


def state_bytes(content: bytes) -> bytes:
    return bytes(load(content)["network.conv1.conv.weight"].tobytes())


def test_the_order_of_tensors_and_text_does_not_matter() -> None:
    tensors = {"b": np.ones(2, np.float32), "a": np.zeros((), np.float32)}
    content = packed(tensors, {"x": "1", "y": "2"})
    read, text = unpacked(content)
    again = save(dict(reversed(read.items())), metadata=dict(reversed(text.items())))
    assert unpacked(again)[1] == text
    del text["checksum"]
    with pytest.raises(ValueError, match="no checksum"):
        unpacked(save(read, metadata=text))


def test_files_of_formats_without_a_checksum_are_still_read() -> None:
    plain = save({"a": np.ones(1, np.float32)}, metadata={"format": "mnistlab-2"})
    assert unpacked(plain)[1] == {"format": "mnistlab-2"}
    for path in zoo.checkpoints():
        load_checkpoint(path)


@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_a_training_state_that_the_lab_wrote_passes(optimizer: Optimizer) -> None:
    recipe = Recipe(optimizer, epochs=3, batch_size=64)
    check_state(SPEC, recipe, state(recipe))


MOMENTUM, COUNT = "optimizer.0.momentum_buffer", "network.conv1.norm.num_batches_tracked"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (MOMENTUM, None),
        (MOMENTUM, np.ones((4, 1, 3, 3), np.int32)),
        (MOMENTUM, np.ones((1, 4, 3, 3), np.float32)),
        (MOMENTUM, np.full((4, 1, 3, 3), np.nan, np.float32)),
        ("optimizer.99.momentum_buffer", np.ones(2, np.float32)),
        ("optimizer.0.step", np.ones((), np.float32)),
        ("network.conv1.conv.weight", np.ones((4, 1, 3, 3), np.int32)),
        (COUNT, np.ones((), np.float32)),
        ("network.linear.num_batches_tracked", np.ones((), np.int64)),
        ("random.shuffle", np.zeros(7, np.float32)),
        ("random.shuffle", np.zeros(9000, np.uint8)),
        ("random.global", np.zeros(7, np.uint8)),
        ("other.tensor", np.zeros(7, np.uint8)),
    ],
)
def test_any_other_training_state_is_an_error(name: str, value: np.ndarray | None) -> None:
    recipe = Recipe(epochs=3, batch_size=64)
    tensors = state(recipe) | {name: np.zeros(0) if value is None else value}
    if value is None:
        del tensors[name]
    with pytest.raises(ValueError, match=r"\w"):
        check_state(SPEC, recipe, tensors)


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn"])
def test_types_that_numpy_lacks_are_an_error(kind: str) -> None:
    from safetensors.torch import save as save_torch

    tensors = {"a": torch.ones(2).to(getattr(torch, kind))}
    content = save_torch(tensors, metadata={"format": "mnistlab-2"})
    with pytest.raises(ValueError, match="file"):
        unpacked(content)


def test_a_file_that_is_no_object_is_an_error() -> None:
    for header in (b"[]", b"1", b"{", json.dumps({"__metadata__": 1}).encode()):
        with pytest.raises(ValueError, match="it"):
            unpacked(len(header).to_bytes(8, "little") + header)
