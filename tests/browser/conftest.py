"""A real app on a free port and a real Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnistlab.home import Home

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The browser; without one the tests are skipped, unless MNISTLAB_BROWSER=required."""
    found = CHROMIUM
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        say = "no Chromium: install Debian's package chromium and requirements-dev.txt to run this"
        if os.environ.get("MNISTLAB_BROWSER") == "required":
            pytest.fail(say)
        pytest.skip(say)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class App:
    """A running app: its address and its folder."""

    url: str
    home: Home
    process: "subprocess.Popen[bytes]"


def serve(
    folder: Path, script: str | Path = "app.py", root: Path = ROOT, options: Sequence[str] = ()
) -> App:
    """Start a script of the app that lies in `root`, with a home folder of its own.

    The settings are those of its `.streamlit/config.toml`, but for the `options`.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "app.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "streamlit", "run", str(script),
                f"--server.port={port}", "--server.headless=true",
                *options,
            ],
            cwd=root,
            env=os.environ
            | {"MNISTLAB_HOME": str(folder), "MNISTLAB_THREADS": "1", "PYTHONPATH": str(root)},
            stdout=log,
            stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return App(url, Home(folder), process)
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the app did not start; app.log has more")


@pytest.fixture
def app(tmp_path: Path, mnist_folder: Path) -> Iterator[App]:
    """A fresh app with MNIST and no runs."""
    (tmp_path / "data").symlink_to(mnist_folder)
    app = serve(tmp_path)
    yield app
    app.process.terminate()
    app.process.wait(30)


TIMEOUT = 60_000


@pytest.fixture
def page(chromium: "Browser") -> "Page":
    from playwright.sync_api import expect

    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(TIMEOUT)
    expect.set_options(timeout=TIMEOUT)
    return page


def settled(page: "Page") -> None:
    """Wait until the script behind the page has run through."""
    from playwright.sync_api import expect

    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def healthy(page: "Page") -> None:
    from playwright.sync_api import expect

    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
