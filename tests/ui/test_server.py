"""What the server adds to Streamlit's pages, and plotly.js."""

import asyncio
import gzip
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.types import Message

from mnistlab.ui import restart, server

BROWSER = "text/html,*/*;q=0.8"
PAGE = "<html><head></head><body>" + "text " * 1000 + "</body></html>"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    path: str,
    accept: str = "*/*",
    method: str = "GET",
    middleware: Sequence[Middleware] | None = None,
) -> Answer:
    """Ask an app with a page, with some data and with our files, which compresses its answers.

    `middleware`: that of a server that has been started before.
    """
    app = Starlette(
        routes=[
            Route("/", lambda request: HTMLResponse(PAGE, headers={"etag": "old"})),
            Route("/data", lambda request: JSONResponse({"a": "</body>"})),
            *server.routes(),
        ],
        # Streamlit's own middleware is inside of ours.
        middleware=[*(middleware or server.middleware()), Middleware(GZipMiddleware)],
    )
    messages: list[Message] = []

    async def receive() -> Message:
        # The browser stays connected; no request here has a body that anybody reads.
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [
            (b"host", b"127.0.0.1:8501"),
            (b"accept", accept.encode()),
            (b"accept-encoding", b"gzip"),
        ],
    }
    # Playwright keeps an event loop in the main thread of the process, if its tests came before.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(messages[0]["status"], headers, body)


def test_a_page_ends_with_the_style_and_the_script() -> None:
    answer = ask("/", BROWSER)
    assert answer.body.decode() == PAGE.replace("</body>", f"{server.additions()}</body>")
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "etag" not in answer.headers


def test_other_answers_are_passed_on() -> None:
    assert ask("/data", BROWSER).body == b'{"a":"</body>"}'
    assert gzip.decompress(ask("/").body).decode() == PAGE
    assert ask("/", BROWSER, "HEAD").status == 200


def test_a_page_whose_code_is_newer_than_the_server_asks_for_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watcher = "none"
    monkeypatch.setattr(st, "get_option", lambda name: watcher if "Watcher" in name else "")
    first = frozenset({("mnistlab/text.py", 1)})
    for module in (server, restart):
        monkeypatch.setattr(module, "code_state", lambda: first)
    started = server.middleware()
    assert ask("/", BROWSER, middleware=started).status == 200
    monkeypatch.setattr(restart, "code_state", lambda: frozenset({("mnistlab/text.py", 2)}))
    answer = ask("/", BROWSER, middleware=started)
    assert (answer.status, answer.body.decode()) == (503, restart.UPDATED)
    assert ask("/data", middleware=started).status == 200, "what an open page needs"
    watcher = "auto"
    assert ask("/", BROWSER, middleware=started).status == 200, "modules are read anew, too"


def test_the_code_of_every_preloaded_element_exists_in_this_streamlit() -> None:
    files = [name.partition(".")[0] for name in server.element_files()]
    assert sorted(files) == sorted(server.ELEMENTS)


def test_plotly_is_sent_compressed_and_kept_for_good() -> None:
    answer = ask(server.plotly_address())
    assert gzip.decompress(answer.body) == server.PLOTLY.read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]


def test_a_published_file_is_kept_for_good_at_the_address_of_its_content() -> None:
    file = server.content_file(b"let a;", ".js", "text/javascript")
    address = server.publish(file)
    answer = ask(address)
    assert answer.body == b"let a;" and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    other = server.publish(server.content_file(b"let b;", ".js", "text/javascript"))
    assert other != address == server.publish(file)
    # The newest ones stay.
    for number in range(server.MAX_PUBLISHED):
        server.publish(server.content_file(str(number).encode(), ".js", "text/javascript"))
    assert ask(address).status == 404


def test_addresses_start_with_the_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: "/some/lab/")
    assert server.plotly_address().startswith("/some/lab/lab/plotly-")


def test_a_file_is_downloaded_at_its_own_address_as_it_was_made() -> None:
    page = b"<html><body></body></html>"
    answer = ask(server.offer(page, "Bericht ü.html"), BROWSER)
    assert answer.status == 200 and answer.body == page, "a report is not a page of the app"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''Bericht%20%C3%BC.html")
    assert answer.headers["cache-control"] == "no-store"


def test_a_file_is_removed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    old = server.offer(b"old", "old.txt")
    monkeypatch.setattr(server, "OFFER_SECONDS", -1.0)
    new = server.offer(b"new", "new.txt")
    assert old != new and ask(old).status == 404
    assert ask(new).status == 200
    assert ask(new + "x").status == 404


def test_files_that_nobody_fetches_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_offers", {})
    monkeypatch.setattr(server, "OFFER_BYTES", 25)
    addresses = [server.offer(bytes(10), f"{number}.txt") for number in range(4)]
    assert [ask(address).status for address in addresses] == [404, 404, 200, 200]
    # The newest one is kept, whatever its size.
    large = server.offer(bytes(100), "large.txt")
    assert [ask(address).status for address in (addresses[-1], large)] == [404, 200]
