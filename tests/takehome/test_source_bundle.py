"""The zip runs in a folder of its own, with nothing of mnistlab."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from mnistlab import zoo
from mnistlab.data.mnist import load
from mnistlab.takehome.source_bundle import EXAMPLE, source_bundle
from mnistlab.takehome.trained_network import load_trained

SMALLEST = zoo.FOLDER / "smallest.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("is_inverted", [False, True])
def test_the_example_reads_a_png(tmp_path: Path, mnist_folder: Path, is_inverted: bool) -> None:
    with zipfile.ZipFile(io.BytesIO(source_bundle(load_trained(SMALLEST, "smallest")))) as archive:
        assert archive.namelist() == [
            *("network.py", "weights.safetensors", "example.py", "MODEL_CARD.md")
        ]
        archive.extractall(tmp_path)
    test = load(mnist_folder).test
    pixels = test.images[0].numpy()
    picture = tmp_path / "digit.png"
    Image.fromarray(255 - pixels if is_inverted else pixels).save(picture)
    # -P and another folder: the checkout is not on the path.
    done = subprocess.run(
        [sys.executable, "-P", str(tmp_path / "example.py"), str(picture)],
        cwd=tmp_path.parent,
        env={"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    first = done.stdout.splitlines()[0].split()
    assert first[0] == str(int(test.labels[0])) and float(first[1].rstrip("%")) > 90


def test_the_example_is_twenty_lines_and_the_bytes_are_always_the_same() -> None:
    code = EXAMPLE.split('"""\n')[1].strip().splitlines()
    assert len(code) <= 20
    trained = load_trained(SMALLEST, "smallest")
    assert source_bundle(trained) == source_bundle(trained)
