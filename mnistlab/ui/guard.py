"""What the server accepts before Streamlit sees it: whose pages may talk to it, and how much.

A page of a stranger, open in the browser of somebody who runs mnistlab, can send requests to this
server. By a domain of its own that it points to 127.0.0.1 (DNS rebinding) it could even read the
answers. So requests must be for a host that only this server can have, and come from its own pages.

Streamlit's `server.allowedHosts` covers the WebSocket alone, and without it accepts any host; its
`server.corsAllowedOrigins` never excludes the other ports of this machine.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import numpy as np
import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from mnistlab.uploads import MEGABYTE, PICTURE, RUN_ARCHIVE

LOCAL = "localhost"
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_MESSAGE = 16 * MEGABYTE
"""Of a message on the WebSocket: a pasted picture of 1024×1024 pixels has at most 6 MB."""
MAX_DEPTH = 500
"""Brackets around brackets in a message; Python's JSON parser gives up at about 1,000."""
SESSION_UPLOADS = RUN_ARCHIVE + PICTURE
"""Bytes of all files that Streamlit keeps for a session; they go with their widget or the session.
"""
ALL_UPLOADS = 4 * RUN_ARCHIVE
"""Bytes of the files of all sessions."""
MAX_DIGITS = 15
"""Of a stated length."""
MAX_REASON = 120
"""Characters of the reason for closing a WebSocket; it may have 123 bytes."""
POLICY_VIOLATION, TOO_BIG = 1008, 1009
"""Codes of RFC 6455, section 7.4.1."""
UPLOADS = "/_stcore/upload_file/"

WRONG_HOST = (
    "mnistlab is not called {!r}. Open it at its IP address or as localhost, or start it with "
    "--server.allowedHosts and this name."
)
WRONG_ORIGIN = "A page of {!r} may not use mnistlab. Open mnistlab at its own address."
NO_LENGTH = "An upload must state its size."
TOO_MANY_FILES = "Too many uploaded files are open. Remove some, or reload the page."


class Guard:
    """Refuses what comes from other sites or is too much, with a sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # All on one thread, that of the server's event loop.
        self._arriving: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        problem = source_problem(headers, _list("allowedHosts"), _list("corsAllowedOrigins"))
        if scope["type"] == "websocket":
            if problem:
                # Before the handshake is accepted, this is answered as 403.
                reason = problem[:MAX_REASON]
                await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason})
            else:
                await self._app(scope, _checked(receive, send), send)
        elif problem:
            await PlainTextResponse(problem, 403)(scope, receive, send)
        elif session := uploading_session(scope):
            await self._take_upload(scope, headers, session, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _take_upload(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        session: str,
        receive: Receive,
        send: Send,
    ) -> None:
        """Pass an upload on, if there is room for it beside what is kept and what is arriving."""
        length = headers.get("content-length", "")
        if problem := upload_problem(length, session, _kept_uploads() + self._arriving):
            await PlainTextResponse(problem, 413)(scope, receive, send)
            return
        size = int(length)
        self._arriving[session] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._arriving[session] -= size
            self._arriving += Counter()  # without those that are 0


def source_problem(
    headers: Mapping[str, str], allowed_hosts: Iterable[str], allowed_origins: Iterable[str]
) -> str:
    """Why a request's Host or Origin is refused; empty if it is not."""
    host = headers.get("host", "")
    if not is_own_host(host, allowed_hosts):
        return WRONG_HOST.format(host[:80])
    origin = headers.get("origin")
    # Programs that are no browsers send none, and could send any.
    if origin is None or origin in allowed_origins or _is_same(origin, host):
        return ""
    return WRONG_ORIGIN.format(origin[:80])


def is_own_host(host: str, allowed: Iterable[str]) -> bool:
    """Whether a Host header names this server: an IP address, `localhost`, or an allowed name.

    An IP address is no name that somebody else could point to this machine. `*.example.org` allows
    all names below, `*` every name.
    """
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").rstrip(".")
        _ = parts.port  # raises for what is no port
    except ValueError:
        return False
    if not name or parts.path or parts.query or parts.fragment or "@" in host:
        return False
    if name == LOCAL or _is_address(name):
        return True
    patterns = [pattern.strip().lower().rstrip(".") for pattern in allowed]
    return any(
        pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in patterns
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_same(origin: str, host: str) -> bool:
    """Whether an Origin is this Host, with the port: other ports are other people's pages."""
    try:
        ours, theirs = urlsplit(f"//{host}"), urlsplit(origin)
        port = DEFAULT_PORTS.get(theirs.scheme)
        same_port = (ours.port or port) == (theirs.port or port)
    except ValueError:
        return False
    return port is not None and same_port and theirs.hostname == ours.hostname


def uploading_session(scope: Scope) -> str:
    """The session that a request brings a file for; empty if it is another request."""
    if scope["method"] not in ("PUT", "POST") or UPLOADS not in scope["path"]:
        return ""
    return str(scope["path"]).partition(UPLOADS)[2].partition("/")[0] or "?"


def upload_problem(length: str, session: str, held: Mapping[str, int]) -> str:
    """Why an upload is refused; empty if it is not.

    `length` is what its header states, `held` the bytes in memory by session.
    """
    if not (length.isascii() and length.isdecimal()) or len(length) > MAX_DIGITS:
        return NO_LENGTH
    size = int(length)
    if held.get(session, 0) + size > SESSION_UPLOADS or sum(held.values()) + size > ALL_UPLOADS:
        return TOO_MANY_FILES
    return ""


def _kept_uploads() -> Counter[str]:
    """The bytes of the uploaded files that Streamlit has in memory, by session."""
    if not runtime.exists():
        return Counter()
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    # Copied, because other threads change it.
    return Counter(
        {
            session: sum(len(file.data) for file in list(files.values()))
            for session, files in list(manager.file_storage.items())
        }
    )


def message_problem(content: bytes) -> str:
    """Why a message of a browser is refused; empty if it is not."""
    if len(content) > MAX_MESSAGE:
        return f"The message is larger than {MAX_MESSAGE // MEGABYTE} MB."
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _depth(content) > MAX_DEPTH:
        return "The message is nested too deeply."
    return ""


def _depth(content: bytes) -> int:
    """The largest number of brackets that are open at once, whatever is around them."""
    values = np.frombuffer(content, np.uint8)
    values = values[np.isin(values, np.frombuffer(b"[]{}", np.uint8))]
    steps = np.where(np.isin(values, np.frombuffer(b"[{", np.uint8)), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _checked(receive: Receive, send: Send) -> Receive:
    """The same messages; one that is refused ends the connection."""

    async def checked() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        content = message.get("bytes") or (message.get("text") or "").encode()
        if problem := message_problem(content):
            await send({"type": "websocket.close", "code": TOO_BIG, "reason": problem})
            return {"type": "websocket.disconnect", "code": TOO_BIG, "reason": problem}
        return message

    return checked


def _list(option: str) -> list[str]:
    return [str(each) for each in st.get_option(f"server.{option}")]
