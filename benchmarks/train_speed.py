"""How quickly target 4's network is trained: by the script that people would write, by Keras, here.

*layers* is mnistlab's loop with PyTorch's own batch norm, ReLU and dropout instead of its kernels.

Each contender trains in a process of its own, all of them in turn, several times over; the first
steps are not counted. mnistlab's time includes its augmentation (affine), validation excluded; the
others have none. The rate of the machine's matrix multiplication is measured in the same way.

    python benchmarks/train_speed.py                      # (a) the usual script and (c) mnistlab
    python benchmarks/train_speed.py --presets            # (c) with every other preset as well
    python benchmarks/train_speed.py --keras jax          # (b) too; needs keras and that backend,
                                                          # here or in --keras-python
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

TARGET = "8-16-p10-16-20-t12-16-20-full-bn-drop0.05"
WARM, STEPS = 10, 60


def timed(step: Callable[[], object], batch: int) -> float:
    """Images per second over STEPS steps, after WARM that are not counted."""
    for _ in range(WARM):
        step()
    started = time.perf_counter()
    for _ in range(STEPS):
        step()
    return STEPS * batch / (time.perf_counter() - started)


def usual(text: str, batch: int, device: str) -> float:
    """The tutorial's way: data set, transforms, DataLoader, nn.Dropout, NCHW, torch's threads."""
    import torch
    from torch import nn

    from mnistlab.arch.build import build
    from mnistlab.arch.modules import ReLUDropout
    from mnistlab.arch.spec import parse
    from mnistlab.data.torchvision_import import import_torchvision
    from mnistlab.home import default_home

    import_torchvision()
    from torchvision import datasets, transforms

    network = build(parse(text), 0)
    for block in network:
        if isinstance(block, nn.Sequential) and isinstance(block.relu, ReLUDropout):
            block.relu = nn.Sequential(nn.ReLU(), nn.Dropout(block.relu.rate))
    network = network.to(device).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "MNIST", "raw")
        raw.parent.mkdir()
        raw.symlink_to(default_home().data)
        transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
        )
        data = datasets.MNIST(folder, train=True, transform=transform)
    loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True)

    def forever() -> Iterator[Any]:
        while True:
            yield from loader

    batches = forever()

    def step() -> None:
        images, labels = next(batches)
        optimizer.zero_grad()
        loss = criterion(network(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        loss.item()

    return timed(step, batch)


def mnistlab(text: str, batch: int, device: str) -> float:
    """mnistlab's own loop with its default recipe."""
    return trained(text, batch, device)


def layers(text: str, batch: int, device: str) -> float:
    """The same loop with PyTorch's own layers instead of the fused kernels."""
    return trained(text, batch, device, "torch")


def trained(text: str, batch: int, device: str, kernels: str = "") -> float:
    """Images per second of mnistlab's loop; without `kernels`, those that it chooses itself."""
    import torch

    from mnistlab.arch.build import build
    from mnistlab.arch.spec import parse
    from mnistlab.data.mnist import DataSplits, load, split_mnist
    from mnistlab.home import default_home
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.training.engine.selection import Kernels
    from mnistlab.training.loop import train
    from mnistlab.training.state import TrainingState
    from mnistlab.worker.processes import cores

    torch.set_num_threads(1)
    recipe = Recipe(epochs=2, batch_size=batch, train_size=(WARM + STEPS) * batch)
    whole = split_mnist(load(default_home().data), recipe.split)
    splits = DataSplits(whole.train[: STEPS * batch], whole.validation[:500], None)
    training = TrainingState(
        build(parse(text), 0),
        recipe,
        torch.device(device),
        kernels=Kernels(kernels) if kernels else None,
    )
    return list(train(training, splits, threads=cores()))[-1].images_per_second


def keras(text: str, batch: int, device: str) -> float:
    """Target 4's network in Keras 3, trained by `fit` on arrays in memory."""
    import keras as k
    import numpy as np

    rng = np.random.default_rng(0)
    images = rng.random((WARM * batch, 28, 28, 1), dtype=np.float32)
    labels = rng.integers(0, 10, len(images))

    def block(filters: int) -> list[Any]:
        layers = k.layers
        return [
            layers.Conv2D(filters, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.05),
        ]

    def pointwise(filters: int) -> Any:
        return k.layers.Conv2D(filters, 1, activation="relu")

    network = k.Sequential(
        [
            k.layers.Input((28, 28, 1)),
            *block(8),
            *block(16),
            pointwise(10),
            k.layers.MaxPooling2D(),
            *block(16),
            *block(20),
            pointwise(12),
            *block(16),
            *block(20),
            pointwise(10),
            k.layers.Conv2D(10, 4),
            k.layers.Flatten(),
        ]
    )
    assert network.count_params() == 12_874
    network.compile(
        k.optimizers.SGD(0.01, momentum=0.9),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.fit(images, labels, batch_size=batch, verbose=0)
    images, labels = (np.concatenate([part] * (STEPS // WARM)) for part in (images, labels))
    network.fit(images, labels, batch_size=batch, verbose=0)
    started = time.perf_counter()
    network.fit(images, labels, batch_size=batch, verbose=0)
    return len(images) / (time.perf_counter() - started)


def multiplication(text: str, batch: int, device: str) -> float:
    """GFLOP/s of a product of two 2048 × 2048 matrices of float32, the best of ten."""
    import torch

    left, right = (torch.randn(2048, 2048, device=device) for _ in range(2))
    best = float("inf")
    for _ in range(11):
        started = time.perf_counter()
        (left @ right).sum().item()
        best = min(best, time.perf_counter() - started)
    return float(2 * 2048**3 / best / 1e9)


CONTENDERS = {f.__name__: f for f in (usual, keras, mnistlab, layers, multiplication)}


def measure(python: str, contender: str, text: str, batch: int, device: str) -> float:
    """Run a contender in a process of its own."""
    name, _, backend = contender.partition(" ")
    command = [python, __file__, "--one", name, "--network", text, "--batch", str(batch)]
    done = subprocess.run(
        [*command, "--device", device],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{contender}: {done.stderr.strip()[-600:]}")
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--keras", nargs="*", default=[], metavar="BACKEND")
    parser.add_argument("--keras-python", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--presets", action="store_true", help="mnistlab on its other presets too")
    parser.add_argument("--network", default=TARGET, help=argparse.SUPPRESS)
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(CONTENDERS[options.one](options.network, options.batch[0], options.device))
        return

    from mnistlab.arch.presets import PRESETS

    here = sys.executable
    contenders = [("usual", here, TARGET), ("mnistlab", here, TARGET), ("layers", here, TARGET)]
    contenders += [(f"keras {name}", options.keras_python, TARGET) for name in options.keras]
    others = (preset.spec for preset in PRESETS if str(preset.spec) != TARGET)
    if options.presets:
        contenders += [(name, here, str(one)) for one in others for name in ("mnistlab", "layers")]
    contenders += [("multiplication", here, "")]
    print(f"{platform.machine()}, {os.cpu_count()} cores, device {options.device}")
    from mnistlab.arch.spec import parse
    from mnistlab.arch.summary import summarize

    for batch in options.batch:
        figures: dict[tuple[str, str], list[float]] = {(c, text): [] for c, _, text in contenders}
        for _ in range(options.rounds):
            for contender, python, text in contenders:
                measured = measure(python, contender, text, batch, options.device)
                figures[contender, text].append(measured)
        medians = {key: statistics.median(values) for key, values in figures.items()}
        rate = medians["multiplication", ""]
        print(f"\nbatch {batch}, n = {options.rounds}")
        for (contender, text), values in figures.items():
            median, span = medians[contender, text], f"{min(values):,.0f}–{max(values):,.0f}"
            if not text:
                print(f"matrix product   {median:>7,.0f} GFLOP/s ({span})")
                continue
            # Forward, and backward for the maps and for the weights: three times the MACs.
            flops = 6 * summarize(parse(text)).macs * median / 1e9
            print(
                f"{contender:<16} {median:>7,.0f} images/s ({span})  "
                f"{median / medians['usual', TARGET]:.2f} × the usual script  "
                f"{flops / rate:.0%} of the matrix product's rate  {text}"
            )


if __name__ == "__main__":
    main()
