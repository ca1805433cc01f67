"""What the server sends besides Streamlit's own files: the style, plotly.js, files that
browsers keep, and downloads.

An element that brings the style, as Streamlit offers it, reaches the browser after the first
elements are drawn, which then move. Here the style is part of the page from the start, and so is
the order to fetch the code of the elements that nearly every page has.
"""

import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnistlab.charts import base
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.markup import Markup, fill, join
from mnistlab.ui.classroom import joining
from mnistlab.ui.classroom.addresses import asks_for_page, lab_path
from mnistlab.ui.classroom.admission import Admission
from mnistlab.ui.guard import Guard
from mnistlab.ui.restart import Restart
from mnistlab.worker.idle import code_state

STYLE = Path(__file__).parent / "common" / "style.css"
SCRIPTS = [STYLE.with_name(name) for name in ("first_load.js", "page_links.js")]
PLOTLY = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
ELEMENTS = (
    "BidiComponent",
    "Button",
    "ButtonGroup",
    "Checkbox",
    "Html",
    "NumberInput",
    "PageLink",
    "Selectbox",
    "TextInput",
)
"""Elements whose code Streamlit would only fetch when the first of them is to be drawn."""


FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


def plotly_address() -> str:
    return lab_path(f"plotly-{version('plotly')}.min.js")


def _plotly(request: Request) -> FileResponse:
    # The version is part of the address, so a browser may keep it for good.
    return FileResponse(PLOTLY, headers=FOR_GOOD)


OFFER_SECONDS = 600.0
"""How long a file can be downloaded after it was made."""
OFFER_BYTES = 300_000_000
"""Bytes of all files together; beyond it the oldest can be downloaded no more."""
EXPIRED = "This file is no longer here. Press the download button again."


@dataclass(frozen=True)
class Offer:
    """A file that one browser may download, and the time when it was made."""

    content: bytes
    file_name: str
    time: float


_offers: dict[str, Offer] = {}
_offers_lock = threading.Lock()


def offer(content: bytes, file_name: str) -> str:
    """Keep a file for OFFER_SECONDS, or until newer ones need its place; its address.

    The address cannot be guessed. It is valid whatever the page's script does meanwhile.
    """
    token, now = secrets.token_urlsafe(16), time.monotonic()
    with _offers_lock:
        for old in [each for each, file in _offers.items() if now - file.time > OFFER_SECONDS]:
            del _offers[old]
        _offers[token] = Offer(content, file_name, now)
        n_bytes = sum(len(file.content) for file in _offers.values())
        for old in [*_offers][:-1]:
            if n_bytes <= OFFER_BYTES:
                break
            n_bytes -= len(_offers.pop(old).content)
    return lab_path(f"download/{token}")


def _download(request: Request) -> Response:
    with _offers_lock:
        file = _offers.get(request.path_params["token"])
    if file is None:
        return PlainTextResponse(EXPIRED, status_code=404)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.file_name)}",
        "Cache-Control": "no-store",
    }
    # Never HTML, even for a report: a browser must save it, and `Additions` must not change it.
    return Response(file.content, headers=headers, media_type="application/octet-stream")


@dataclass(frozen=True)
class ContentFile:
    """A file whose name is its content's digest."""

    name: str
    content: bytes
    media_type: str


MAX_PUBLISHED = 32
_published: dict[str, ContentFile] = {}
_published_lock = threading.Lock()


def content_file(content: bytes, suffix: str, media_type: str) -> ContentFile:
    return ContentFile(sha256(content).hexdigest()[:32] + suffix, content, media_type)


def publish(file: ContentFile) -> str:
    """Serve a file until MAX_PUBLISHED others were published after it; its address."""
    with _published_lock:
        # The newest is the last one, also if it was there before.
        _published.pop(file.name, None)
        _published[file.name] = file
        for old in [*_published][:-MAX_PUBLISHED]:
            del _published[old]
    return lab_path(f"content/{file.name}")


def _content(request: Request) -> Response:
    file = _published.get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("Reload the page.", status_code=404)
    # Another content has another address.
    return Response(file.content, headers=FOR_GOOD, media_type=file.media_type)


def routes() -> Sequence[Route]:
    return [
        Route(plotly_address(), _plotly),
        Route(lab_path("content/{name}"), _content),
        Route(lab_path("download/{token}"), _download),
        *joining.routes(),
    ]


@cache
def additions() -> Markup:
    """What is added at the end of every page, where it is stronger than Streamlit's own style."""
    style = fill(
        "<style>:root{{--lab-train:{};--lab-validation:{};--lab-within:{};--lab-over:{};"
        "--lab-text-within:light-dark({},{});--lab-text-over:light-dark({},{})}}{}</style>",
        base.TRAIN_COLOR,
        base.VALIDATION_COLOR,
        base.WITHIN_BUDGET_COLOR,
        base.OVER_BUDGET_COLOR,
        *base.WITHIN_BUDGET_TEXT,
        *base.OVER_BUDGET_TEXT,
        Markup(STYLE.read_text("utf-8")),  # noqa: S704 (a file of this package)
    )
    return join(
        [
            *(
                fill('<link rel="modulepreload" crossorigin href="./static/js/{}">', name)
                for name in element_files()
            ),
            style,
            *(
                fill("<script>{}</script>", Markup(path.read_text("utf-8")))  # noqa: S704
                for path in SCRIPTS
            ),
        ]
    )


def element_files() -> list[str]:
    """The files of ELEMENTS; their names have a hash that differs between versions."""
    scripts = Path(str(files("streamlit"))) / "static" / "static" / "js"
    pattern = re.compile(rf"({'|'.join(ELEMENTS)})\.[\w-]+\.js")
    return sorted(path.name for path in scripts.glob("*.js") if pattern.fullmatch(path.name))


class Additions:
    """Adds `additions()` to each page that Streamlit sends; the forms of a class need none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not asks_for_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def send_page(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    page = body.replace(b"</body>", additions().encode() + b"</body>")
                    await send(_with_length(start, len(page)))
                    await send({"type": "http.response.body", "body": page})

        # Streamlit's compression comes before this, and a compressed page cannot be added to.
        headers = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, send_page)


def _is_page(start: Message) -> bool:
    content_type = dict(start["headers"]).get(b"content-type", b"")
    return start["status"] == 200 and bool(content_type.startswith(b"text/html"))


def _with_length(start: Message, length: int) -> Message:
    """Without what only holds for the file: its size, and the mark and time of its last change."""
    dropped = (b"content-length", b"etag", b"last-modified", b"accept-ranges")
    kept = [header for header in start["headers"] if header[0] not in dropped]
    return {**start, "headers": [*kept, (b"content-length", str(length).encode())]}


def check_home() -> None:
    """End the start of the server with a sentence if there is no folder for data and runs."""
    try:
        default_home()
    except LabError as error:
        raise SystemExit(f"mnistlab: {error}") from None


def import_ahead() -> None:
    """Import in the background what Streamlit needs for the first canvas.

    It takes the first visitor's browser as long to load the page's scripts.
    """
    # Streamlit looks at a component's data with pandas, which imports PyArrow.
    threading.Thread(target=import_module, args=["pandas"], daemon=True).start()


def middleware() -> Sequence[Middleware]:
    return [
        Middleware(Guard),
        Middleware(Admission),
        Middleware(Restart, code_state()),
        Middleware(Additions),
    ]
