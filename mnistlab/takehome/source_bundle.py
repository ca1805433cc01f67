"""A trained network as PyTorch source with its weights and an example, in one zip."""

import io
import zipfile

from safetensors.numpy import save

from mnistlab.arch.export.pytorch import pytorch_source
from mnistlab.data.dataset import MNIST
from mnistlab.takehome.model_card import card_markdown
from mnistlab.takehome.trained_network import TrainedNetwork

EXAMPLE = '''\
"""Classify a picture of one digit: python example.py digit.png

Needs: pip install torch safetensors pillow numpy
"""
import sys
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from network import network

model = network().eval()
model.load_state_dict(load_file(Path(__file__).with_name("weights.safetensors")))
gray = np.asarray(Image.open(sys.argv[1]).convert("L").resize((28, 28)), np.float32)
if gray.mean() > 127:
    gray = 255 - gray  # MNIST is white on black
images = (torch.from_numpy(gray)[None, None] / 255 - {mean}) / {std}
with torch.no_grad():
    probabilities = (model(images) / {temperature!r}).softmax(1)[0]  # by the temperature
for digit in probabilities.argsort(descending=True)[:3].tolist():
    print(f"{{digit}}  {{probabilities[digit]:.1%}}")
'''


def source_bundle(trained: TrainedNetwork) -> bytes:
    """The zip: network.py, weights.safetensors, example.py and MODEL_CARD.md.

    It needs no mnistlab. Its bytes depend on the network alone.
    """
    example = EXAMPLE.format(mean=MNIST.mean, std=MNIST.std, temperature=trained.temperature)
    files = {
        "network.py": pytorch_source(trained.record.spec).encode(),
        "weights.safetensors": save(trained.weights),
        "example.py": example.encode(),
        "MODEL_CARD.md": card_markdown(trained).encode(),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # A ZipInfo of its own has a fixed date.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()
