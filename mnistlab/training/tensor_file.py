"""The file of a checkpoint or of a training state: tensors, their record's text, and a checksum.

It is a safetensors file, which runs no code when it is read. Its checksum covers the tensors and
the text, so that a flipped bit is told as damage and not as a strange result. Files of earlier
formats than `CHECKED_FORMAT` have none, because nothing wrote one; their tensors are checked all
the same.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mnistlab import legacy
from mnistlab.arch.spec import Spec
from mnistlab.arch.tensors import (
    BATCH_COUNT,
    Tensors,
    check_float,
    check_weights,
    parameter_shapes,
)
from mnistlab.errors import CheckpointError, LabError
from mnistlab.recipe.recipe import Optimizer, Recipe
from mnistlab.training.record import (
    CHECKED_FORMAT,
    FORMAT,
    MAX_HEADER,
    TrainingRecord,
    read_record,
    record_from_metadata,
)

CHECKSUM = "checksum"
"""Where the text has it: 64 hexadecimal digits."""
NETWORK, OPTIMIZER, RANDOM = "network", "optimizer", "random"
"""What the names of a training state's tensors begin with."""
MOMENTA = ("momentum_buffer",)
ADAM_MOMENTA, STEP = ("exp_avg", "exp_avg_sq"), "step"
"""What Adam has for each parameter instead; its count of steps is a number."""
MAX_RANDOM_BYTES = 8192
"""Of a random generator's state; PyTorch's on a CPU has 5,056."""


def packed(tensors: Tensors, metadata: Mapping[str, str]) -> bytes:
    """The file's content."""
    checked = {**metadata, "format": CHECKED_FORMAT}
    checked[CHECKSUM] = _checksum(tensors, checked)
    return bytes(save(dict(tensors), metadata=checked))


def unpacked(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The tensors and the text of a file's content; the arrays are read-only.

    Raises ValueError that says what is damaged.
    """
    try:
        tensors = load(content)
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__")
    # safetensors.numpy raises KeyError for types that numpy lacks.
    except (safetensors.SafetensorError, LookupError, TypeError, ValueError, RecursionError) as e:
        raise ValueError(f"it is no whole safetensors file: {e}") from None
    if length > MAX_HEADER or not isinstance(metadata, dict):
        raise ValueError("it has no training record")
    expected = metadata.get(CHECKSUM)
    if expected is None and metadata.get("format") not in (FORMAT, legacy.CHECKPOINT_FORMAT):
        raise ValueError("it has no checksum")
    if expected is not None and expected != _checksum(tensors, metadata):
        raise ValueError("its content does not match its checksum")
    return tensors, metadata


def read_checkpoint(path: Path) -> tuple[TrainingRecord, dict[str, NDArray[Any]]]:
    """A checkpoint's record and tensors, which fit its network.

    Raises CheckpointError if the file is missing, damaged, no checkpoint or another network's.
    """
    read_record(path)  # its errors are the more exact ones
    try:
        # Read, not memory-mapped: if another process truncates a mapped file, this one is killed.
        tensors, metadata = unpacked(path.read_bytes())
        record = record_from_metadata(metadata, path.name)
        check_weights(record.spec, tensors)
    except (OSError, LabError, ValueError) as error:
        raise damaged(path.name, error, "Choose another checkpoint or train again.") from None
    return record, tensors


def tensor_lines(tensors: Tensors) -> Iterator[bytes]:
    """The bytes of tensors to compute a checksum of.

    For each tensor, by name: a line with the JSON list of name, type and shape, then its bytes,
    little-endian and in C order.
    """
    for name in sorted(tensors):
        values = tensors[name]
        ordered = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        yield f"{json.dumps([name, ordered.dtype.name, list(values.shape)])}\n".encode()
        yield ordered.tobytes()


def _checksum(tensors: Tensors, metadata: Mapping[str, Any]) -> str:
    """SHA-256 of the text, as sorted JSON on a line, and of `tensor_lines`."""
    text = {name: value for name, value in metadata.items() if name != CHECKSUM}
    digest = hashlib.sha256(f"{json.dumps(text, sort_keys=True)}\n".encode())
    for line in tensor_lines(tensors):
        digest.update(line)
    return digest.hexdigest()


def check_state(spec: Spec, recipe: Recipe, tensors: Tensors) -> None:
    """Check that these are the tensors of a training state of this network and recipe.

    Raises ValueError that names the first wrong tensor, SpecError if the network cannot be built.
    """
    parts: dict[str, dict[str, NDArray[Any]]] = {NETWORK: {}, OPTIMIZER: {}, RANDOM: {}}
    for name, values in tensors.items():
        part, _, rest = name.partition(".")
        if part not in parts:
            raise ValueError(f"{name[:60]!r} is no tensor of a training state")
        parts[part][rest] = values
    weights = {n: v for n, v in parts[NETWORK].items() if not n.endswith(f".{BATCH_COUNT}")}
    check_weights(spec, weights)
    for name in parts[NETWORK].keys() - weights.keys():
        if f"{name.removesuffix(BATCH_COUNT)}running_var" not in weights:
            raise ValueError(f"{name[:60]!r} belongs to no batch norm of its network")
        _check_integers(name, parts[NETWORK][name], (), np.int64)
    _check_momenta(spec, recipe.optimizer, parts[OPTIMIZER])
    _check_random(recipe, parts[RANDOM])


def _check_momenta(spec: Spec, optimizer: Optimizer, tensors: Tensors) -> None:
    """A momentum for each parameter; which number is whose, `TrainingState.load_state_dict` checks,
    as it depends on the optimizer.
    """
    shapes = list(parameter_shapes(spec).values())
    is_adam = optimizer is Optimizer.ADAM
    names = (*ADAM_MOMENTA, STEP) if is_adam else MOMENTA
    expected = {f"{number}.{name}" for number in range(len(shapes)) for name in names}
    if expected != tensors.keys():
        strange = min(expected ^ tensors.keys())
        raise ValueError(f"the optimizer's {strange[:60]!r} is missing or unknown")
    for field in names:
        values = {n: v for n, v in tensors.items() if n.endswith(f".{field}")}
        for name, each in values.items():
            check_float(f"{OPTIMIZER}.{name}", each, () if field == STEP else each.shape)
        if field != STEP and sorted(v.shape for v in values.values()) != sorted(shapes):
            raise ValueError(f"the shapes of the optimizer's {field} are not those of the network")


def _check_random(recipe: Recipe, tensors: Tensors) -> None:
    expected = {"shuffle", *(f"generator{number}" for number in range(recipe.shards))}
    if tensors.keys() != expected:
        raise ValueError("it holds other random generators")
    for name, values in tensors.items():
        if values.ndim != 1 or values.size > MAX_RANDOM_BYTES or values.dtype != np.uint8:
            raise ValueError(f"{RANDOM}.{name} is no state of a random generator")


def _check_integers(
    name: str, values: NDArray[Any], shape: tuple[int, ...], kind: type[np.generic]
) -> None:
    if values.shape != shape or values.dtype != kind:
        raise ValueError(f"{name} is not {np.dtype(kind)} of the shape {shape}")


def damaged(name: str, reason: object, remedy: str) -> CheckpointError:
    """The error about a file: what is wrong, on one line and not too long, then what to do."""
    text = " ".join(str(reason).split())[:200].rstrip(".")
    return CheckpointError(f"{name} is damaged ({text}). {remedy}")
