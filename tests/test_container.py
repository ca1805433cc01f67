"""The Dockerfile keeps to the code: no image is built here, so what it says is compared."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from mnistlab.home import default_home
from mnistlab.terminal import app_commands
from mnistlab.terminal.cli import build_parser

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each with its arguments on one line."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", "")
    pairs = [line.split(maxsplit=1) for line in text.splitlines() if line]
    return [(word, rest) for word, rest in pairs]


def arguments(name: str) -> list[str]:
    return [rest for word, rest in instructions() if word == name]


def copied() -> list[str]:
    return [source for rest in arguments("COPY") for source in rest.split()[:-1]]


def test_it_copies_what_is_there_and_all_that_the_app_needs() -> None:
    assert all((ROOT / source).exists() for source in copied())
    needed = {"app.py", "pages", "mnistlab", ".streamlit", "requirements.txt", "constraints.txt"}
    assert set(copied()) == needed
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[0] == "*" and {line[1:] for line in lines if line[0] == "!"} == needed


def test_what_it_copies_is_on_python_s_path_and_files_are_written_to_the_volume() -> None:
    for rest in arguments("COPY"):
        *sources, target = rest.split()
        assert target == "./" or sources == [target]
    code, start = arguments("WORKDIR")
    assert f"PYTHONPATH={code}" in arguments("ENV")[0].split()
    assert arguments("VOLUME") == [start]


def test_its_port_is_the_server_s_and_its_folder_the_lab_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = str(app_commands.DEFAULT_PORT)
    (health,) = arguments("HEALTHCHECK")
    assert arguments("EXPOSE") == [port] and f", {port}," in health
    variables = dict(pair.split("=") for rest in arguments("ENV") for pair in rest.split())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (volume,) = arguments("VOLUME")
    assert str(default_home().root) == volume
    (user,) = arguments("USER")
    assert f"--owner {user} {volume}" in " ".join(arguments("RUN"))


def test_it_does_not_run_as_root() -> None:
    words = [word for word, _ in instructions()]
    assert arguments("USER")[0] not in ("root", "0")
    assert "RUN" not in words[words.index("USER") :]


def test_its_command_opens_a_class_for_other_machines() -> None:
    (entry,), (command,) = arguments("ENTRYPOINT"), arguments("CMD")
    program = json.loads(entry)
    assert program == ["python", "-m", "mnistlab"]
    options = build_parser().parse_args(json.loads(command))
    assert options.run is app_commands.class_ and options.host == app_commands.EVERYWHERE


def test_its_packages_are_the_pinned_ones() -> None:
    (install,) = (rest for rest in arguments("RUN") if "pip" in rest)
    (pattern,) = re.findall(r"grep -E '([^']+)'", install)
    pinned = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    chosen = [line.split("==")[0] for line in pinned if re.match(pattern, line)]
    assert chosen == ["torch", "torchvision"]
    assert "--requirement requirements.txt" in install


@pytest.mark.parametrize("status, is_healthy", [(200, True), (404, True), (503, False)])
def test_its_health_check_wants_an_answer_of_the_server(
    status: int, is_healthy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (health,) = arguments("HEALTHCHECK")
    (program,) = re.findall(r'python -c "([^"]+)"', health)
    asked = []

    class Connection:
        def __init__(self, *address: object, timeout: float) -> None: ...
        def request(self, *request: str) -> None:
            asked.append(request)

        def getresponse(self) -> object:
            return SimpleNamespace(status=status)

    monkeypatch.setattr("http.client.HTTPConnection", Connection)
    with pytest.raises(SystemExit) as ended:
        exec(program, {})
    assert bool(ended.value.code) is not is_healthy
    assert asked == [("GET", "/_stcore/health")]
