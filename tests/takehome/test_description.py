"""The description's numbers, without a browser."""

import base64

import numpy as np
import pytest

from mnistlab import zoo
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.takehome.description import network_description
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from mnistlab.uncertainty.model import UncertaintyModel
from tests.random_specs import possible


@pytest.fixture(scope="module")
def trained() -> TrainedNetwork:
    return load_trained(zoo.FOLDER / "target-4.safetensors", "Target 4")


def test_batch_norm_is_folded_so_only_its_parameters_are_missing(trained: TrainedNetwork) -> None:
    description = network_description(trained)
    numbers = np.frombuffer(base64.b64decode(description["weights"]["data"]), "<f4")
    # 12,874 with batch norm's four a channel; its convolutions already have a bias each.
    assert len(numbers) == 12_874 - 4 * 96
    types = {one["type"] for layer in description["layers"] for one in layer["operations"]}
    assert types == {"convolution", "relu", "maxPool"}


def test_a_network_without_an_ood_detector_has_none(trained: TrainedNetwork) -> None:
    record, weights = trained.record, trained.weights
    for uncertainty in (None, UncertaintyModel(1.5)):
        one = TrainedNetwork("x", record, weights, uncertainty)
        description = network_description(one)
        assert description["notADigit"] is None
        assert description["temperature"] == (1.5 if uncertainty else 1)


def test_every_operation_of_every_design_has_a_function_in_the_reader() -> None:
    from mnistlab.takehome.description import NO_EFFECT, NORM, TYPES

    specs = [summary.spec for summary in possible(100)] + [parse("8-8r-8dr-p-12ds-gap-bn-gelu")]
    known = {*TYPES, *NO_EFFECT, NORM}
    names = {one.torch for spec in specs for row in summarize(spec).rows for one in row.operations}
    assert names <= known
