"""The app: start it in a browser."""

import argparse
import errno
import socket
import subprocess
import sys
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.terminal.parser import Commands

GROUP = "App"
ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1"
DEFAULT_PORT, MAX_PORT = 8501, 65_535
"""The address and the port of `.streamlit/config.toml`."""


def add_commands(commands: Commands) -> None:
    command = commands.add(GROUP, "app", app, "open the app in a browser; Ctrl-C ends it")
    command.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"port of its address; default: {DEFAULT_PORT}",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to {MAX_PORT})")
    return int(text)


def app(options: argparse.Namespace) -> int:
    default_home()  # raises before the server starts
    check_port(options.port)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={options.port}"]
    print(f"mnistlab is on http://{ADDRESS}:{options.port}. Ctrl-C ends it.", flush=True)
    # Streamlit reads `.streamlit/config.toml` from the folder where it is started.
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()  # the terminal has sent Ctrl-C to both
        return 0


def check_port(port: int) -> None:
    """Raise LabError if no server can be started on the port."""
    try:
        socket.create_server((ADDRESS, port)).close()
    except OSError as error:
        reason = (
            "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        other = port + 1 if port < MAX_PORT else DEFAULT_PORT
        raise LabError(
            f"Port {port} {reason}. Open http://{ADDRESS}:{port} if mnistlab is running there, "
            f"or choose another port: `python -m mnistlab app --port {other}`."
        ) from None
