"""ONNX Runtime gives PyTorch's answers; without the packages there is a sentence."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import load, normalize
from mnistlab.takehome import onnx_file
from mnistlab.takehome.onnx_file import OPSET, OnnxError, onnx_model
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from mnistlab.training.evaluate import logits
from mnistlab.training.record import read_record

TOLERANCE = 1e-5
FAMILIES = (
    "8-8r-8dr-p-12ds-gap-bn-nobias-gelu",
    "8-p4-12d-t6-10s-full-leaky",
    "6s-p-8d-8r-p5-full-bn-cdrop0.1",
)
ROOT = Path(__file__).parents[2]


def without_packages(name: str) -> None:
    return None


def test_without_the_packages_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", without_packages)
    with pytest.raises(OnnxError, match=r"pip install -r requirements-onnx\.txt"):
        onnx_model(load_trained(zoo.FOLDER / "smallest.safetensors", "smallest"))


@pytest.fixture(scope="module")
def runtime() -> object:
    reason = "ONNX: pip install -r requirements-onnx.txt to run this"
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=reason)
    return pytest.importorskip("onnxruntime", reason=reason)


def answers(runtime: object, content: bytes, images: torch.Tensor) -> np.ndarray:
    session = runtime.InferenceSession(content)  # type: ignore[attr-defined]
    return session.run(None, {"images": normalize(images).numpy()})[0]  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in zoo.checkpoints()])
def test_a_pretrained_network_answers_as_in_pytorch_for_any_batch(
    runtime: object, mnist_folder: Path, name: str
) -> None:
    trained = load_trained(zoo.FOLDER / f"{name}.safetensors", name)
    content = onnx_model(trained, probabilities=True)
    images = load(mnist_folder).test.images[:1000]
    network = build(trained.record.spec).eval()
    network.load_state_dict(
        {key: torch.from_numpy(value) for key, value in trained.weights.items()}, strict=False
    )
    expected = (logits(network, images) / trained.temperature).softmax(1).numpy()
    for count in (1, 7, 1000):
        difference = answers(runtime, content, images[:count]) - expected[:count]
        assert np.abs(difference).max() < TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("text", FAMILIES)
def test_every_kind_of_layer_gives_pytorch_s_logits(
    runtime: object, mnist_folder: Path, text: str
) -> None:
    network = build(parse(text), seed=0).eval()
    weights = {
        name: value.numpy()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    record = replace(read_record(zoo.default_checkpoint()), spec=parse(text))
    images = load(mnist_folder).test.images[:100]
    expected = logits(network, images)
    # One scale for all: float32 has seven digits, and untrained logits are of any size.
    found = answers(runtime, onnx_model(TrainedNetwork("random", record, weights)), images)
    assert np.abs(found - expected.numpy()).max() < TOLERANCE * max(1, float(expected.abs().max()))


@pytest.mark.slow
def test_the_metadata_says_how_to_use_it_and_names_no_place(runtime: object) -> None:
    import onnx

    content = onnx_model(load_trained(zoo.FOLDER / "smallest.safetensors", "smallest"))
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]
    properties = {one.key: one.value for one in model.metadata_props}
    assert "(gray / 255 − 0.1307) / 0.3081" in properties["input"]
    assert "then softmax" in properties["output"] and "## Limits" in properties["model_card"]
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param and not batch.dim_value
    # Neither a file of Python code nor a folder of the machine that wrote it.
    text = content.decode("latin-1")
    assert not re.search(r"\.py\b|site-packages", text)
    assert not any(f"{folder}/" in text for folder in (ROOT, Path.home(), sys.prefix))
