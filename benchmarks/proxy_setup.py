"""nginx with the guide's configuration and the servers of a class behind it, for a trial on this
machine (`benchmarks/proxy.py`).
"""

import contextlib
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "CLASSROOM.md"
HOST, PATH = "lab.example.org", "/lab"
NGINX = """
daemon off; worker_processes 1; pid nginx.pid; {user}
error_log error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    log_format trial '$upstream_addr|$http_cookie|$request_uri';
    access_log access.log trial;
    {site}
}}
"""


@dataclass
class Trial:
    """What was looked at; `url` is the address behind the proxy."""

    folder: Path
    https: int
    plain: int
    backends: tuple[int, int]
    failed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.https}{PATH}"

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] = {},
        method: str = "GET",
        body: bytes | None = None,
    ) -> "Answer":
        """One request to nginx over TLS; `Host` is the class's name."""
        named = {"host": f"{HOST}:{self.https}", **headers}
        return ask(self.https, path, named, self.folder / "lab.pem", method, body)

    def check(self, what: str, held: bool, seen: object = "") -> None:
        print(f"{'yes' if held else 'NO '}  {what}{f': {seen}' if seen != '' else ''}", flush=True)
        if not held:
            self.failed.append(what)


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    cookie: str
    text: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ask(
    port: int,
    path: str,
    headers: Mapping[str, str] = {},
    certificate: Path | None = None,
    method: str = "GET",
    body: bytes | None = None,
    source: str = "",
) -> Answer:
    """One request to a port of this machine, over TLS if there is a `certificate` to trust; from
    the loopback address `source`, if there is one.
    """
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
        if context
        else http.client.HTTPConnection("127.0.0.1", port, 60, (source, 0) if source else None)
    )
    with contextlib.closing(connection):
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read(20_000).decode("utf-8", "replace")
        location, cookie = (answer.headers.get(name, "") for name in ("location", "set-cookie"))
        return Answer(answer.status, location, cookie, text)


def guide_blocks() -> tuple[str, str, str]:
    """The guide's configuration: the site, the upstream of one server, that of two."""
    site, one, two = re.findall(r"(?ms)^```nginx\n(.*?)^```", GUIDE.read_text("utf-8"))
    return site, one, two


def replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the guide has no {old!r}"
        text = text.replace(old, new)
    return text


def configuration(trial: Trial, n_servers: int) -> Path:
    """The guide's blocks for the trial's ports, as a whole configuration."""
    site, one, two = guide_blocks()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{trial.plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{trial.https} ssl;",
        "/etc/ssl/certs/lab.pem": str(trial.folder / "lab.pem"),
        "/etc/ssl/private/lab.key": str(trial.folder / "lab.key"),
        "127.0.0.1:8501": f"127.0.0.1:{trial.backends[0]}",
    }
    if n_servers == 2:
        changes["127.0.0.1:8502"] = f"127.0.0.1:{trial.backends[1]}"
    site = replaced(site + (one, two)[n_servers - 1], changes)
    path = trial.folder / f"nginx{n_servers}.conf"
    path.write_text(NGINX.format(site=site, user="user root;" if os.geteuid() == 0 else ""))
    return path


def make_certificate(folder: Path) -> None:
    names = f"subjectAltName=DNS:{HOST},IP:127.0.0.1"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command = ["openssl", *options.split(), "-keyout", "lab.key", "-out", "lab.pem"]
    command += ["-subj", f"/CN={HOST}", "-addext", names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@contextlib.contextmanager
def nginx(program: str, trial: Trial, n_servers: int) -> Iterator[None]:
    command = [program, "-p", str(trial.folder), "-e", "error.log"]
    command += ["-c", str(configuration(trial, n_servers))]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    name = f"nginx takes the guide's configuration for {n_servers} server{'s' * (n_servers - 1)}"
    trial.check(name, tested.returncode == 0, tested.stderr.strip().splitlines()[-1])
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: ask(trial.plain, "/").status == 301)
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for(is_there: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if is_there():
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("nothing answers; the trial's folder has the logs")
        time.sleep(0.1)


def open_class(trial: Trial, port: int) -> "subprocess.Popen[bytes]":
    """The guide's command on a port, as a group of processes that can be killed together."""
    command = [sys.executable, "-m", "mnistlab", "class", "7b", "--host", "127.0.0.1"]
    with (trial.folder / f"class-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--url", trial.url],
            cwd=ROOT,
            env=os.environ | {"MNISTLAB_HOME": str(trial.folder), "MNISTLAB_THREADS": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_for(lambda: ask(port, f"{PATH}/_stcore/health").status == 200)
    return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def teacher_link(trial: Trial) -> str:
    text = (trial.folder / f"class-{trial.backends[0]}.log").read_text("utf-8")
    link = next(word for word in text.split() if "/lab/enter/" in word)
    assert link.startswith(trial.url), link
    return link
