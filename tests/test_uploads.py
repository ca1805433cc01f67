"""Upload limits: no widget takes what the server refuses, and all of them come from one module."""

import ast
import tomllib
from pathlib import Path

import pytest

from mnistlab import uploads

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
LIMITS = {name: value for name, value in vars(uploads).items() if name.isupper()}
SOURCES = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "mnistlab").rglob("*.py")]
TAKES_FILES = ("file_uploader", "chat_input")
"""Not the camera, whose widget has no limit: what it takes is measured (drawing_input)."""


def uploaders() -> dict[str, ast.Call]:
    """Every call of a widget that takes files, by its place."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno}": node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in TAKES_FILES
    }


def test_the_server_accepts_the_largest_limit() -> None:
    assert CONFIG["server"]["maxUploadSize"] == max(map(uploads.megabytes, LIMITS.values()))


def test_every_widget_names_its_limit_from_the_one_module() -> None:
    used = set()
    for place, call in uploaders().items():
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        limit = given.get("max_upload_size", "")
        named = limit.removeprefix("megabytes(").removesuffix(")")
        assert limit == f"megabytes({named})" and named in LIMITS, f"{place}: {limit or 'no limit'}"
        assert uploads.megabytes(LIMITS[named]) <= CONFIG["server"]["maxUploadSize"], place
        used.add(named)
    assert used == set(LIMITS) - {"MEGABYTE"}


def test_a_limit_is_whole_megabytes_because_the_widget_s_is() -> None:
    assert uploads.megabytes(3 << 20) == 3
    with pytest.raises(AssertionError):
        uploads.megabytes((3 << 20) + 1)
