"""A trained network's record, and how it is stored in the header of a checkpoint.

A checkpoint is a safetensors file: eight bytes with the header's length, the header as JSON, then
the tensors. The record is in the header's metadata, so it is read here without torch.
"""

import contextlib
import json
import platform
import re
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mnistlab import legacy
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError, LabError
from mnistlab.recipe.recipe import CHECKSUM_DIGITS, Recipe, recipe_from_json
from mnistlab.stats.score import Score
from mnistlab.text import percent
from mnistlab.training.epoch import Epoch

FORMAT = "mnistlab-2"
CHECKED_FORMAT = "mnistlab-3"
"""The same record in a file that has a checksum (`training.tensor_file`)."""
SHA_256 = re.compile("[0-9a-f]{64}")
MAX_HEADER = 1 << 20
THEN = ", then "
"""Between two processors of one training."""


@dataclass(frozen=True)
class SourceNetwork:
    """A checkpoint that a training builds on: its teacher or its initial weights.

    `checksum` is that of its content (`training.sources.checksum`), 64 hexadecimal digits; the
    recipe has the first ones. `score` is its reported one, `optimistic` as in TrainingRecord,
    `split` the evaluation protocol of its training.
    """

    checksum: str
    name: str
    spec: Spec
    score: Score
    optimistic: bool
    split: Split

    @property
    def short(self) -> str:
        """What a recipe calls it: the first digits of its checksum."""
        return self.checksum[:CHECKSUM_DIGITS]

    def __str__(self) -> str:
        bias = " (optimistic)" if self.optimistic else ""
        return (
            f"{self.name} · {percent(self.score.accuracy)}{bias} · "
            f"{summarize(self.spec).total:,} parameters"
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"spec": str(self.spec)})


@dataclass(frozen=True)
class TrainingRecord:
    """The network, the recipe and every epoch of a training.

    `epoch` is the number of the epoch whose weights the checkpoint holds, `test` the score on the
    test images if they were held out until the end of the run, `teacher` and `initial` the sources
    that the recipe names.
    """

    name: str
    spec: Spec
    recipe: Recipe
    epochs: tuple[Epoch, ...]
    epoch: int
    test: Score | None = None
    environment: dict[str, str] = field(default_factory=dict)
    teacher: SourceNetwork | None = None
    initial: SourceNetwork | None = None

    @property
    def seconds(self) -> float:
        """Time of all epochs together."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def saved_epoch(self) -> Epoch:
        """The epoch whose weights these are."""
        return self.epochs[self.epoch - 1]

    @property
    def reported_score(self) -> Score:
        """The score to report: on the test images if they were held out, else on validation."""
        return self.test or self.saved_epoch.validation

    @property
    def optimistic(self) -> bool:
        """Whether the epoch was selected on the same images as the reported score."""
        return self.test is None

    def to_metadata(self) -> dict[str, str]:
        metadata = {
            "format": FORMAT,
            "name": self.name,
            "spec": str(self.spec),
            "recipe": self.recipe.to_json(),
            "epochs": epochs_to_json(self.epochs),
            "epoch": str(self.epoch),
            "test": json.dumps(asdict(self.test) if self.test else None),
            "environment": json.dumps(self.environment),
        }
        sources = {"teacher": self.teacher, "initial": self.initial}
        return metadata | {name: one.to_json() for name, one in sources.items() if one}


def epochs_to_json(epochs: Sequence[Epoch]) -> str:
    return json.dumps([asdict(epoch) for epoch in epochs])


def record_from_metadata(metadata: dict[str, str], where: str) -> TrainingRecord:
    """Read back what `to_metadata` wrote, today's or the first format's.

    Raises CheckpointError, naming `where`, on anything else.
    """
    try:
        metadata = legacy.upgrade_metadata(metadata, FORMAT)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{where}: its record cannot be read ({error}).") from None
    if metadata.get("format") not in (FORMAT, CHECKED_FORMAT):
        raise CheckpointError(
            f"{where} is not a checkpoint of mnistlab (format "
            f"{metadata.get('format', 'unknown')!r}, expected {FORMAT!r}). "
            "Choose a file that mnistlab wrote."
        )
    try:
        test: dict[str, Any] | None = json.loads(metadata["test"])
        record = TrainingRecord(
            name=metadata["name"],
            spec=parse(metadata["spec"]),
            recipe=recipe_from_json(metadata["recipe"]),
            epochs=tuple(_epoch(values) for values in json.loads(metadata["epochs"])),
            epoch=int(metadata["epoch"]),
            test=Score(**test) if test else None,
            environment=_environment(json.loads(metadata["environment"])),
            teacher=_source("teacher", metadata),
            initial=_source("initial", metadata),
        )
    except (LabError, LookupError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise CheckpointError(f"{where}: its record cannot be read ({error}).") from None
    if not 1 <= record.epoch <= len(record.epochs):
        raise CheckpointError(f"{where}: its record has no epoch {record.epoch}.")
    for source, short, what in (
        (record.teacher, record.recipe.teacher, "teacher"),
        (record.initial, record.recipe.initial, "initial checkpoint"),
    ):
        if source and source.short != short:
            raise CheckpointError(f"{where}: its record has another {what} than its recipe.")
    return record


def _environment(values: object) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise ValueError("its environment is not an object of texts")
    return values


def _source(name: str, metadata: dict[str, str]) -> SourceNetwork | None:
    if name not in metadata:
        return None
    values = json.loads(metadata[name])
    if not isinstance(values, dict) or not all(
        isinstance(values.get(name), str) for name in ("checksum", "name", "spec")
    ):
        raise ValueError(f"its {name} is not an object with a checksum, a name and a network")
    if not SHA_256.fullmatch(values["checksum"]) or type(values.get("optimistic")) is not bool:
        raise ValueError(f"its {name} has no checksum, or does not say whether it is optimistic")
    parsed = {
        "spec": parse(values["spec"]),
        "score": Score(**values["score"]),
        "split": Split(values["split"]),
    }
    return SourceNetwork(**values | parsed)


def _epoch(values: dict[str, Any]) -> Epoch:
    epoch = Epoch(**values)
    if not all(isinstance(value, int | float) for value in asdict(epoch).values()):
        raise ValueError("an epoch has a value that is not a number")
    _ = epoch.validation  # raises if the counts are impossible
    return epoch


def read_record(path: Path) -> TrainingRecord:
    """Read a checkpoint's record from its header. Raises CheckpointError on anything else."""
    return record_from_metadata(_read_metadata(path), path.name)


def read_environment(path: Path) -> dict[str, str]:
    """A record's environment alone, for many files at once. Raises CheckpointError."""
    metadata = _read_metadata(path)
    try:
        return _environment(json.loads(metadata["environment"]))
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name}: its record cannot be read ({error}).") from None


def _read_metadata(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = file.read(length) if length <= MAX_HEADER else b""
        metadata = json.loads(header)["__metadata__"]
        if not isinstance(metadata, dict):
            raise ValueError("no metadata")
    except FileNotFoundError:
        raise CheckpointError(f"{path.name} is missing. Choose another checkpoint.") from None
    except (OSError, struct.error, ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(
            f"{path.name} is truncated, or not written by mnistlab. Choose another checkpoint."
        ) from None
    return metadata


def record_to_json(record: TrainingRecord) -> str:
    """A record without weights, for networks whose checkpoint is too large to bundle."""
    return json.dumps(record.to_metadata(), indent=1, ensure_ascii=False) + "\n"


def read_record_json(path: Path) -> TrainingRecord:
    """Read back what `record_to_json` wrote. Raises CheckpointError if the file is not that."""
    try:
        if path.stat().st_size > MAX_HEADER:
            raise ValueError("it is too large")
        metadata = json.loads(path.read_text("utf-8"))
        if not isinstance(metadata, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is not a training record ({error}).") from None
    return record_from_metadata(metadata, path.name)


def environment(**more: str) -> dict[str, str]:
    """The machine and the versions that a figure was made with."""
    return {"python": platform.python_version(), "machine": platform.machine(), **more}


def processor() -> str:
    """The processor's model, on which the last bits of a result depend."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def processors_after(before: str, here: str | None = None) -> str:
    """The processors of a training that went on here, each once, in their order: "A, then B"."""
    models = before.split(THEN) if before else []
    return THEN.join(dict.fromkeys([*models, here or processor()]))
