import subprocess
import sys
from pathlib import Path

from mnistlab.data.torchvision_import import import_torchvision, mnist_mirrors

ROOT = Path(__file__).parents[2]


def test_torchvision_is_imported_with_any_torch_and_has_mirrors() -> None:
    assert import_torchvision() is import_torchvision()
    mirrors = mnist_mirrors()
    assert mirrors and all(m.startswith("http") and m.endswith("/") for m in mirrors)


def test_transforms_work_in_a_new_process() -> None:
    code = (
        "import torch; from mnistlab.data.torchvision_import import import_torchvision; "
        "import_torchvision();"
        "from torchvision.transforms import v2;"
        "print(tuple(v2.Resize(14)(torch.zeros(1, 28, 28)).shape))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "(1, 14, 14)", done.stderr
