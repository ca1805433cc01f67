"""The app: start it in a browser, for oneself or for a class on the local network."""

import argparse
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from mnistlab.classroom.local_network import base_url, local_addresses
from mnistlab.classroom.qr import terminal_qr
from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.store.classroom import people
from mnistlab.store.exchange.class_archive import classes, erase_class, export_class
from mnistlab.store.store import Store
from mnistlab.terminal.output_file import check_new
from mnistlab.terminal.parser import Commands, Parser

GROUP = "App"
ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1"
DEFAULT_PORT, MAX_PORT = 8501, 65_535
"""The address and the port of `.streamlit/config.toml`."""


def add_commands(commands: Commands) -> None:
    command = commands.add(GROUP, "app", app, "open the app in a browser; Ctrl-C ends it")
    _add_port(command)
    _add_class(commands)


def _add_port(command: Parser) -> None:
    command.add_argument(
        "--port",
        type=port_number,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"port of its address; default: {DEFAULT_PORT}",
    )


def port_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to {MAX_PORT})")
    return int(text)


def app(options: argparse.Namespace) -> int:
    default_home()  # raises before the server starts
    check_port(options.port)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={options.port}"]
    print(f"mnistlab is on http://{ADDRESS}:{options.port}. Ctrl-C ends it.", flush=True)
    return serve(command, {})


def serve(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the server until it ends, by itself or with this process; its exit status."""
    # What ends this process alone must not leave a server behind that holds the port. Noted before
    # there is a server, so that no moment is left in which it would.
    ended, started = Event(), list[subprocess.Popen[bytes]]()

    def end(*_: object) -> None:
        ended.set()
        for process in started:
            process.terminate()

    before = signal.signal(signal.SIGTERM, end)
    try:
        # Streamlit reads `.streamlit/config.toml` from the folder where it is started.
        started.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | environment))
        if ended.is_set():
            started[0].terminate()
        return started[0].wait()
    except KeyboardInterrupt:
        for process in started:
            process.wait()  # the terminal has sent Ctrl-C to both
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)


def check_port(port: int, address: str = ADDRESS) -> None:
    """Raise LabError if no server can be started on the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        reason = (
            "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        other = port + 1 if port < MAX_PORT else DEFAULT_PORT
        raise LabError(
            f"Port {port} {reason}. Open http://{ADDRESS}:{port} if mnistlab is running there, "
            f"or choose another port: `--port {other}`."
        ) from None


EVERYWHERE, LOOPBACK = "0.0.0.0", ("127.0.0.1", "localhost", "::1")
MAX_FOLDER = 40
EXPOSED = """\
Everybody who reaches the address can join, and then see all runs, names and saved drawings.
They change their own only. The teacher's link may change everything: show it to nobody.
{}
Ctrl-C ends the server; the class stays, and the same command goes on with it."""
PLAIN = "Nothing is encrypted: docs/CLASSROOM.md has a proxy with HTTPS."
BESIDE_PROXY = "Port {} is open beside the proxy, not encrypted: `--host 127.0.0.1` closes it."
PROXIED = "The proxy encrypts; docs/CLASSROOM.md has nginx's configuration."


def _add_class(commands: Commands) -> None:
    command = commands.add(GROUP, "class", class_, "open a class on the local network, or end one")
    command.add_argument("name", nargs="?", default="", metavar="NAME", help="such as 7b")
    _add_port(command)
    command.add_argument(
        "--host", default=EVERYWHERE, metavar="IP", help="listen on this address alone"
    )
    command.add_argument("--url", default="", help="the address behind a proxy, with its path")
    command.add_argument("--end", action="store_true", help="export everything, then erase it")


def class_(options: argparse.Namespace) -> int | None:
    lab = default_home()
    if lab.is_class:
        raise LabError("MNISTLAB_CLASS is set. Run this command without it.")
    if not options.name:
        _list(lab)
        return None
    home = lab.of_class(folder_name(options.name))
    return _end(home) if options.end else _open(home, options)


def folder_name(name: str) -> str:
    """The folder of a class: small letters and digits of its name.

    Raises LabError if there are none.
    """
    folder = "-".join(re.findall(r"[^\W_]+", name.casefold()))[:MAX_FOLDER]
    if not folder:
        raise LabError(f"{name!r} has no letter or digit. Name the class, such as 7b.")
    return folder


def _list(lab: Home) -> None:
    found = [*classes(lab)]
    for home, title in found:
        store = Store(home.runs)
        print(f"{home.class_name}: {title}, {len(people.people(store)) - 1} students")
    if not found:
        print("No class yet. `python -m mnistlab class 7b` opens one.")


def _open(home: Home, options: argparse.Namespace) -> int:
    server = _server_options(options)
    check_port(options.port, options.host)
    store = Store(home.runs)
    teacher = people.open_class(store, options.name)
    token = people.token_of(store, teacher.id)
    addresses = public_addresses(options.host, options.port, options.url)
    print(f"Class {options.name}. Students join at")
    print("\n".join(f"  {address}" for address in addresses))
    print(terminal_qr(addresses[0]))
    print(f"The teacher's link, for you alone:\n  {addresses[0]}/lab/enter/{token}\n")
    print(EXPOSED.format(_encryption(options)), flush=True)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *server]
    return serve(command, home.environment())


def _encryption(options: argparse.Namespace) -> str:
    """What is encrypted of a class's server, in a sentence."""
    if not options.url.startswith("https:"):
        return PLAIN
    return PROXIED if options.host in LOOPBACK else BESIDE_PROXY.format(options.port)


def public_addresses(host: str, port: int, url: str = "") -> list[str]:
    """The addresses of a server for others, best one first."""
    if url:
        return [url.rstrip("/")]
    if host not in (EVERYWHERE, "::"):
        return [base_url(host, port)]
    # 0.0.0.0 is every address of version 4, and none of version 6.
    found = [one for one in local_addresses() if host != EVERYWHERE or ":" not in one]
    return [base_url(address, port) for address in found or LOOPBACK[:1]]


def _server_options(options: argparse.Namespace) -> list[str]:
    """Streamlit's options for an address, and for the name and path that a proxy gives it."""
    server = [
        "--server.headless=true",
        f"--server.port={options.port}",
        f"--server.address={options.host}",
    ]
    if options.url:
        parts = urlsplit(options.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise LabError(f"{options.url} is no address such as https://lab.example.org/7b.")
        server += [f"--server.allowedHosts={name}" for name in (parts.hostname, *LOOPBACK)]
        server.append(f"--server.baseUrlPath={parts.path.strip('/')}")
    return server


def _end(home: Home) -> int:
    if not home.runs.is_dir() or people.the_class(Store(home.runs)) is None:
        raise LabError(
            f"There is no class {home.class_name}. `python -m mnistlab class` lists all."
        )
    path = Path(f"mnistlab-{home.class_name}-{time.strftime('%Y-%m-%d')}.zip")
    check_new(path)
    export_class(home, path)
    print(f"Everything is in {path.resolve()}.")
    print(
        f"Erase the class with all its people, runs and drawings? Type {home.class_name} to do so."
    )
    try:
        answer = input("> ")
    except EOFError:
        answer = ""
    if answer.strip() != home.class_name:
        print("Nothing was erased.")
        return 1
    erase_class(home)
    print(f"Class {home.class_name} is erased.")
    return 0
