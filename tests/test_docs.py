"""Whatever the documents name in the code is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mnistlab"
DOCUMENTS = ("README.md", "docs/ARCHITECTURE.md", "docs/CLASSROOM.md", "docs/SECURITY.md")
PATH = re.compile(r"\.?[\w.-]+(/[\w.-]*)+")
DOTTED = re.compile(r"[a-z_]\w*(\.[A-Za-z_]\w*)+")
FILE = re.compile(r"[\w-]+\.(py|md|toml|txt|css)")


def code_spans(text: str) -> set[str]:
    """What stands in single backticks outside code blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", text)))


@cache
def definitions(module: Path) -> dict[str, set[str]]:
    """A module's top-level names, each with the names defined in it if it is a class."""
    names: dict[str, set[str]] = {}
    for node in ast.parse(module.read_text("utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else []
        inside = {name for member in members for name in defined_by(member)}
        names |= {name: inside for name in defined_by(node)}
    return names


def defined_by(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            nodes = [each for target in targets for each in ast.walk(target)]
        case ast.AnnAssign(target=target):
            nodes = [target]
        case _:
            nodes = []
    return {each.id for each in nodes if isinstance(each, ast.Name)}


def exists(name: str) -> bool:
    """Whether a dotted name below `mnistlab` is a package, a module or something defined in one."""
    path, parts = PACKAGE, name.removeprefix("mnistlab.").split(".")
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    if not parts:
        return True
    module = path / f"{parts[0]}.py"
    if not module.is_file():
        module = path / "__init__.py"
    else:
        parts = parts[1:]
    if not parts:
        return True
    known = definitions(module)
    return parts[0] in known and all(part in known[parts[0]] for part in parts[1:])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_a_document_exists(document: str) -> None:
    spans = code_spans((ROOT / document).read_text("utf-8"))
    paths = {span for span in spans if PATH.fullmatch(span) or FILE.fullmatch(span)}
    assert paths
    missing = {
        path for path in paths if not (ROOT / path).exists() and not (PACKAGE / path).exists()
    }
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_dotted_name_in_a_document_exists(document: str) -> None:
    spans = code_spans((ROOT / document).read_text("utf-8"))
    ours = {"mnistlab", *(path.stem for path in PACKAGE.iterdir())}
    names = {span for span in spans if DOTTED.fullmatch(span) and span.split(".")[0] in ours}
    names -= {span for span in names if FILE.fullmatch(span)}
    assert {name for name in names if not exists(name)} == set()


def test_a_name_that_does_not_exist_is_reported() -> None:
    assert exists("arch.spec.Activation.GELU") and exists("zoo.DEFAULT")
    assert not exists("arch.spec.Activation.SIGMOID") and not exists("arch.ledger")


def test_every_file_in_the_readme_s_map_exists() -> None:
    """The map is a code block: a path at the start of each line, then what it is for."""
    text = (ROOT / "README.md").read_text("utf-8")
    block = text.split("## Where things are")[1].split("```")[1]
    paths = [line.strip().split("  ")[0] for line in block.splitlines()]
    known = {name for path in paths for name in path.split(", ") if name}
    assert {n for n in known if not (ROOT / n).exists() and not (PACKAGE / n).exists()} == set()
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert {f"{name}/" for name in packages} <= known
