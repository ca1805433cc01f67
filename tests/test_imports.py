"""The directions of import, and what stays quick to open because torch stays out."""

import ast
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "mnistlab").rglob("*.py"))
    if path != ROOT / "mnistlab" / "__init__.py"
}
# The modules that may import torch when they are opened; every other one must not.
WITH_TORCH = {
    "mnistlab.arch.build",
    "mnistlab.cluster.cluster",
    "mnistlab.cluster.dispatcher",
    "mnistlab.cluster.node",
    "mnistlab.arch.modules",
    "mnistlab.data.augment",
    "mnistlab.data.tta",
    "mnistlab.data.mnist",
    "mnistlab.data.torchvision_import",
    "mnistlab.worker.training_job",
    "mnistlab.drawing.explain",
    "mnistlab.drawing.classifier",
    "mnistlab.training.checkpoint",
    "mnistlab.training.transfer.distillation",
    "mnistlab.training.transfer.fine_tuning",
    "mnistlab.uncertainty.features",
    "mnistlab.uncertainty.fit",
    "mnistlab.training.evaluate",
    "mnistlab.training.loop",
    "mnistlab.training.norm_statistics",
    "mnistlab.training.data_parallel",
    "mnistlab.training.engine.stages",
    "mnistlab.training.engine.selection",
    "mnistlab.training.engine.fused",
    "mnistlab.training.resume",
    "mnistlab.worker.timing",
    "mnistlab.training.state",
}
# Each part may import those before it, and never one after it.
ORDER = (
    *("errors", "text", "choice", "legacy", "actor", "home", "atomic", "uploads", "markup"),
    *(
        "arch",
        "pen",
        "data",
        "stats",
        "recipe",
        "training",
        "uncertainty",
        "classroom",
        "store",
        "zoo",
        "worker",
        "cluster",
    ),
    "experiments",
    *("drawing", "handwriting", "charts", "report", "takehome", "terminal", "ui", "__main__"),
)


MAX_MODULES, MAX_LINES = 14, 300
# Modules outside `ui` that share a name, and why it does not mislead. A module of `ui` may have the
# name of what it shows.
SAME_NAME = {
    "build": "arch builds a network, report builds a report: each package's one verb",
    "drawings": "handwriting has the values and their file, store has their rows",
    "errors": "the base class for everybody, and what SQLite's errors mean",
    "text": "numbers as text for everybody, and a report's sentences",
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_of(name: str) -> str | None:
    """The module of this project that an imported name is, or is defined in; None if it is none."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def test_torch_free_modules_open_without_torch() -> None:
    assert MODULES.keys() > WITH_TORCH
    free = sorted(MODULES.keys() - WITH_TORCH)
    code = f"import sys\nfor name in {free}: __import__(name)\nprint('torch' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "False"


def test_scipy_s_filters_wait_for_the_first_photo() -> None:
    imports = "import sys, mnistlab.drawing.strokes, mnistlab.ui.draw.drawing_input"
    loaded = "'scipy.ndimage' in sys.modules, 'mnistlab.drawing.photo.ink' in sys.modules"
    code = f"{imports}\nprint({loaded})"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "False False"


# What reads photos stands alone: it knows digits and their thickness, and nothing else of drawing.
PHOTO = {
    "decode": {"digit"},
    "morphology": set(),
    "edges": {"morphology"},
    "line_removal": {"morphology"},
    "stroke_width": {"digit", "morphology"},
    "printed_box": {"decode", "line_removal", "morphology"},
    "ink": {
        "digit",
        "decode",
        "edges",
        "line_removal",
        "morphology",
        "printed_box",
        "stroke_width",
    },
    "photo": {"digit", "decode", "ink", "stroke_width"},
    "center_lines": {"digit"},
}


def test_photo_modules_depend_on_each_other_one_way() -> None:
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
    for module, path in MODULES.items():
        package = module.split(".")[1]
        for name in imported(path):
            if name.startswith("mnistlab."):
                other = name.split(".")[1]
                if ORDER.index(other) > ORDER.index(package):
                    wrong.append(f"{module} imports {name}")
    assert not wrong


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """An import inside a function counts too: it would only hide the circle."""
    graph = {module: {m for m in map(module_of, imported(p)) if m} for module, p in MODULES.items()}
    graph = {module: imports - {module} for module, imports in graph.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_folders_depend_on_each_other_one_way() -> None:
    """Between packages, and between the folders inside one: each has its place in one order."""
    graph: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        folder = module.rpartition(".")[0]
        others = {m.rpartition(".")[0] for m in map(module_of, imported(path)) if m}
        graph.setdefault(folder, set()).update(others - {folder, "mnistlab"})
    graph.pop("mnistlab", None)
    TopologicalSorter(graph).prepare()


def test_only_pages_and_ui_import_streamlit() -> None:
    for module, path in MODULES.items():
        if not module.startswith("mnistlab.ui"):
            assert not any("streamlit" in name for name in imported(path)), module


def test_pages_never_import_pages() -> None:
    for path in PAGES:
        assert not any(name.split(".")[0] in ("pages", "app") for name in imported(path)), path
    for module, path in MODULES.items():
        assert not any(name.split(".")[0] in ("pages", "app") for name in imported(path)), module


def test_only_the_store_uses_the_database() -> None:
    """`store.database.errors` is what the store raises; everybody may catch it."""
    for module, path in {**MODULES, **{path.stem: path for path in PAGES}}.items():
        if module.startswith("mnistlab.store."):
            continue
        names = imported(path)
        database = {name for name in names if name.startswith("mnistlab.store.database")}
        assert all(name.startswith("mnistlab.store.database.errors") for name in database), module
        if module != "mnistlab.worker.lock":  # locks are SQLite's, on files of their own
            assert not any(name.split(".")[0] == "sqlite3" for name in names), module


def test_a_folder_has_at_most_14_modules_and_a_file_300_lines() -> None:
    folders = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    crowded = {str(f.relative_to(ROOT)): n for f, n in folders.items() if n > MAX_MODULES}
    assert not crowded
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert not {name for name, n in lines.items() if n > MAX_LINES}


def test_modules_have_different_names() -> None:
    outside_ui = {m: path for m, path in MODULES.items() if not m.startswith("mnistlab.ui.")}
    names = Counter(path.stem for path in outside_ui.values() if path.name != "__init__.py")
    assert {name for name, count in names.items() if count > 1} == SAME_NAME.keys()
