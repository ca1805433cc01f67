"""The addresses of what the server sends besides Streamlit's own files."""

import re
from urllib.parse import urlsplit

import streamlit as st
from starlette.types import Scope

from mnistlab.classroom.local_network import reachable

SAFE_TARGET = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path of this server: `//host` and `/\\host` would be another server's."""
MAX_TARGET = 4000


def base_path() -> str:
    """What all addresses of the app start with, such as `/7b` behind a proxy; mostly empty."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def lab_path(name: str) -> str:
    """The path of one of our files or forms."""
    return f"{base_path()}/lab/{name}"


def enter_path(token: str) -> str:
    """The path that makes a browser the one of the token's person."""
    return lab_path(f"enter/{token}")


def app_path(target: str = "") -> str:
    """The path of a page of the app, the first one unless `target` is such a path itself."""
    if len(target) <= MAX_TARGET and SAFE_TARGET.fullmatch(target):
        return base_path() + target
    return f"{base_path()}/"


def public_url(path: str) -> str:
    """The whole address of a path, as the browser that looks at a page calls this server.

    On the machine itself that is `localhost`, which would lead others to their own: then it is
    this machine's address on the network.
    """
    parts = urlsplit(str(st.context.url or ""))
    return reachable(f"{parts.scheme or 'http'}://{parts.netloc or 'localhost'}{path}")


def join_address() -> str:
    """The address to join at, for the board: the app's own, which leads strangers to the form."""
    return public_url(base_path())


def asks_for_page(scope: Scope) -> bool:
    """Whether a request is for a page of Streamlit's, as a browser asks for one."""
    if (
        scope["type"] != "http"
        or scope["method"] != "GET"
        or scope["path"].startswith(lab_path(""))
    ):
        return False
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")
