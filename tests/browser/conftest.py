"""A real app on a free port and a real Chromium in front of it.

Both are started once and serve every test of their process; a test gets a page and a home folder of
its own. What is about a server's start or end takes `cold_app`.
"""

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
from mnistlab.store.run import Request
from mnistlab.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[2]
TIMEOUT = 120_000
"""Milliseconds, for whatever is waited for; it only keeps a broken test from hanging."""
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
    executable = CHROMIUM
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        executable = None
    if executable is None:
        reason = (
            "no Chromium: install Debian's package chromium and requirements-dev.txt to run this"
        )
        if os.environ.get("MNISTLAB_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    # For every test, also for those with a context of their own.
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class App:
    """A running app: its address and its folder."""

    url: str
    home: Home
    process: "subprocess.Popen[bytes]"


def serve(
    folder: Path,
    script: str | Path = "app.py",
    root: Path = ROOT,
    options: Sequence[str] = (),
    base_path: str = "",
    class_name: str = "",
) -> App:
    """Start a script of the app that lies in `root`, with a home folder of its own.

    The settings are those of its `.streamlit/config.toml`, but for the `options`. All addresses
    start with `base_path`, as behind a proxy that serves other apps too. `class_name`: of a class.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "app.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "streamlit", "run", str(script),
                f"--server.port={port}", "--server.headless=true",
                f"--server.baseUrlPath={base_path}",
                *options,
            ],
            cwd=root,
            env=os.environ
            | Home(folder, class_name).environment()
            | {"MNISTLAB_THREADS": "1", "PYTHONPATH": str(root)},
            stdout=log,
            stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}{base_path}"
    deadline = time.monotonic() + TIMEOUT / 1000
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return App(url, Home(folder), process)
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the app did not start; app.log has more")


def end(app: App) -> None:
    """As a container's runtime ends it: a server waits for its connections, and a browser opens
    some that it never uses.
    """
    app.process.terminate()
    try:
        app.process.wait(10)
    except subprocess.TimeoutExpired:
        app.process.kill()
        app.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose home is a link, so that every test can put a folder of its own behind it."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "first").mkdir()
    (folder / "home").symlink_to("first")
    app = serve(folder / "home")
    yield app
    end(app)


@pytest.fixture
def home_folder(tmp_path: Path, mnist_folder: Path) -> Iterator[Path]:
    """A home with MNIST and no runs; at the end nothing trains on."""
    (tmp_path / "data").symlink_to(mnist_folder)
    yield tmp_path
    runs = Home(tmp_path).runs
    if runs.is_dir():
        store = Store(runs)
        for run in [*store.queue(), *store.running()]:
            store.request(run.id, Request.STOP)


@pytest.fixture
def app(server: App, home_folder: Path) -> App:
    """The app with MNIST and no runs; `default_home()` resolves the link in every run of a page."""
    link = server.home.root
    (new := link.with_name("next")).symlink_to(home_folder)
    new.replace(link)
    return App(server.url, Home(home_folder), server.process)


@pytest.fixture
def cold_app(home_folder: Path) -> Iterator[App]:
    """An app of the test's own, which has opened no page yet and may be killed."""
    app = serve(home_folder)
    yield app
    end(app)


@pytest.fixture(scope="session")
def browsing(chromium: "Browser") -> "BrowserContext":
    """One context for all tests: Streamlit's scripts, some megabytes, stay in its cache."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(TIMEOUT)
    return context


@pytest.fixture
def page(browsing: "BrowserContext") -> Iterator["Page"]:
    yield browsing.new_page()
    # A page that stays open, a test's second one too, goes on asking the server.
    for context in browsing.browser.contexts if browsing.browser else ():
        for each in context.pages:
            each.close()
        if context is not browsing:
            context.close()
    # Nothing that a test left in the browser reaches the next one.
    browsing.clear_cookies()


def download(page: "Page", button: str) -> Path:
    """The file of a download button."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).click()
    return Path(coming.value.path())


def settled(page: "Page") -> None:
    """Wait until the script behind the page has run through, and the page is shown."""
    from playwright.sync_api import expect

    expect(page.locator("html.lab-loading")).to_have_count(0)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def open_tab(page: "Page", name: str) -> None:
    """Open a tab once the page is drawn: a click while it is being drawn is lost."""
    from playwright.sync_api import expect

    settled(page)
    tab = page.get_by_role("tab", name=name)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


def draw_stroke(page: "Page", points: Sequence[tuple[float, float]], steps: int = 2) -> None:
    """Draw a stroke in the canvas' own pixels, at once; `steps` moves of the mouse a line."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for right, down in points[1:]:
        page.mouse.move(box["x"] + right, box["y"] + down, steps=steps)
    page.mouse.up()


def healthy(page: "Page") -> None:
    from playwright.sync_api import expect

    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
