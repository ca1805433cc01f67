"""A server whose code has been updated since it started."""

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mnistlab.ui.classroom.addresses import asks_for_page
from mnistlab.worker.idle import CodeState, code_state

UPDATED = (
    "mnistlab was updated while it ran. End it with Ctrl+C, start it again and reload this page."
)


class Restart:
    """Answers with a sentence instead of a page once the code is newer than this server.

    Streamlit reads a page's file anew for a new browser, but the modules that it imports only when
    the server starts, and the two may no longer fit.
    """

    def __init__(self, app: ASGIApp, code: CodeState) -> None:
        self._app, self._code = app, code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # With the file watcher (`make dev`) Streamlit reads modules anew, too.
        is_watched = st.get_option("server.fileWatcherType") != "none"
        if asks_for_page(scope) and not is_watched and code_state() != self._code:
            await PlainTextResponse(UPDATED, 503)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
