"""Whose requests the server takes, and how much of them."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from mnistlab.ui import guard, server
from mnistlab.ui.guard import (
    Guard,
    is_own_host,
    message_problem,
    source_problem,
    upload_problem,
    uploading_session,
)


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1:8501", True),
        ("localhost:8501", True),
        ("LocalHost.", True),
        ("[::1]:8501", True),
        ("192.168.1.5", True),
        ("lab.school.org:443", True),
        ("a.lab.example.org", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8501", False),
        ("lab.school.org.evil.example", False),
        ("example.org", False),
        ("localhost:port", False),
        ("localhost:99999", False),
        ("evil.example@localhost", False),
        ("localhost/evil", False),
        ("localhost#evil", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_only_names_that_nobody_else_can_have_are_own(host: str, is_own: bool) -> None:
    assert is_own_host(host, ["Lab.School.org", "*.example.org."]) is is_own
    assert is_own_host("evil.example", ["*"])


@pytest.mark.parametrize(
    ("host", "origin", "is_refused"),
    [
        ("localhost:8501", None, False),
        ("localhost:8501", "http://localhost:8501", False),
        ("localhost:8501", "http://localhost:3000", True),
        ("localhost:8501", "http://127.0.0.1:8501", True),
        ("localhost:8501", "http://evil.example", True),
        ("localhost:8501", "null", True),
        ("localhost:8501", "", True),
        ("localhost:8501", "file://localhost:8501", True),
        ("localhost:8501", "http://localhost:port", True),
        ("evil.example:8501", "http://evil.example:8501", True),
        ("10.0.0.7", "http://10.0.0.7:80", False),
        ("10.0.0.7", "https://10.0.0.7", False),
        ("10.0.0.7:443", "https://10.0.0.7", False),
        ("localhost:8501", "https://portal.school.org", False),
    ],
)
def test_only_own_pages_may_talk_to_the_server(
    host: str, origin: str | None, is_refused: bool
) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    assert bool(source_problem(headers, [], ["https://portal.school.org"])) is is_refused


def ask(kind: str, headers: dict[str, str], *received: Message, **scope: Any) -> list[Message]:
    """What a server behind the guard sends: it echoes what it gets."""
    sent: list[Message] = []
    waiting = list(received)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(await receive())

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    whole = {"type": kind, "headers": raw, "method": "GET", "path": "/", **scope}
    # Playwright keeps an event loop in the main thread of the process, if its tests came before.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Guard(app)(whole, receive, send)).result()
    return sent


REBOUND = {"host": "evil.example:8501", "origin": "http://evil.example:8501"}
OWN = {"host": "localhost:8501", "origin": "http://localhost:8501"}


def test_a_rebound_name_gets_a_sentence_on_http_and_no_websocket() -> None:
    start, body = ask("http", REBOUND)
    assert start["status"] == 403 and b"allowedHosts" in body["body"]
    (closed,) = ask("websocket", REBOUND, {"type": "websocket.connect"})
    assert closed["type"] == "websocket.close" and closed["code"] == guard.POLICY_VIOLATION


@pytest.mark.parametrize(
    ("content", "is_refused"),
    [
        (json.dumps([[[1.5, 2.5]] * 3000]).encode(), False),
        (b"[" * 400, False),
        (b"[]{}" * 9999, False),
        (b"[" * 600, True),
        (b'{"a":' * 99_999, True),
        (bytes(guard.MAX_MESSAGE), False),
        (bytes(guard.MAX_MESSAGE + 1), True),
    ],
)
def test_a_message_that_is_too_deep_or_too_large_ends_the_connection(
    content: bytes, is_refused: bool
) -> None:
    assert bool(message_problem(content)) is is_refused
    sent = ask("websocket", OWN, {"type": "websocket.receive", "bytes": content})
    assert [each["type"] for each in sent] == (
        ["websocket.close", "websocket.disconnect"] if is_refused else ["websocket.receive"]
    )


@pytest.mark.parametrize(
    ("length", "kept", "is_refused"),
    [
        ("9000000", {}, False),
        ("9000000", {"me": guard.SESSION_UPLOADS - 9_000_000}, False),
        ("9000001", {"me": guard.SESSION_UPLOADS - 9_000_000}, True),
        ("9000000", {"other": guard.SESSION_UPLOADS}, False),
        ("9000000", {f"{n}": guard.SESSION_UPLOADS for n in range(4)}, True),
        ("-1", {}, True),
        ("", {}, True),
        ("9" * 5000, {}, True),
    ],
)
def test_what_a_session_uploads_is_bounded(
    length: str, kept: dict[str, int], is_refused: bool
) -> None:
    assert bool(upload_problem(length, "me", kept)) is is_refused


def test_uploads_are_recognized_with_their_session() -> None:
    scope = {"method": "PUT", "path": f"/base{guard.UPLOADS}me/1"}
    assert uploading_session(scope) == "me"
    assert not uploading_session({**scope, "method": "DELETE"})
    assert not uploading_session({**scope, "path": "/"})


def test_files_that_arrive_at_once_count_together() -> None:
    statuses: list[int] = []
    size = guard.SESSION_UPLOADS // 3

    async def upload(guarded: Guard, session: str, go_on: asyncio.Event) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = OWN | {"content-length": str(size)}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        path = f"{guard.UPLOADS}{session}/1"
        scope = {"type": "http", "method": "PUT", "path": path, "headers": raw}
        await guarded(scope, receive, send)

    async def all_at_once() -> None:
        go_on = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await go_on.wait()
            await send({"type": "http.response.start", "status": 204, "headers": []})

        guarded = Guard(app)
        tasks = [asyncio.create_task(upload(guarded, "me", go_on)) for _ in range(5)]
        tasks.append(asyncio.create_task(upload(guarded, "other", go_on)))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*tasks)
        await upload(guarded, "me", go_on)  # what has ended no longer counts here

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, all_at_once()).result()
    assert sorted(statuses) == [204] * 5 + [413] * 2


def test_the_guard_comes_first() -> None:
    assert "Guard" in repr(server.middleware()[0])
