"""The formats in which a trained network leaves, for the command line and for the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from mnistlab.takehome.html_page import html_page
from mnistlab.takehome.model_card import card_markdown
from mnistlab.takehome.onnx_file import onnx_model
from mnistlab.takehome.source_bundle import source_bundle
from mnistlab.takehome.trained_network import TrainedNetwork


@dataclass(frozen=True)
class NetworkFormat:
    """A button's `label` and `icon`, what it is for (no sentence), its files' `suffix`."""

    label: str
    help: str
    suffix: str
    write: Callable[[TrainedNetwork], bytes]
    icon: str = ":material/download:"

    def file_name(self, stem: str) -> str:
        return f"{stem}{self.suffix}"


FORMATS = {
    "html": NetworkFormat(
        "Web page (HTML)",
        "a page that classifies drawings, without a network connection",
        ".html",
        lambda trained: html_page(trained).encode(),
        icon=":material/home:",
    ),
    "onnx": NetworkFormat(
        "ONNX", "an ONNX model from normalized images to logits", ".onnx", onnx_model
    ),
    "onnx-probabilities": NetworkFormat(
        "ONNX, probabilities",
        "the same to probabilities: with the temperature and softmax",
        "-probabilities.onnx",
        partial(onnx_model, probabilities=True),
    ),
    "pytorch": NetworkFormat(
        "PyTorch (.zip)",
        "PyTorch source, weights and an example as a zip file",
        "-pytorch.zip",
        source_bundle,
    ),
    "card": NetworkFormat(
        "Model card (.md)",
        "its model card as Markdown: data, accuracy, limits",
        "-card.md",
        lambda trained: card_markdown(trained).encode(),
    ),
}
