"""A class behind nginx, with HTTPS, a path and two servers: `python benchmarks/proxy.py`.

The configuration is the guide's (docs/CLASSROOM.md), with free ports and a certificate made for the
trial. Students join in a real Chromium, one starts a run, the others see it on the board, the
server of one is killed. Each line is something that the guide or docs/SECURITY.md says, and whether
it held; a line that did not makes the exit status 1. Needs nginx, openssl and Chromium; MNIST is
taken from the cache of the tests, so run them once before.
"""

import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from proxy_setup import (
    HOST,
    PATH,
    ROOT,
    Trial,
    ask,
    free_port,
    kill,
    make_certificate,
    nginx,
    open_class,
    teacher_link,
)

if TYPE_CHECKING:
    import subprocess

    from playwright.sync_api import Browser, Page

sys.path.insert(0, str(ROOT))
RUN = "train?net=8-p-8-gap&recipe=epochs=1,images=2560"
FAIL_TIMEOUT = 11.0
"""Seconds: a little more than the guide's."""
MAX_STUDENTS = 12
"""Who is on which server is a matter of chance: all on one in 1 of 2,048 trials."""

UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def check_requests(trial: Trial) -> None:
    """What needs no browser: redirects, names, origins, sizes, without and with the proxy."""
    page = {"accept": "text/html"}
    answer = ask(trial.plain, PATH, {"host": HOST})
    trial.check("plain HTTP leads to HTTPS", answer.location == f"https://{HOST}{PATH}")
    answer = trial.ask(PATH)
    trial.check("the path without its slash leads on", answer.location.endswith(f"{PATH}/"))
    answer = trial.ask(f"{PATH}/train?net=8", page)
    to_join = answer.location.startswith(f"{PATH}/lab/join?to=/train")
    trial.check("strangers get the joining page", to_join, answer.location)
    answer = trial.ask(f"{PATH}/", {"host": "other.example.org"})
    trial.check("another name is refused", answer.status == 403, answer.text)
    # What nginx sends if the guide's line on Host is left out.
    answer = ask(trial.backends[0], f"{PATH}/", {"host": "mnistlab"})
    trial.check("without proxy_set_header Host all is refused", answer.status == 403, answer.text)
    alien = {"origin": "https://evil.example"}
    answer = trial.ask(f"{PATH}/lab/join", alien, "POST")
    trial.check("a form of another site is refused", answer.status == 403, answer.text)
    own = {"origin": f"https://{HOST}:{trial.https}"}
    without_port = ask(trial.backends[0], f"{PATH}/lab/join", own | {"host": HOST}, method="POST")
    trial.check("a Host without the page's port is refused", without_port.status == 403)
    for who, origin, status in (("another site's", alien, 403), ("a stranger's", own, 403)):
        answer = trial.ask(f"{PATH}/_stcore/stream", origin | UPGRADE)
        trial.check(f"{who} WebSocket is refused", answer.status == status, answer.status)
    huge = {"content-length": str(201 << 20)}
    answer = trial.ask(f"{PATH}/_stcore/upload_file/a/b", huge, "PUT", b"x")
    trial.check("nginx refuses a body of 201 MB", answer.status == 413, answer.status)


def check_own_headers(trial: Trial) -> None:
    """What a browser claims to have forwarded, nginx replaces by what it knows."""
    path = f"{PATH}/lab/join"
    ticket = re.search(r'name="ticket" value="([^"]+)"', trial.ask(path).text)
    assert ticket
    form = urlencode({"ticket": ticket[1]}).encode()
    answer = trial.ask(path, {"x-forwarded-proto": "http"}, "POST", form)
    trial.check(
        "a browser's own X-Forwarded-Proto is replaced: Secure", "secure" in answer.cookie.lower()
    )


def check_name_is_needed(trial: Trial) -> None:
    """A server that was not told its name refuses it."""
    from tests.browser.conftest import end, serve

    app = serve(trial.folder, base_path=PATH, class_name="7b")
    port = int(app.url.rsplit(":", 1)[1].split("/")[0])
    answer = ask(port, f"{PATH}/", {"host": HOST})
    trial.check("without --url the name is refused", answer.status == 403, answer.text)
    end(app)


def check_forwarded(trial: Trial) -> None:
    """Whose X-Forwarded headers are believed: of the cookie's Secure, and of nothing else."""
    from tests.browser.conftest import end, serve

    forwarded = {"x-forwarded-proto": "https", "x-forwarded-host": HOST}

    def cookie_from(port: int, source: str) -> str:
        """The cookie of somebody who joins through a proxy at an address."""
        path = f"{PATH}/lab/join"
        ticket = re.search(r'name="ticket" value="([^"]+)"', ask(port, path).text)
        assert ticket
        form = urlencode({"ticket": ticket[1]}).encode()
        return ask(port, path, forwarded, method="POST", body=form, source=source).cookie

    def port_of(url: str) -> int:
        return int(url.rsplit(":", 1)[1].split("/")[0])

    app = serve(trial.folder, base_path=PATH, class_name="7b")
    port = port_of(app.url)
    held = "secure" in cookie_from(port, "127.0.0.1").lower()
    trial.check("a proxy at 127.0.0.1 is believed: Secure", held)
    cookie = cookie_from(port, "127.0.0.2")
    held = bool(cookie) and "secure" not in cookie.lower()
    trial.check("a proxy at another address is not: no Secure", held)
    answer = ask(port, f"{PATH}/", forwarded | {"host": "other.example.org"})
    trial.check("X-Forwarded-Host makes no name allowed", answer.status == 403, answer.status)
    end(app)
    os.environ["FORWARDED_ALLOW_IPS"] = "127.0.0.2"
    app = serve(trial.folder, base_path=PATH, class_name="7b")
    del os.environ["FORWARDED_ALLOW_IPS"]
    held = "secure" in cookie_from(port_of(app.url), "127.0.0.2").lower()
    trial.check("with it in FORWARDED_ALLOW_IPS it is", held)
    cookie = cookie_from(port_of(app.url), "127.0.0.1")
    held = bool(cookie) and "secure" not in cookie.lower()
    trial.check("and then 127.0.0.1 is not", held)
    end(app)


def new_page(browser: "Browser") -> "Page":
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 720})
    return context.new_page()


def join(trial: Trial, browser: "Browser") -> tuple["Page", str]:
    from tests.browser.conftest import settled

    page = new_page(browser)
    page.goto(trial.url)
    name = page.locator(".name").inner_text()
    page.get_by_role("button", name="Join").click()
    settled(page)
    page.get_by_role("button", name=name).wait_for()
    return page, name


def server_of(trial: Trial, page: "Page") -> int:
    """The server that answers this browser, by nginx's log."""
    token = next(c["value"] for c in page.context.cookies() if c["name"].startswith("mnistlab-"))
    lines = (trial.folder / "access.log").read_text("utf-8").splitlines()
    addresses = "".join(line.split("|")[0] for line in lines if token in line)
    ports = {int(port) for port in re.findall(r":(\d{4,5})", addresses)}
    trial.check("all requests of one person go to one server", len(ports) == 1, sorted(ports))
    return ports.pop()


def picture_of_a_one() -> bytes:
    from PIL import Image, ImageDraw

    picture, content = Image.new("L", (300, 300), "white"), io.BytesIO()
    ImageDraw.Draw(picture).line([(150, 60), (145, 240)], "black", 22)
    picture.save(content, "PNG")
    return content.getvalue()


def check_pages(trial: Trial, browser: "Browser") -> dict[int, tuple["Page", str]]:
    """Two students on two servers: joining, cookies, a run, the board, an upload, a download."""
    from playwright.sync_api import expect

    from tests.browser.conftest import download, settled

    by_server: dict[int, tuple[Page, str]] = {}
    for _ in range(MAX_STUDENTS):
        page, name = join(trial, browser)
        by_server.setdefault(server_of(trial, page), (page, name))
        if len(by_server) == 2:
            break
    trial.check("students are on both servers", len(by_server) == 2, sorted(by_server))
    (one, name), *_, (two, _) = (by_server[port] for port in trial.backends)
    cookie = next(c for c in one.context.cookies() if c["name"].startswith("mnistlab-"))
    held = cookie["secure"] and cookie["httpOnly"] and cookie["path"] == f"{PATH}/"
    seen = {key: cookie[key] for key in ("secure", "httpOnly", "path", "sameSite")}
    trial.check("the cookie is Secure, of the path, and not for scripts", held, seen)
    teacher = new_page(browser)
    teacher.goto(teacher_link(trial))
    settled(teacher)
    teacher.goto(f"{trial.url}/class")
    two.goto(f"{trial.url}/class")
    one.goto(f"{trial.url}/{RUN}")
    settled(one)
    one.get_by_role("button", name="Start training").click()
    for who, board in (("teacher", teacher), ("student on the other server", two)):
        row = board.locator(".lab-board-table tr", has_text=name)
        expect(row).to_be_visible()
        trial.check(f"the {who} sees the run on the board", True, row.inner_text().split("\t")[2:])
    joining = teacher.locator(".lab-board-join b").inner_text()
    trial.check("the board has the proxy's address", joining == trial.url, joining)
    one.goto(f"{trial.url}/design")
    settled(one)
    one.goto(f"{trial.url}/runs")
    settled(one)
    content = download(one, "CSV").read_bytes()
    trial.check("a download comes through", b"8-p-8-gap" in content, f"{len(content)} bytes")
    one.goto(f"{trial.url}/draw")
    one.get_by_role("radio", name="Photo").click()
    content = picture_of_a_one()
    picture = {"name": "one.png", "mimeType": "image/png", "buffer": content}
    one.locator("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
    expect(one.locator(".lab-answer b")).to_have_text("1")
    trial.check("an upload comes through", True, f"{len(content)} bytes, read as 1")
    return by_server


def check_killed_server(
    trial: Trial,
    people: Mapping[int, tuple["Page", str]],
    servers: dict[int, "subprocess.Popen[bytes]"],
) -> None:
    """The first student's server dies; a reload goes to the other one, as the same person."""
    from tests.browser.conftest import settled

    page, name = people[trial.backends[0]]
    page.goto(f"{trial.url}/design?net=8-p-16-gap")
    settled(page)
    kill(servers[trial.backends[0]])
    began = time.perf_counter()
    page.reload()
    settled(page)
    page.get_by_role("button", name=name).wait_for()
    # The network's name is drawn after the person's.
    while not (kept := "8-p-16-gap" in page.content()) and time.perf_counter() - began < 30:
        page.wait_for_timeout(100)
    took = time.perf_counter() - began
    trial.check("its server killed: a reload works through the other", kept, f"{took:.1f} s")
    servers[trial.backends[0]] = open_class(trial, trial.backends[0])
    # After nginx's fail_timeout the person is led to the first server again.
    time.sleep(FAIL_TIMEOUT)
    page.goto(f"{trial.url}/runs")
    settled(page)
    page.get_by_role("button", name=name).wait_for()
    trial.check(
        "started again: the same person, whose run is there",
        page.get_by_text("8-p-8-gap").count() > 0,
    )


def main() -> int:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    program = shutil.which("nginx", path=path)
    if not program or not shutil.which("openssl"):
        print("Skipped: needs nginx and openssl (Debian: apt-get install nginx openssl).")
        return 0
    from playwright.sync_api import expect, sync_playwright

    from tests.browser.conftest import CHROMIUM, FLAGS, TIMEOUT

    expect.set_options(timeout=TIMEOUT)
    folder = Path(tempfile.mkdtemp(prefix="mnistlab-proxy-"))
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    trial = Trial(folder, free_port(), free_port(), (free_port(), free_port()))
    make_certificate(folder)
    servers = {port: open_class(trial, port) for port in trial.backends}
    try:
        with nginx(program, trial, 1):
            check_requests(trial)
            check_own_headers(trial)
        check_name_is_needed(trial)
        check_forwarded(trial)
        with nginx(program, trial, 2), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
            )
            people = check_pages(trial, browser)
            check_killed_server(trial, people, servers)
            browser.close()
    finally:
        for process in servers.values():
            kill(process)
    print(f"{len(trial.failed)} did not hold. Logs: {folder}" if trial.failed else "All held.")
    return len(trial.failed) > 0


if __name__ == "__main__":
    sys.exit(main())
