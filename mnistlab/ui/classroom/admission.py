"""Whom the server of a class lets in: browsers with the cookie of a person of the class.

A page asked for without one leads to the joining page, everything else is refused. What anybody
may have is the program itself, which is public: Streamlit's files, the style, plotly.js.
"""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mnistlab.actor import VISITOR, Actor
from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.ui.classroom.addresses import base_path, lab_path
from mnistlab.ui.classroom.login import PATHS
from mnistlab.ui.classroom.session import cookie_name, token_actor

PUBLIC_FORMS = ("join", "leave", "enter/", "plotly-")
PUBLIC_FILES = (
    *PATHS,
    "/static/",
    "/_stcore/health",
    "/_stcore/host-config",
    "/favicon",
    "/manifest",
)
POLICY_VIOLATION = 1008
NOT_JOINED = "Join the class first: open its address again."


class Admission:
    """Sends those who have not joined to the joining page; nothing happens without a class."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        home = default_home()
        if (
            not home.is_class
            or scope["type"] not in ("http", "websocket")
            or is_public(scope["path"])
        ):
            await self._app(scope, receive, send)
            return
        try:
            # In a thread: a store that is locked must not stop the whole server.
            actor = await run_in_threadpool(connection_actor, home, HTTPConnection(scope))
            problem = NOT_JOINED if actor == VISITOR else ""
        except LabError as error:
            problem = str(error)
        if not problem:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Before the handshake is accepted, this is answered as 403.
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": problem})
        else:
            await _refusal(scope, problem)(scope, receive, send)


def connection_actor(home: Home, connection: HTTPConnection) -> Actor:
    """Who sends a request, by its cookie."""
    return token_actor(home, connection.cookies.get(cookie_name(home), ""))


def is_public(path: str) -> bool:
    """Whether strangers may ask for a path."""
    return path.startswith(tuple(map(lab_path, PUBLIC_FORMS))) or path.removeprefix(
        base_path()
    ).startswith(PUBLIC_FILES)


def _refusal(scope: Scope, problem: str) -> Response:
    is_page = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
    if scope["method"] != "GET" or not is_page or problem != NOT_JOINED:
        return PlainTextResponse(problem, 403)
    target = scope["path"].removeprefix(base_path())
    if query := scope["query_string"].decode("latin-1"):
        target += f"?{query}"
    # A plain address of the app needs no target, and stays short on a projector.
    to = f"?to={quote(target, safe='/')}" if target not in ("", "/") else ""
    return RedirectResponse(lab_path("join") + to, 303)
