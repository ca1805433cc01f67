"""The README's file map is the house as it stands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_file_map_has_a_line_for_each_file_and_no_other() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    inside = re.findall(r"^  (\w+/\w+\.\w+|\w+\.\w+) ", text, re.MULTILINE)
    outside = re.findall(r"^((?:pages|benchmarks)/\w+\.py|app\.py) ", text, re.MULTILINE)
    mapped = [f"mnistlab/{name}" for name in inside] + outside
    house = [
        *(ROOT / "mnistlab").rglob("*.py"),
        *(ROOT / "mnistlab").rglob("*.css"),
        *(ROOT / "pages").glob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        ROOT / "app.py",
    ]
    files = [p.relative_to(ROOT).as_posix() for p in house if p.name != "__init__.py"]
    assert sorted(mapped) == sorted(files)
