"""What a file may be that is none of ours: always a sentence, whichever kind of error is below."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from mnistlab.arch.spec import SpecError, parse
from mnistlab.errors import CheckpointError, LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import TrainingRecord, record_from_metadata
from mnistlab.uncertainty import model
from mnistlab.worker import speed_model


def test_a_lab_error_is_no_subclass_of_another_error() -> None:
    assert not issubclass(LabError, ValueError | LookupError | TypeError | OSError)


@pytest.mark.parametrize(("field", "value"), [("spec", "nonsense"), ("recipe", '{"epochs": 0}')])
def test_a_record_of_an_impossible_network_or_recipe_is_named(field: str, value: str) -> None:
    epochs = (Epoch(1, 0.1, 0.9, 0.1, 10, 100, 0.1, 1.0, 100.0),)
    metadata = TrainingRecord("a", parse("8-gap"), Recipe(), epochs, 1).to_metadata()
    with pytest.raises(CheckpointError, match="file"):
        record_from_metadata({**metadata, field: value}, "file")


def test_a_speed_model_of_an_impossible_network_is_refused() -> None:
    timing = {"network": "nonsense", "batch": 8, "seconds": 1.0}
    with pytest.raises(LabError, match="benchmark"):
        speed_model.from_json(json.dumps({"timings": [timing], "costs": {}}))
    costs = dict.fromkeys(("macs", "maps"), 1.0)
    with pytest.raises(LabError, match="benchmark"):
        speed_model.from_json(json.dumps({"timings": [timing], "costs": costs, "error": 0.1}))


def test_an_uncertainty_model_of_an_impossible_network_is_damaged(tmp_path: Path) -> None:
    impossible = parse("8-p8-8-p-8-p-8-8-full")
    with pytest.raises(SpecError):
        model.feature_count(impossible)
    path = tmp_path / "a.uncertainty"
    arrays: dict[str, Any] = {"format": np.array([float(model.FORMAT)])}
    arrays |= dict.fromkeys(("temperature", "threshold"), np.ones(1))
    arrays |= dict.fromkeys(("mean", "scale"), np.ones(4))
    arrays |= dict.fromkeys(("hidden_bias", "output"), np.ones(2)) | {"hidden": np.ones((4, 2))}
    save_file(arrays, path)
    with pytest.raises(CheckpointError, match=r"a\.uncertainty"):
        model.load_uncertainty(path, impossible)
