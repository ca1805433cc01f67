"""The directions of import, and what stays quick to open because torch stays out."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The modules that may import torch when they are opened; every other one must not.
WITH_TORCH = {
    "mnistlab.arch.build",
    "mnistlab.arch.modules",
    "mnistlab.data.augment",
    "mnistlab.data.tta",
    "mnistlab.data.mnist",
    "mnistlab.data.torchvision_import",
    "mnistlab.worker.training_job",
    "mnistlab.drawing.explain",
    "mnistlab.drawing.batches",
    "mnistlab.drawing.classifier",
    "mnistlab.training.checkpoint",
    "mnistlab.uncertainty.features",
    "mnistlab.training.evaluate",
    "mnistlab.training.loop",
    "mnistlab.training.data_parallel",
    "mnistlab.training.resume",
    "mnistlab.worker.timing",
    "mnistlab.training.state",
}
# Each part may import those before it, and never one after it.
ORDER = (
    *(
        "errors",
        "legacy",
        "home",
        "atomic",
        "uploads",
        "markup",
        "arch",
        "data",
        "stats",
        "training",
    ),
    *("uncertainty", "store", "worker", "experiments", "drawing", "handwriting", "charts"),
    *("report", "zoo", "terminal", "ui", "__main__"),
)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_torch_free_modules_open_without_torch() -> None:
    everything = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "mnistlab").rglob("*.py")
    }
    assert everything > WITH_TORCH
    free = sorted(everything - WITH_TORCH)
    code = f"import sys\nfor name in {free}: __import__(name)\nprint('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_scipy_s_filters_wait_for_the_first_photo() -> None:
    opened = "import sys, mnistlab.drawing.strokes, mnistlab.ui.draw.drawing_input"
    told = "'scipy.ndimage' in sys.modules, 'mnistlab.drawing.photo.ink' in sys.modules"
    code = f"{opened}\nprint({told})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False False"


# What reads photos stands alone: it knows digits and their thickness, and nothing else of drawing.
PHOTO = {
    "decode": {"digit"},
    "morphology": set(),
    "edges": {"morphology"},
    "line_removal": {"morphology"},
    "stroke_width": {"digit"},
    "ink": {"digit", "decode", "edges", "line_removal", "morphology", "stroke_width"},
}


def test_the_parts_that_read_photos_depend_on_each_other_one_way() -> None:
    folder = ROOT / "mnistlab" / "drawing" / "photo"
    assert {path.stem for path in folder.glob("*.py")} == {*PHOTO, "__init__"}
    for name, may in PHOTO.items():
        names = imported(folder / f"{name}.py")
        ours = {
            n.removeprefix("mnistlab.drawing.").removeprefix("photo.").split(".")[0]
            for n in names
            if n.startswith("mnistlab.drawing.")
        }
        assert ours <= may, name


def test_imports_go_one_way() -> None:
    wrong = []
    for path in (ROOT / "mnistlab").rglob("*.py"):
        part = path.relative_to(ROOT / "mnistlab").parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        for name in imported(path):
            if name.startswith("mnistlab."):
                other = name.split(".")[1]
                if ORDER.index(other) > ORDER.index(part):
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_only_pages_and_ui_import_streamlit_and_pages_never_import_pages() -> None:
    for path in (ROOT / "mnistlab").rglob("*.py"):
        if "ui" not in path.parts:
            assert not any("streamlit" in name for name in imported(path)), path
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        assert not any(name.split(".")[0] in ("pages", "app") for name in imported(path)), path
