"""What reads strokes in the HTML file, in a real browser, against PyTorch and the lab's path."""

import base64
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import Spec, parse
from mnistlab.data.mnist import load
from mnistlab.data.tta import tta_views
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.strokes import digit_from_strokes, strokes_from_canvas
from mnistlab.takehome.description import network_description
from mnistlab.takehome.html_page import READER, source
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from mnistlab.training.evaluate import logits
from mnistlab.training.record import read_record
from mnistlab.uncertainty.model import UncertaintyModel
from tests.browser.conftest import ROOT
from tests.drawn_digits import DIGITS
from tests.random_specs import possible

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOLERANCE = 1e-4
CLASSIFY = """({ description, data }) => {
  const reader = makeReader(description);
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return Array.from({ length: bytes.length / 784 }, (_, i) =>
    reader.classify(bytes.subarray(784 * i, 784 * (i + 1))));
}"""
FAMILIES = (
    "8-8r-8dr-p-12ds-gap-bn-nobias-gelu",
    "8-p4-12d-t6-10s-full-leaky",
    "6s-p-8d-8r-p5-full-bn-cdrop0.1",
    "5-p-7-p-9-p-gap-gelu",
)
"""Every kind of layer, head and activation, whatever the random networks have."""


@pytest.fixture(scope="module")
def sandbox(chromium: "Browser") -> Iterator["Page"]:
    """An empty page that knows what reads strokes."""
    page = chromium.new_page()
    page.set_content(f"<script>{source(READER)}</script>")
    yield page
    page.close()


def in_browser(page: "Page", trained: TrainedNetwork, images: torch.Tensor) -> NDArray[np.float64]:
    """The probabilities (N, 10) of images (N, 28, 28) uint8, each without its other views."""
    data = base64.b64encode(images.numpy().tobytes()).decode()
    argument = {"description": network_description(trained), "data": data}
    return np.array(page.evaluate(CLASSIFY, argument))


def in_torch(
    network: torch.nn.Module, temperature: float, images: torch.Tensor
) -> NDArray[np.float64]:
    return (logits(network, images).double() / temperature).softmax(1).numpy()


@pytest.mark.parametrize("name", [path.stem for path in zoo.checkpoints()])
def test_a_pretrained_network_answers_a_thousand_images_as_pytorch_does(
    sandbox: "Page", mnist_folder: Path, name: str
) -> None:
    path = zoo.FOLDER / f"{name}.safetensors"
    images = load(mnist_folder).test.images[:1000]
    trained = load_trained(path, name)
    expected = in_torch(Classifier(path).network, trained.temperature, images)
    assert np.abs(in_browser(sandbox, trained, images) - expected).max() < TOLERANCE


def random_network(spec: Spec, seed: int) -> tuple[torch.nn.Sequential, TrainedNetwork]:
    """Untrained, but with batch norm's statistics and biases that make a difference."""
    network = build(spec, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        uniform = torch.rand(value.shape, generator=generator)
        if name.endswith(("running_var", "norm.weight")):
            value.copy_(0.5 + uniform)
        elif name.endswith(("bias", "running_mean")):
            value.copy_(0.4 * uniform - 0.2)
    weights = {
        name: value.numpy()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    record = replace(read_record(zoo.default_checkpoint()), spec=spec)
    return network, TrainedNetwork("random", record, weights)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_designs_answer_as_pytorch_does(
    sandbox: "Page", mnist_folder: Path, first: int
) -> None:
    """Five images for each of 200 designs; a temperature keeps probabilities away from 0 and 1."""
    test_images = load(mnist_folder).test.images
    specs = [summary.spec for summary in possible(200)][first : first + 50]
    families = [parse(text) for text in FAMILIES] if not first else []
    for number, spec in enumerate((*specs, *families), first):
        images = test_images[5 * number : 5 * number + 5]
        network, trained = random_network(spec, number)
        temperature = max(1e-3, float(logits(network, images).std()))
        trained = replace(trained, uncertainty=UncertaintyModel(temperature))
        expected = in_torch(network, temperature, images)
        answers = in_browser(sandbox, trained, images)
        assert np.abs(answers - expected).max() < TOLERANCE, spec


def pen_strokes() -> list[list[list[list[float]]]]:
    """Ten digits, a dot, a line, scribbles that pause and turn, one of them very small."""
    rng = random.Random(0)
    drawings = [
        [[[float(x), float(y)] for x, y in stroke] for stroke in strokes]
        for strokes in DIGITS.values()
    ]
    drawings += [[[[50, 60]]], [[[20, 30], [20, 30], [20, 200]]], [[[5, 9], [260, 9]]]]
    for size in (3, 40, 250, 280):
        for _ in range(5):
            drawings.append(
                [
                    [
                        [rng.randint(0, size), rng.randint(0, size) * rng.random()]
                        for _ in range(rng.randint(1, 40))
                    ]
                    for _ in range(rng.randint(1, 4))
                ]
            )
    return drawings


def on_canvas(strokes: list[list[list[float]]]) -> dict[str, object]:
    """The drawing as the lab's canvas tells it (fabric.js): curves from middle to middle."""
    objects = []
    for stroke in strokes:
        points = [p for i, p in enumerate(stroke) if not i or p != stroke[i - 1]]
        path: list[list[object]] = [["M", *points[0]]]
        for (x, y), (next_x, next_y) in pairwise(points):
            path.append(["Q", x, y, (x + next_x) / 2, (y + next_y) / 2])
        objects.append({"type": "path", "path": [*path, ["L", *points[-1]]]})
    return {"objects": objects}


def test_strokes_become_the_lab_s_input_and_its_answer(sandbox: "Page") -> None:
    path = zoo.default_checkpoint()
    classifier = Classifier(path)
    sandbox.evaluate(
        "(description) => { window.reader = makeReader(description); }",
        network_description(load_trained(path, "sketch")),
    )
    n_identical = 0
    for strokes in (drawings := pen_strokes()):
        digit = digit_from_strokes(strokes_from_canvas(on_canvas(strokes)))
        assert digit is not None
        answer: dict[str, Any] = sandbox.evaluate(
            """(strokes) => {
              const { image, probabilities, oodScore } = reader.read(strokes);
              return { image: [...image], probabilities, oodScore };
            }""",
            strokes,
        )
        image = np.array(answer["image"]).reshape(28, 28)
        assert np.abs(image - digit.pixels).max() <= 1
        prediction = classifier.predict(digit)
        if (image == digit.pixels).all():
            n_identical += 1
            difference = np.array(answer["probabilities"]) - prediction.probabilities
            assert np.abs(difference).max() < TOLERANCE
            # The odds, whose logarithm differs by hundredths, since the page has 8 bits a weight.
            assert prediction.ood_score is not None
            difference = np.log(answer["oodScore"]) - np.log(prediction.ood_score)
            assert abs(difference) < 0.1
    assert n_identical > 0.9 * len(drawings), "a gray level off is the exception"


def test_views_are_the_lab_s(sandbox: "Page", mnist_folder: Path) -> None:
    views = network_description(load_trained(zoo.default_checkpoint(), "sketch"))["views"]
    for image in load(mnist_folder).test.images[:20]:
        made = sandbox.evaluate(
            "([image, views]) => viewsOf(image, views).map((view) => [...view])",
            [image.flatten().tolist(), views],
        )
        difference = np.array(made) - tta_views(image).flatten(1).numpy()
        assert np.abs(difference).max() <= 1
        assert (difference != 0).mean() < 1e-3, "only a half may be rounded otherwise"


def test_no_point_is_no_digit(sandbox: "Page") -> None:
    assert sandbox.evaluate("digitFromStrokes([[], []])") is None


def test_the_benchmark_counts_a_file_of_strokes(tmp_path: Path, chromium: "Browser") -> None:
    content = [
        {"label": label, "writer": "a", "strokes": strokes} for label, strokes in DIGITS.items()
    ]
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(content))
    command = [sys.executable, str(ROOT / "benchmarks" / "takehome.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for title in ("HTML file", "lab"):
        assert re.search(rf"^100\.00%  10 of 10 by the {title}", done.stdout, re.MULTILINE)
    assert "ms an answer with nine views" in done.stdout
