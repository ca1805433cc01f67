"""A trained network as an ONNX model, for ONNX Runtime and other programs.

PyTorch's own exporter writes it; the packages that it needs are in requirements-onnx.txt.
"""

import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from mnistlab.arch.spec import CLASSES, INPUT_SIZE
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.takehome.model_card import accuracy_text, card_markdown, input_text
from mnistlab.takehome.trained_network import TrainedNetwork

OPSET = 20
"""The first one with GELU."""
PACKAGES = ("onnx", "onnxscript")


class OnnxError(LabError):
    """An ONNX model cannot be written."""


def onnx_model(trained: TrainedNetwork, probabilities: bool = False) -> bytes:
    """The file: `images` (N, 1, 28, 28) float32, normalized, to `logits` (N, 10).

    With `probabilities` the logits are divided by the temperature and go through softmax; the
    output is then called `probabilities`. N is free. The metadata says how to normalize, and holds
    the model card. Raises OnnxError if a package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise OnnxError(
            f"ONNX export: {' and '.join(missing)} not installed. "
            "Run `pip install -r requirements-onnx.txt` and export again."
        )
    model = _exported(trained, "probabilities" if probabilities else "logits")
    for part in _parts(model.graph):
        # PyTorch notes where in which file each operation comes from.
        del part.metadata_props[:]
        part.doc_string = ""
    model.producer_name, model.producer_version = "mnistlab", ""
    model.graph.name = "network"
    del model.metadata_props[:]
    for key, value in _metadata(trained, probabilities).items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString()
    return content


def _exported(trained: TrainedNetwork, output: str) -> Any:
    """PyTorch's export, as a protocol buffer."""
    import torch
    from torch import Tensor, nn

    from mnistlab.arch.build import build

    class Probabilities(nn.Module):
        def __init__(self, temperature: float) -> None:
            super().__init__()
            self.temperature = temperature

        def forward(self, logits: Tensor) -> Tensor:
            return (logits / self.temperature).softmax(1)

    network = build(trained.record.spec, seed=0).eval()
    weights = {name: torch.from_numpy(values) for name, values in trained.weights.items()}
    network.load_state_dict(weights, strict=False)
    if output == "probabilities":
        network = nn.Sequential(network, Probabilities(trained.temperature)).eval()
    # Two images: a batch of one would be taken for a constant.
    images = torch.zeros(2, 1, INPUT_SIZE, INPUT_SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (images,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=[output],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    assert program is not None, "the dynamo exporter returns the program"
    return program.model_proto


def _parts(graph: Any) -> Iterator[Any]:
    """Everything in a graph that may bear notes."""
    yield from (graph, *graph.node, *graph.input, *graph.output, *graph.value_info)
    yield from graph.initializer


def _metadata(trained: TrainedNetwork, probabilities: bool) -> dict[str, str]:
    """Texts for those who find the file without anything else."""
    scaled = f"divided by the temperature {trained.temperature:.6g}, then softmax"
    return {
        "name": trained.name,
        "network": str(trained.record.spec),
        "parameters": f"{summarize(trained.record.spec).total}",
        "accuracy": accuracy_text(trained),
        "input": f"images: float32 (N, 1, {INPUT_SIZE}, {INPUT_SIZE}), {input_text()}",
        "output": (
            f"probabilities: (N, {CLASSES}), {scaled}"
            if probabilities
            else f"logits: (N, {CLASSES}); probabilities are the logits {scaled}"
        ),
        "temperature": f"{trained.temperature:.6g}",
        "model_card": card_markdown(trained),
    }
