"""The command that starts the app, and what it says of a port that it cannot have."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.terminal.app_commands import ADDRESS, DEFAULT_PORT
from tests.waiting import CEILING

ROOT = Path(__file__).parents[2]


def test_a_port_in_use_is_one_line_with_another_port(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"{ADDRESS}:{port}" in error
    assert f"--port {port + 1 if port < 65_535 else DEFAULT_PORT}" in error


@pytest.mark.parametrize("port", ["0", "65536", "-1", "many", "١٢"])
def test_what_is_no_port_is_one_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", f"--port={port}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_default_port_is_the_configuration_s() -> None:
    configuration = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    assert f"port = {DEFAULT_PORT}\n" in configuration
    assert f'address = "{ADDRESS}"\n' in configuration


def test_nothing_of_streamlit_s_own_covers_a_page() -> None:
    """On a machine with an AI agent a card would offer to install skills for it."""
    code = (
        "from streamlit import config; from streamlit.web import skills; "
        "config.get_config_options(); skills.agent_harness_present = lambda: True; "
        "print(skills.nudge_suppression_reason('.'))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "welcome_hidden", done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_the_app_is_started_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    with socket.create_server((ADDRESS, 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "mnistlab", "app", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"MNISTLAB_HOME": str(tmp_path), "STREAMLIT_SERVER_HEADLESS": "true"},
        start_new_session=True,  # as in a terminal, Ctrl-C goes to the command and to the server
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + CEILING
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://{ADDRESS}:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError("the app did not start")
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=CEILING)
        assert process.returncode == 0 and f"http://{ADDRESS}:{port}" in output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_a_terminated_command_leaves_no_server_behind() -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    code = (
        "import sys; from mnistlab.terminal.app_commands import serve; "
        f"serve([sys.executable, '-c', {child!r}], {{}})"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as own:
        assert own.stdout
        server = int(own.stdout.readline())
        own.terminate()
        own.wait(timeout=60)
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
