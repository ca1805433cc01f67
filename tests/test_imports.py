"""The directions of import, and what stays quick to open because torch stays out."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The modules that may import torch when they are opened; every other one must not.
WITH_TORCH = {
    "mnistlab.arch.build",
    "mnistlab.arch.layers",
    "mnistlab.data.augment",
    "mnistlab.data.looks",
    "mnistlab.data.mnist",
    "mnistlab.data.vision",
    "mnistlab.runs.training_job",
    "mnistlab.sketch.explain",
    "mnistlab.sketch.many",
    "mnistlab.sketch.predict",
    "mnistlab.training.checkpoint",
    "mnistlab.training.features",
    "mnistlab.training.evaluate",
    "mnistlab.training.loop",
    "mnistlab.training.parallel",
    "mnistlab.training.resume",
    "mnistlab.training.timing",
    "mnistlab.training.training",
}
# What each part may import beside itself; the order of the design's drawing.
MAY = {
    "arch": {"errors"},
    "data": {"errors", "arch"},
    "training": {"errors", "atomic", "arch", "data"},
    "runs": {"errors", "atomic", "home", "uploads", "arch", "data", "training"},
    "sketch": {"arch", "data", "errors", "uploads", "runs", "training"},
    "zoo": set(),
    "charts": {"errors", "markup", "arch", "data", "training", "runs"},
    "report": {"errors", "markup", "arch", "data", "training", "runs", "charts"},
    "terminal": {
        "errors",
        "home",
        "uploads",
        "arch",
        "data",
        "training",
        "runs",
        "sketch",
        "report",
    },
    "home": set(),
    "errors": set(),
    "atomic": set(),
    "uploads": set(),
    "markup": set(),
    "ui": {
        *{"errors", "home", "arch", "data", "training", "runs", "sketch", "zoo", "charts"},
        "report",
        "uploads",
        "markup",
    },
    "__main__": {"errors", "home", "arch", "data", "training", "runs", "sketch", "zoo", "terminal"},
    "__init__": set(),
}


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
    opened = "import sys, mnistlab.sketch.strokes, mnistlab.ui.source"
    told = "'scipy.ndimage' in sys.modules, 'mnistlab.sketch.photo' in sys.modules"
    code = f"{opened}\nprint({told})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False False"


# What reads photos stands alone: it knows digits and their thickness, and nothing else of drawing.
PHOTO = {
    "picture": {"digit"},
    "shapes": set(),
    "outlines": {"shapes"},
    "ruling": {"shapes"},
    "thickness": {"digit"},
    "photo": {"digit", "picture", "outlines", "ruling", "shapes", "thickness"},
}


def test_the_parts_that_read_photos_depend_on_each_other_one_way() -> None:
    for name, may in PHOTO.items():
        names = imported(ROOT / "mnistlab" / "sketch" / f"{name}.py")
        ours = {n.split(".")[2] for n in names if n.startswith("mnistlab.sketch.")}
        assert ours <= may, name


def test_imports_go_in_the_drawn_direction() -> None:
    wrong = []
    for path in (ROOT / "mnistlab").rglob("*.py"):
        part = path.relative_to(ROOT / "mnistlab").parts[0].removesuffix(".py")
        for name in imported(path):
            if name.startswith("mnistlab."):
                other = name.split(".")[1]
                if other != part and other not in MAY[part]:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_only_pages_and_ui_import_streamlit_and_pages_never_import_pages() -> None:
    for path in (ROOT / "mnistlab").rglob("*.py"):
        if "ui" not in path.parts:
            assert not any("streamlit" in name for name in imported(path)), path
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        assert not any(name.split(".")[0] in ("pages", "app") for name in imported(path)), path
